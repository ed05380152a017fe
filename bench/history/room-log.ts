import type { Findings } from "./findings.ts";
import type { HeardPacket, History } from "./record.ts";

/** What a client that is not complete leaves out. */
const HIDDEN = "clock" satisfies HeardPacket["kind"];

/**
 * The room's log as far as anybody knows it: what it keeps at the end and, before that, what clients heard. Each offset has one packet; who
 * was handed another one is found out here. Source: L1, L7.
 */
export class RoomLog {
  /** The lowest offset that anybody knows of. Before it nothing is known. */
  readonly base: number;
  /** The first offset that is kept at the end; one after `last` where nothing is. */
  readonly first: number;
  readonly last: number;
  readonly #packets: (HeardPacket | undefined)[];
  /** How many packets that nobody leaves out are known up to each place. */
  readonly #visible: Uint32Array;
  /** Nobody heard these, and somebody who leaves such packets out went over them. */
  readonly #hidden: Uint8Array;

  constructor(history: History, findings: Findings) {
    const { end } = history;
    this.first = end.first;
    this.last = end.first + end.packets.length - 1;
    this.base = Math.min(this.first, lowestHeard(history));
    const length = Math.max(0, this.last - this.base + 1);
    this.#packets = Array.from({ length }, (_, index) => end.packets[index + this.base - this.first]);
    this.#hidden = new Uint8Array(length);
    this.#hear(history, findings);
    this.#visible = new Uint32Array(length + 1);
    for (let index = 0; index < length; index++) {
      const packet = this.#packets[index];
      const counts = packet !== undefined && packet.kind !== HIDDEN;
      this.#visible[index + 1] = (this.#visible[index] as number) + (counts ? 1 : 0);
    }
  }

  /** The packet at `offset`; undefined where nobody knows it. */
  at(offset: number): HeardPacket | undefined {
    return this.#packets[offset - this.base];
  }

  /** True where nothing can be said of what is at `offset`. */
  isUnknown(offset: number): boolean {
    return this.at(offset) === undefined && this.#hidden[offset - this.base] !== 1;
  }

  /** The first packet from `from` to `to` that no client leaves out; undefined where there is none. */
  visibleWithin(from: number, to: number): number | undefined {
    const begin = Math.max(from, this.base);
    const end = Math.min(to, this.last);
    if (begin > end || this.#visible[end - this.base + 1] === this.#visible[begin - this.base]) return undefined;
    let offset = begin;
    while (this.#visible[offset - this.base + 1] === this.#visible[begin - this.base]) offset++;
    return offset;
  }

  /** Somebody who leaves packets out went from `from` to `to` and heard nothing: what nobody else knows of them is such a packet. */
  hide(from: number, to: number): void {
    for (let offset = Math.max(from, this.base); offset <= Math.min(to, this.last); offset++) this.#hidden[offset - this.base] = 1;
  }

  #hear({ clients, end }: History, findings: Findings): void {
    for (const { name: client, entries } of clients) {
      let elsewhere = false;
      for (const entry of entries) {
        if (entry.kind === "welcomed") {
          elsewhere = entry.log !== undefined && entry.log !== end.log;
          if (elsewhere) findings.add("no-single-order", () => `was let into log ${entry.log}; the room's log is ${end.log}`, { client });
        } else if (entry.kind === "heard" && !elsewhere) this.#compare(client, entry.offset, entry.packet, findings);
      }
    }
  }

  #compare(client: string, offset: number, packet: HeardPacket, findings: Findings): void {
    if (!isPlace(offset)) return; // out of every turn: found where turns are looked at
    if (offset > this.last) {
      const what = () => `heard ${wording(packet)} at ${offset}; the log ends at ${this.last}`;
      return findings.add("no-single-order", what, { client, offset });
    }
    const index = offset - this.base;
    const known = this.#packets[index];
    if (known === undefined) this.#packets[index] = packet;
    else if (!isSame(known, packet)) {
      const whose = offset >= this.first ? "the log has" : "somebody else heard";
      findings.add("no-single-order", () => `heard ${wording(packet)} at ${offset}; ${whose} ${wording(known)}`, { client, offset });
    }
  }
}

/** A packet in few words, for people. */
export function wording(packet: HeardPacket): string {
  switch (packet.kind) {
    case "chat":
      return `${packet.nick}: ${quoted(packet.text)}`;
    case "joined":
      return `joined ${packet.nicks.join(", ")}`;
    case "left":
      return `left ${packet.nicks.join(", ")} (${packet.why})`;
    case "renamed":
      return `renamed ${packet.from} to ${packet.to}`;
    case "notice":
      return `notice ${quoted(packet.text)}`;
    case "clock":
      return `clock ${packet.atMs}`;
    default:
      return packet satisfies never;
  }
}

/** A text on one line, cut where it is long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function lowestHeard({ clients }: History): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (const { entries } of clients) {
    for (const entry of entries) if (entry.kind === "heard" && entry.offset < lowest && isPlace(entry.offset)) lowest = entry.offset;
  }
  return lowest;
}

/** Offsets begin at 1. */
function isPlace(offset: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 1;
}

function isSame(one: HeardPacket, other: HeardPacket): boolean {
  if (one === other) return true;
  switch (one.kind) {
    case "chat":
      return other.kind === "chat" && one.text === other.text && one.nick === other.nick;
    case "joined":
      return other.kind === "joined" && isSameList(one.nicks, other.nicks);
    case "left":
      return other.kind === "left" && one.why === other.why && isSameList(one.nicks, other.nicks);
    case "renamed":
      return other.kind === "renamed" && one.from === other.from && one.to === other.to;
    case "notice":
      return other.kind === "notice" && one.text === other.text;
    case "clock":
      return other.kind === "clock" && one.atMs === other.atMs;
    default:
      return one satisfies never;
  }
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((nick, index) => nick === other[index]);
}
