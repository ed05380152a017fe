import type { Findings } from "./findings.ts";
import type { ClientHistory, Entry } from "./record.ts";
import { quoted, type RoomLog } from "./room-log.ts";

type Welcomed = Entry & { kind: "welcomed" };

/** What a client heard from one `welcome` to the next, or to the end: the offsets after `from`, up to `to`. */
export type Stretch = { readonly welcomed: Welcomed; readonly before: number | undefined; to: number };

/** How a client went through the log. `stayed`: it was there to the end; `arrived`: and came to the end of the log. */
export type Course = { readonly stretches: readonly Stretch[]; readonly stayed: boolean; readonly arrived: boolean };

/** Follows a client through the log: offset after offset, and a `gap` wherever not. Source: L1, L6, S11. */
export function followCourse(client: ClientHistory, log: RoomLog, findings: Findings): Course {
  return new Follower(client, log, findings).follow();
}

class Follower {
  readonly #client: ClientHistory;
  readonly #log: RoomLog;
  readonly #findings: Findings;
  readonly #stretches: Stretch[] = [];
  /** The last offset that it heard, or was told that it is gone. */
  #position: number | undefined;
  /** What was passed over and could still come, out of turn. */
  #passedOver = new Set<number>();
  #ended = false;

  constructor(client: ClientHistory, log: RoomLog, findings: Findings) {
    this.#client = client;
    this.#log = log;
    this.#findings = findings;
  }

  follow(): Course {
    for (const entry of this.#client.entries) {
      if (entry.kind === "welcomed") this.#enter(entry);
      else if (entry.kind === "heard") this.#hear(entry);
      else if (entry.kind === "gap") this.#skip(entry);
      else if (entry.kind === "ended") this.#ended = true;
    }
    this.#close();
    const stayed = !this.#ended && this.#stretches.length > 0;
    return { stretches: this.#stretches, stayed, arrived: stayed && this.#arrives() };
  }

  #enter(welcomed: Welcomed): void {
    const before = this.#position;
    this.#close();
    this.#ended = false;
    if (before !== undefined && !welcomed.fresh) {
      if (welcomed.offset < before)
        this.#tell("not-contiguous", welcomed.offset, `came back to ${welcomed.offset}, and had been at ${before}`);
      this.#passTo(before, welcomed.offset + 1);
    }
    if (welcomed.fresh) this.#passedOver.clear();
    this.#position = welcomed.offset;
    this.#stretches.push({ welcomed, before, to: welcomed.offset });
  }

  #hear({ offset, packet }: Entry & { kind: "heard" }): void {
    const position = this.#position;
    if (position === undefined) this.#tell("not-contiguous", offset, `heard ${offset} before it was let in`);
    else if (offset > position + 1) this.#passTo(position, offset);
    else if (offset !== position + 1) {
      if (!this.#passedOver.delete(offset) && packet.kind === "chat") this.#tell("twice", offset, `heard ${quoted(packet.text)} again`);
      else this.#tell("not-contiguous", offset, `heard ${offset} after ${position}`);
      return;
    }
    this.#position = offset;
  }

  #skip({ from, to }: Entry & { kind: "gap" }): void {
    const range = `a gap from ${from} to ${to}`;
    const position = this.#position ?? from - 1;
    if (from > to) return this.#tell("false-gap", from, range);
    if (to >= this.#log.first)
      this.#tell("false-gap", Math.max(from, this.#log.first), `${range}; the log has all from ${this.#log.first} on`);
    else if (from <= position) this.#tell("not-contiguous", from, `${range}, and it had been at ${position}`);
    else this.#passTo(position, from);
    this.#position = Math.max(position, to);
  }

  /** It was at `position`, and goes on at `next`: nothing may lie between but what it leaves out. */
  #passTo(position: number, next: number): void {
    const from = position + 1;
    const to = next - 1;
    if (to < from) return;
    const missed = this.#client.complete ? from : this.#log.visibleWithin(from, to);
    if (missed === undefined) return this.#log.hide(from, to);
    this.#tell("not-contiguous", missed, `heard nothing of ${missed}, between ${position} and ${next}`);
    for (let offset = from; offset <= Math.min(to, this.#log.last); offset++) this.#passedOver.add(offset);
  }

  #close(): void {
    const stretch = this.#stretches.at(-1);
    if (stretch !== undefined) stretch.to = this.#position ?? stretch.to;
  }

  #arrives(): boolean {
    const position = this.#position ?? 0;
    const { last } = this.#log;
    const missed = this.#client.complete ? position + 1 : this.#log.visibleWithin(position + 1, last);
    if (position > last) this.#tell("no-single-order", last, `was at ${position}, and the log ends at ${last}`);
    else if (position < last && missed !== undefined)
      this.#tell("not-delivered", missed, `heard nothing after ${position}; the log ends at ${last}`);
    else return true;
    return false;
  }

  #tell(rule: "not-contiguous" | "twice" | "false-gap" | "not-delivered" | "no-single-order", offset: number, what: string): void {
    this.#findings.add(rule, () => what, { client: this.#client.name, offset });
  }
}
