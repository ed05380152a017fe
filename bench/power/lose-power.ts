import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../chaos/random.ts";
import { restore, TracedDisk } from "./disk-image.ts";
import { acknowledgements, tooEarly } from "./order.ts";
import { type Durability, tracedRun } from "./traced-run.ts";
import { judge } from "./verdict.ts";

export type PowerOptions = {
  /** An empty folder; whoever made it removes it. */
  readonly folder: string;
  readonly durability: Durability;
  readonly instants: number;
  /** How many each of six people says in each life of the server. */
  readonly messages: number;
  /** How often the server is started; each life but the last ends by `kill -9`. */
  readonly lives: number;
  readonly seed: string;
};

export type PowerReport = {
  readonly acknowledged: number;
  readonly checked: number;
  readonly writes: number;
  readonly flushes: number;
  readonly tried: number;
  /** At how many instants something acknowledged was gone; how much of it at the most. */
  readonly lostInstants: number;
  readonly mostLost: number;
  readonly faults: readonly string[];
};

/** Traces a server under load, and opens what a loss of power at random instants may leave of its data directory. */
export async function losePower({ folder, durability, instants, messages, lives, seed }: PowerOptions): Promise<PowerReport> {
  const random = new Random(`${seed}/${durability}`);
  const dataDir = join(folder, "data");
  mkdirSync(dataDir);
  const { calls, lines } = await tracedRun({ dataDir, durability, random, lives, messages });
  const acknowledged = acknowledgements(calls);
  const { checked, faults: early } = tooEarly(calls, durability);
  const faults = [...early];
  const disk = new TracedDisk(calls);
  // Not uniform over the lines: most instants lie around what concerns the disk or a client.
  const edges = calls.flatMap(({ from, to }) => (Number.isFinite(to) ? [from, to] : [from]));
  let lostInstants = 0;
  let mostLost = 0;
  for (let tried = 0; tried < instants; tried++) {
    const chance = random.fork(`instant ${tried}`);
    const instant = chance.chance(0.8) ? chance.pick(edges) - (chance.chance(0.5) ? 0.5 : 0) : chance.between(1, lines);
    const directory = join(folder, `instant-${tried}`);
    restore(
      directory,
      disk.lose(instant, () => chance.next()),
    );
    const until = acknowledged.filter(({ from }) => from <= instant);
    const verdict = await judge(directory, durability, until);
    if (verdict.lost > 0) lostInstants++;
    mostLost = Math.max(mostLost, verdict.lost);
    for (const fault of verdict.faults) faults.push(`instant ${tried}, after line ${instant} of ${lines}: ${fault}`);
    rmSync(directory, { recursive: true });
  }
  const writes = calls.filter(({ kind }) => kind === "written").length;
  const flushes = calls.filter((call) => call.kind === "flushed" || (call.kind === "written" && call.flushed)).length;
  return { acknowledged: acknowledged.length, checked, writes, flushes, tried: instants, lostInstants, mostLost, faults };
}
