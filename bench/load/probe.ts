// Loaded into a server before its own code (`node --expose-gc --import …/probe.js`): answers what its parent asks over the channel between them.

import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { writeHeapSnapshot } from "node:v8";

export type Question =
  | { kind: "memory" }
  | { kind: "cpu" }
  | { kind: "snapshot"; path: string }
  | { kind: "profile"; path: string | undefined };
export type Asked = { readonly id: number; readonly question: Question };
/** `cpuMs`: user and system time of the process so far. */
export type Answer = { readonly id: number; readonly memory: NodeJS.MemoryUsage; readonly cpuMs: number };

const session = new Session();

process.on("message", (message: Asked) => {
  answer(message).then((reply) => process.send?.(reply));
});
// Nobody is left to stop it.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// The server has to be able to end as if nobody asked.
process.channel?.unref();

async function answer({ id, question }: Asked): Promise<Answer> {
  if (question.kind === "memory") await collect();
  else if (question.kind === "snapshot") {
    await collect();
    writeHeapSnapshot(question.path);
  } else if (question.kind === "profile") await profile(question.path);
  const { user, system } = process.cpuUsage();
  return { id, memory: process.memoryUsage(), cpuMs: (user + system) / 1000 };
}

/** Twice, with a turn between: what finalizers let go of in the first is collected in the second. */
async function collect(): Promise<void> {
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
}

/** Starts a processor profile; with a path ends it, and writes it there. */
async function profile(path: string | undefined): Promise<void> {
  if (path === undefined) {
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.start");
    return;
  }
  const { profile } = await session.post("Profiler.stop");
  writeFileSync(path, JSON.stringify(profile));
  session.disconnect();
}
