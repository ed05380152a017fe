import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scriptOf } from "./case.ts";
import { play } from "./connection.ts";
import { type Known, nothingKnown, type WireDoor } from "./script.ts";
import type { Suspect } from "./suspect.ts";

/** Something that must never be, and how to see it again. */
export type Finding = { readonly door: string; readonly number: number; readonly what: string; readonly file?: string };

export type SiegeOptions = {
  readonly seed: string;
  readonly doors: readonly WireDoor[];
  /** How many packets, bodies and frames, all doors together. */
  readonly count: number;
  /** Connections at once. */
  readonly connections?: number;
  /** Called now and then with what was sent so far. */
  readonly progress?: (sent: number) => void;
  /** The number of the first case of each door. */
  readonly from?: number;
};

/** What a siege came to: `cases` are connections, `sent` the packets, bodies and frames on them, `next` the number of the first case that was not played. */
export type Siege = {
  readonly cases: number;
  readonly sent: number;
  readonly answers: number;
  readonly next: number;
  readonly findings: Finding[];
};

const CONNECTIONS = 64;
/** How often it is said how far it is, ms. */
const PROGRESS_MS = 30_000;
/** After so many there is enough to look at. */
const MAX_FINDINGS = 10;

/** Sends seeded nonsense to every door, on many connections at once, and judges the answers. */
export async function lay(
  suspect: Suspect,
  { seed, doors, count, connections = CONNECTIONS, from = 0, progress }: SiegeOptions,
): Promise<Siege> {
  const known = new Map<string, Known>();
  const findings: Finding[] = [];
  const recent: string[] = [];
  let turn = 0;
  let sent = 0;
  let answers = 0;
  const next = () => from + Math.floor(turn / doors.length);
  const work = async () => {
    while (sent < count && findings.length < MAX_FINDINGS && suspect.alive) {
      const number = next();
      const door = doors[turn++ % doors.length] as WireDoor;
      const script = scriptOf(seed, door, number);
      const mine = known.get(script.secret) ?? nothingKnown();
      known.set(script.secret, mine);
      sent += script.steps.length;
      recent.push(`${door} ${number}`);
      if (recent.length > 2 * connections) recent.shift();
      const port = door === "tcp" ? suspect.tcpPort : suspect.port;
      const played = await play(port ?? suspect.port, script, mine);
      answers += played.answers;
      if (!suspect.alive) return;
      if (played.fault !== undefined) findings.push({ door, number, what: played.fault, file: keep(seed, door, number, played.sent) });
    }
  };
  const clock = setInterval(() => progress?.(sent), PROGRESS_MS);
  try {
    await Promise.all(Array.from({ length: connections }, work));
  } finally {
    clearInterval(clock);
  }
  if (!suspect.alive) findings.push({ door: "all", number: -1, what: `the server ended; the last cases: ${recent.join(", ")}` });
  return { cases: turn, sent, answers, next: next() + 1, findings };
}

let folder: string | undefined;

/** Writes the octets as they were sent, each write on a line of its own, in hex. */
function keep(seed: string, door: string, number: number, sent: readonly Uint8Array[]): string {
  folder ??= mkdtempSync(join(tmpdir(), "palabre-fuzz-findings-"));
  const file = join(folder, `${seed}-${door}-${number}.hex`);
  writeFileSync(file, sent.map((octets) => `${Buffer.from(octets).toString("hex")}\n`).join(""));
  return file;
}
