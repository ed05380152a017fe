import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "./ask.ts";
import type { Running } from "./command.ts";
import { chat, type Member } from "./member.ts";
import { WebSocketMember } from "./websocket-member.ts";

/** What is counted in a room's log. Source: L2. */
const COUNTED = new Set(["chat", "joined", "left", "renamed", "clock", "notice"]);
/** Generous: other tests may keep the machine busy. */
const PATIENCE_MS = 20_000;

/** What was acknowledged: texts by their offsets. */
export type Kept = Map<number, string>;

/** Says texts at once; true where all of them were acknowledged, with their offsets in `kept`; false where the member's connection, or its request, ended instead. */
export async function tries(member: Member, texts: readonly string[], kept: Kept): Promise<boolean> {
  const first = member.seq + 1;
  const answers = () => member.told.filter(({ type, seq }) => type === "ack" && Number(seq) >= first);
  await member.sends(...texts.map((text) => chat(member.nick, text)));
  const last = first + texts.length - 1;
  member.patienceMs = PATIENCE_MS;
  await member.until(() => member.end ?? answers().find(({ seq }) => Number(seq) >= last), `an answer to ${last}`, { evenAfterEnd: true });
  for (const { seq, offset } of answers()) if (offset !== undefined) kept.set(offset, texts[Number(seq) - first] as string);
  return answers().some(({ seq }) => Number(seq) >= last);
}

/** Speaks until nothing is kept any more: gives what was not. A disk that is full has room in files that are there for a while. */
export async function speaksUntilRefused(member: Member, kept: Kept): Promise<readonly string[]> {
  for (let time = 0; time < 2000; time++) {
    const texts = Array.from({ length: 20 }, (_, index) => `${member.nick} tries ${time}.${index} ${"x".repeat(900)}`);
    if (!(await tries(member, texts, kept))) return texts;
  }
  throw new Error("everything was kept, as if the disk had no end");
}

/** Every chat packet of the log, by its offset, as somebody is told it who reads it from its beginning. */
export async function readLog(server: Running, { room, log }: { room: string; log: string }): Promise<Kept> {
  const reader = new WebSocketMember(server, `reader${Math.floor(Math.random() * 1e6)}`, room);
  reader.patienceMs = PATIENCE_MS;
  const welcome = await reader.comes({ log, offset: 0 });
  if (welcome.type !== "welcome" || welcome.log !== log) throw new Error(`not welcome to this log: ${JSON.stringify(welcome)}`);
  await reader.next("roster"); // it follows the replay
  reader.drops();
  const texts: Kept = new Map();
  let offset = 0;
  for (const told of reader.told) {
    if (told.type === "gap") offset = Number(told.to);
    if (!COUNTED.has(told.type)) continue;
    offset++;
    if (told.type === "chat") texts.set(offset, String(told.message));
  }
  return texts;
}

/** Resolves when `/readyz` answers with `status`; nobody says anything meanwhile. Gives how long that took, ms. */
export async function readiness(server: Running, status: number): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const answer = await ask(server, "GET", "/readyz");
    const elapsedMs = performance.now() - startedMs;
    if (answer.status === status) return elapsedMs;
    if (elapsedMs > PATIENCE_MS) throw new Error(`/readyz still answers ${answer.status}`);
    await sleep(50);
  }
}

/** What the server wrote down as a warning (40) or worse. */
export function complaints(server: Running): { level: number; msg: string; why?: string }[] {
  return server.lines.flatMap((line) => {
    if (!line.startsWith("{")) return [];
    const { level, msg, err } = JSON.parse(line) as { level: number; msg: string; err?: { message: string } };
    return level < 40 ? [] : [{ level, msg, ...(err === undefined ? {} : { why: err.message }) }];
  });
}
