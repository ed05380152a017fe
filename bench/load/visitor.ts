import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "../../server/testing/ask.ts";
import { encodeChat, encodeService } from "../../shared/packet.ts";
import type { Random } from "../chaos/random.ts";
import type { ListenerParts } from "./listener.ts";
import { type LoadMember, newMember } from "./member.ts";
import { PollLine } from "./poll-line.ts";

/** What came of a visit, beside the visit itself. */
export type Tally = Record<
  "joins" | "messages" | "refused" | "histories" | "droppedPolls" | "left" | "lingered" | "lost" | "failed",
  number
>;

/** Removed by the server's check, so that nothing of it is left to say. Source: P12. */
const BLANK = " ";
const LINGER_MS = 1000;

/** Somebody comes, says a few things, looks at what was said before, and goes in one of the ways there are. */
export async function visit(port: number, parts: ListenerParts, random: Random, tally: Tally, refusals: number): Promise<void> {
  const member = newMember(random.chance(0.6) ? "websocket" : "long-poll", parts);
  const { listener, line } = member;
  try {
    await line.hello(port);
  } catch (error) {
    tally.failed++;
    listener.fault(`could not come in: ${(error as Error).message}`);
    return line.drop();
  }
  tally.joins++;
  let seq = listener.seq;
  listener.onService = ({ type }) => {
    if (type === "refused") tally.refused++;
  };
  const endMs = performance.now() + random.between(500, 8000);
  while (performance.now() < endMs) {
    await sleep(random.between(100, 1500));
    const what = random.next();
    if (what < 0.5) {
      tally.messages++;
      const text = random.chance(refusals) ? BLANK : `something ${"x".repeat(random.between(0, 100))}`;
      await say(member, ++seq, text);
    } else if (what < 0.65) {
      tally.histories++;
      await ask({ port }, "GET", `/history?before=${listener.offset + 1}&limit=50`, { session: listener.secret });
    } else if (what < 0.8 && line instanceof PollLine) {
      tally.droppedPolls++;
      line.breakPoll();
    }
  }
  await go(port, member, random, tally);
}

async function say({ line, listener }: LoadMember, seq: number, text: string): Promise<void> {
  const packet = encodeChat(listener.nick, text);
  if (line instanceof PollLine) await line.send(packet, seq);
  else await line.send(packet);
}

async function go(port: number, { listener, line }: LoadMember, random: Random, tally: Tally): Promise<void> {
  line.onEnd = undefined;
  const how = random.next();
  if (how < 0.4) {
    tally.left++;
    await line.send(encodeService({ type: "leave" }));
    if (line instanceof PollLine) return line.drop();
    // The server closes it; dropping it at once would be the same as being lost.
    const closed = new Promise<void>((resolve) => {
      line.onEnd = () => resolve();
    });
    await Promise.race([closed, sleep(5000)]);
  } else if (how < 0.6) {
    tally.lingered++;
    const body = encodeService({ type: "leave", session: listener.secret, linger: LINGER_MS });
    await ask({ port }, "POST", `/poll?turn=${listener.turn}`, { body });
  } else tally.lost++;
  line.drop();
}
