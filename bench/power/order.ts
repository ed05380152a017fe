import { encodeChat } from "../../shared/packet.ts";
import type { Call } from "./trace.ts";
import { type Durability, textOf } from "./traced-run.ts";

/** An `ack` as it left by the socket: all of `nick`'s numbers up to `seq` are dealt with, and number `seq` is at `offset`. */
export type Acknowledged = { readonly nick: string; readonly seq: number; readonly offset: number | undefined; readonly from: number };

/** Every `ack` of a run, in order. Whose a socket is its `welcome` says. */
export function acknowledgements(calls: readonly Call[]): Acknowledged[] {
  const nicks = new Map<string, string>();
  const found: Acknowledged[] = [];
  for (const call of calls) {
    if (call.kind !== "told") continue;
    const text = call.octets.toString("latin1");
    for (const [, welcomed, seq, offset] of text.matchAll(
      /\{"type":"welcome",[^{}]*?"nick":"(\w+)"|\{"type":"ack","seq":(\d+)(?:,"offset":(\d+))?\}/g,
    )) {
      if (welcomed !== undefined) nicks.set(call.socket, welcomed);
      else {
        const nick = nicks.get(call.socket);
        if (nick === undefined) throw new Error(`An ack went to ${call.socket}, which was never welcomed.`);
        found.push({ nick, seq: Number(seq), offset: offset === undefined ? undefined : Number(offset), from: call.from });
      }
    }
  }
  return found;
}

/**
 * What was acknowledged too early: for each number the write of its packet to a file must have returned, a flush of that file begun after
 * that and returned, and a write of the page that makes it valid, through a descriptor that flushes, begun after that and returned, all
 * before the `ack` was handed to the socket. For `process` the write alone. Source: L7.
 */
export function tooEarly(calls: readonly Call[], durability: Durability): { checked: number; faults: string[] } {
  const faults: string[] = [];
  const written = calls.filter((call) => call.kind === "written");
  const flushes = calls.filter((call) => call.kind === "flushed");
  const valid = written.filter(({ flushed }) => flushed);
  const answered = new Map<string, number>();
  let checked = 0;
  for (const { nick, seq, from } of acknowledgements(calls)) {
    for (let number = (answered.get(nick) ?? 0) + 1; number <= seq; number++) {
      checked++;
      const packet = Buffer.from(encodeChat(nick, textOf(nick, number)));
      const before = (call: Call): boolean => call.to < from;
      const kept = written.find((write) => before(write) && write.octets.includes(packet));
      if (kept === undefined) {
        faults.push(`${nick} ${number} was acknowledged before it was written`);
        continue;
      }
      if (durability === "process") continue;
      const flush = flushes.find((call) => call.file === kept.file && call.from > kept.to && before(call));
      if (flush === undefined) faults.push(`${nick} ${number} was acknowledged before its page was flushed`);
      else if (!valid.some((write) => write.file === kept.file && write.from > flush.to && before(write)))
        faults.push(`${nick} ${number} was acknowledged before the page that makes it valid was flushed`);
    }
    answered.set(nick, Math.max(seq, answered.get(nick) ?? 0));
  }
  return { checked, faults };
}
