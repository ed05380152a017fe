import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionId } from "../../server/engine/engine.ts";
import { WebSocketMember } from "../../server/testing/websocket-member.ts";
import { encodeChat } from "../../shared/packet.ts";
import type { Random } from "../chaos/random.ts";
import { startPalabre } from "../process.ts";
import { type Call, TRACED, TraceReader } from "./trace.ts";

export type Durability = "disk" | "process";

/** Enough for logs to be trimmed over and over, so that LMDB writes into pages that it used before. */
export const HISTORY_PACKETS = 60;
const ROOMS = ["lobby", "den"] as const;
const NICKS = ["ann", "bob", "cid", "dee", "eve", "fay"] as const;

/** Somebody who speaks: their number n is always the text of `textOf(nick, n)`. */
export type Speaker = { readonly nick: string; readonly room: string; readonly secret: string; readonly session: SessionId };

export const SPEAKERS: readonly Speaker[] = NICKS.map((nick, index) => {
  const secret = nick.padEnd(24, "0");
  const session = createHash("sha256").update(secret).digest("base64url") as SessionId;
  return { nick, room: ROOMS[index % ROOMS.length] as string, secret, session };
});

/** Some are short, some take pages of their own in LMDB. */
export function textOf(nick: string, number: number): string {
  return `${nick} ${number} ${"-".repeat((number * 37 + nick.charCodeAt(0)) % 7 === 0 ? 900 : number % 60)}.`;
}

/** Why this machine cannot trace; undefined where it can. */
export function whyNoTrace(): string | undefined {
  const { status, error } = spawnSync("strace", ["-f", "--seccomp-bpf", "-e", "trace=close", "-o", "/dev/null", "true"]);
  if (error !== undefined) return "there is no strace (Debian: apt-get install strace)";
  return status === 0 ? undefined : "strace may not trace here, or is older than 5.3";
}

export type TracedRun = { readonly calls: readonly Call[]; readonly lines: number; readonly sentNumbers: ReadonlyMap<string, number> };

/**
 * Runs the built server on `dataDir` under strace, one life after the other; each but the last ends by `kill -9` while people speak. In each
 * life everybody says `messages`, some of them at once.
 */
export async function tracedRun(options: {
  dataDir: string;
  durability: Durability;
  random: Random;
  lives: number;
  messages: number;
}): Promise<TracedRun> {
  const { dataDir, durability, random, lives, messages } = options;
  const reader = new TraceReader(dataDir);
  const sentNumbers = new Map<string, number>();
  for (let life = 0; life < lives; life++) {
    const file = `${dataDir}.trace`;
    const under = ["strace", "-f", "-yy", "--seccomp-bpf", "-e", `trace=${TRACED}`, "-e", "signal=none", "-xx", "-s", "70000", "-o", file];
    const settings = { DATA_DIR: dataDir, DURABILITY: durability, RATE_BURST: "0", HISTORY_PACKETS: String(HISTORY_PACKETS) };
    const served = await startPalabre(settings, { under });
    const { pid } = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { pid: number };
    const gone = once(served.child, "exit");
    try {
      const members = await Promise.all(SPEAKERS.map((speaker) => joins(served.port, speaker)));
      const speaking = members.map((member, index) => speaks(member, messages, random.fork(`life ${life}, speaker ${index}`), sentNumbers));
      // A life that is cut short ends when one of them is through, in the midst of what the others say.
      await (life < lives - 1 ? Promise.any(speaking) : Promise.all(speaking));
      process.kill(pid, "SIGKILL");
      await gone;
      await Promise.allSettled(speaking);
      for (const member of members) member.drops();
    } finally {
      if (served.child.exitCode === null && served.child.signalCode === null) process.kill(pid, "SIGKILL");
    }
    reader.read(readFileSync(file, "latin1"));
  }
  const { calls } = reader;
  return { calls, lines: Math.max(...calls.map(({ to }) => (Number.isFinite(to) ? to : 0))), sentNumbers };
}

async function joins(port: number, { nick, room, secret }: Speaker): Promise<WebSocketMember> {
  const member = new WebSocketMember({ port }, nick, room, secret);
  member.patienceMs = 30_000;
  const told = await member.comes();
  if (told.type !== "welcome") throw new Error(`${nick} was not let in: ${JSON.stringify(told)}`);
  return member;
}

async function speaks(member: WebSocketMember, messages: number, random: Random, sentNumbers: Map<string, number>): Promise<void> {
  const { nick } = member;
  for (let said = 0; said < messages; ) {
    const count = Math.min(messages - said, random.between(1, 6));
    const first = member.seq + 1;
    const packets = Array.from({ length: count }, (_, index) => encodeChat(nick, textOf(nick, first + index)));
    sentNumbers.set(nick, first + count - 1);
    await member.sends(...packets);
    await member.answerTo(first + count - 1);
    said += count;
  }
}
