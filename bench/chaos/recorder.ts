import type { ClientHistory, Entry, HeardPacket } from "../history/record.ts";
import { Latency } from "./latency.ts";

/** What carries a session: the transports of the protocol. */
export type LineKind = "websocket" | "long-poll" | "tcp";

export type Welcomed = Omit<Entry & { kind: "welcomed" }, "kind"> & { readonly over: LineKind };

/** All that is written down of a run, by everybody, until it is closed. */
export class Chronicle {
  readonly latency = new Latency();
  readonly recorders: Recorder[] = [];
  /** What went wrong by the run's own judgement, whatever the histories say. */
  readonly faults: string[] = [];
  readonly welcomes = new Map<LineKind, number>();
  /** What the server refused, by its code, whether or not it was tried again. */
  readonly refusals = new Map<string, number>();
  transportChanges = 0;
  /** What was heard at a place that turned out to be miscounted. */
  voided = 0;
  /** How often a page started its timeline over because its first `hello` arrived late. */
  startedOver = 0;
  /** How often a page said that its session went on elsewhere, by a stray `hello` of its own, and was told to take it up again. */
  takenUp = 0;
  closed = false;
  readonly #sentAtMs = new Map<string, number>();
  readonly #packets: (HeardPacket | undefined)[] = [];

  /** `loses`: the network between loses messages of a WebSocket, so that the client may miscount for a while. */
  recorder(name: string, { complete, loses }: { readonly complete: boolean; readonly loses: boolean }): Recorder {
    const recorder = new Recorder(this, name, complete, loses);
    this.recorders.push(recorder);
    return recorder;
  }

  histories(): ClientHistory[] {
    return this.recorders.map(({ name, complete, entries }) => ({ name, complete, entries }));
  }

  count(kind: Entry["kind"]): number {
    return this.recorders.reduce((sum, { entries }) => sum + entries.filter((entry) => entry.kind === kind).length, 0);
  }

  /** How many messages the server said were in the log: of some it says so more than once. */
  get acknowledged(): number {
    return new Set(this.recorders.flatMap(({ entries }) => entries.flatMap((entry) => (entry.kind === "acknowledged" ? [entry.text] : []))))
      .size;
  }

  fault(what: string): void {
    if (!this.closed) this.faults.push(what);
  }

  sent(text: string): void {
    this.#sentAtMs.set(text, performance.now());
  }

  /** `sinceMs`: what was sent before is history to this client, and not late. */
  delivered(text: string, sinceMs: number): void {
    const sentAtMs = this.#sentAtMs.get(text);
    if (sentAtMs !== undefined && sentAtMs >= sinceMs) this.latency.add(performance.now() - sentAtMs);
  }

  /** The same packet as `packet`, which many hear, kept once. */
  one(offset: number, packet: HeardPacket): HeardPacket {
    const kept = this.#packets[offset];
    if (kept !== undefined && isSame(kept, packet)) return kept;
    this.#packets[offset] = packet;
    return packet;
  }
}

/** Writes down what one session did and was told, in order. */
export class Recorder {
  readonly name: string;
  readonly complete: boolean;
  readonly entries: Entry[] = [];
  readonly #chronicle: Chronicle;
  readonly loses: boolean;
  #sinceMs = Number.POSITIVE_INFINITY;
  #over: LineKind | undefined;
  /** How often `welcome` came, and how often it resumed. */
  welcomes = 0;
  transportChanges = 0;

  constructor(chronicle: Chronicle, name: string, complete: boolean, loses: boolean) {
    this.loses = loses;
    this.#chronicle = chronicle;
    this.name = name;
    this.complete = complete;
  }

  sent(text: string): void {
    this.#chronicle.sent(text);
    this.#add({ kind: "sent", text });
  }

  acknowledged(text: string, offset: number | undefined): void {
    this.#add(offset === undefined ? { kind: "acknowledged", text } : { kind: "acknowledged", text, offset });
  }

  refused(text: string, code: string): void {
    this.#add({ kind: "refused", text, code });
  }

  welcomed({ over, ...welcomed }: Welcomed): void {
    if (this.#chronicle.closed) return;
    if (welcomed.fresh) this.#sinceMs = performance.now();
    if (this.#over !== undefined && this.#over !== over) {
      this.transportChanges++;
      this.#chronicle.transportChanges++;
    }
    this.#over = over;
    this.welcomes++;
    this.#chronicle.welcomes.set(over, (this.#chronicle.welcomes.get(over) ?? 0) + 1);
    this.#add({ kind: "welcomed", ...welcomed });
  }

  heard(offset: number, packet: HeardPacket): void {
    if (packet.kind === "chat") this.#chronicle.delivered(packet.text, this.#sinceMs);
    this.#add({ kind: "heard", offset, packet: this.#chronicle.one(offset, packet) });
  }

  gap(from: number, to: number): void {
    this.#add({ kind: "gap", from, to });
  }

  roster(nicks: readonly string[], online: number): void {
    this.#add({ kind: "roster", nicks, online });
  }

  /**
   * The timeline starts over, from `offset`. Further on than it had come: its first `hello`, which names no place, was held on its way, and took
   * the session when it arrived; what lies between is there for who scrolls up. Else it found out that it had miscounted.
   */
  startsOver(offset: number, mayBeLate: boolean): void {
    const heard = this.entries.findLast((entry) => entry.kind === "heard");
    if (heard?.kind !== "heard" || offset <= heard.offset) return this.void(offset);
    if (mayBeLate) this.#chronicle.startedOver++;
    else this.fault(`started over from ${offset}, having come to ${heard.offset}`);
  }

  /** A WebSocket message was lost on the way, and that came out: what was counted above `offset` since then was never said to be there by the server. Source: S33. */
  void(offset: number): void {
    if (this.#chronicle.closed) return;
    if (!this.loses) return this.fault(`started over from ${offset}, and nothing had been lost on the way`);
    const begun = this.entries.findLastIndex((entry) => entry.kind === "welcomed" && entry.offset <= offset);
    for (let index = this.entries.length - 1; index > begun; index--) {
      const entry = this.entries[index];
      if ((entry?.kind !== "heard" && entry?.kind !== "welcomed") || entry.offset <= offset) continue;
      this.entries.splice(index, 1);
      if (entry.kind === "heard") this.#chronicle.voided++;
    }
  }

  ended(why: string): void {
    this.#add({ kind: "ended", why });
  }

  /** The server refused it under its number, and it goes out again under another, unless the client gives it up. */
  turnedDown(text: string, code: string): void {
    this.#chronicle.refusals.set(code, (this.#chronicle.refusals.get(code) ?? 0) + 1);
    this.#add({ kind: "retried", text, code });
  }

  fault(what: string): void {
    this.#chronicle.fault(`${this.name}: ${what}`);
  }

  #add(entry: Entry): void {
    if (!this.#chronicle.closed) this.entries.push(entry);
  }
}

function isSame(one: HeardPacket, other: HeardPacket): boolean {
  if (one.kind === "chat") return other.kind === "chat" && one.nick === other.nick && one.text === other.text;
  return JSON.stringify(one) === JSON.stringify(other);
}
