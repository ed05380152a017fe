import { setTimeout as sleep } from "node:timers/promises";
import { isLocked, readDescription } from "../engine/data-directory.ts";
import type { Settings } from "../settings.ts";

const LOOK_EVERY_MS = 50;
/** What a stop may take beside the drain time, ms. */
const SLACK_MS = 10_000;

/** Stops the server of this data directory in good order, and waits until it is gone. Gives the exit status. */
export async function stopCommand({ DATA_DIR, DRAIN_MS, REDIS_URL }: Settings): Promise<number> {
  if (REDIS_URL !== undefined)
    return say(1, "A node that keeps its logs in Redis has no data directory to be found by. Send its process SIGTERM.");
  if (DATA_DIR === ":memory:")
    return say(1, "A Palabre that keeps nothing can't be found by its data directory. Send its process SIGTERM.");
  if (!(await isLocked(DATA_DIR))) return say(0, `No Palabre is running on the data directory ${DATA_DIR}.`);
  const description = await readDescription(DATA_DIR);
  if (description === undefined) return say(1, `The Palabre on the data directory ${DATA_DIR} is still starting. Try again in a moment.`);
  const { pid, url } = description;
  try {
    process.kill(pid, "SIGTERM");
  } catch (cause) {
    return say(1, `Process ${pid} can't be told to stop (${(cause as NodeJS.ErrnoException).code}). Ask whoever started it.`);
  }
  const endMs = performance.now() + DRAIN_MS + SLACK_MS;
  while (await isLocked(DATA_DIR)) {
    if (performance.now() > endMs) return say(1, `Process ${pid} was told to stop and is still there. Its log says why.`);
    await sleep(LOOK_EVERY_MS);
  }
  return say(0, `Palabre at ${url} (process ${pid}) has stopped.`);
}

function say(status: number, sentence: string): number {
  (status === 0 ? process.stdout : process.stderr).write(`${sentence}\n`);
  return status;
}
