import type { Packet, ServicePacket } from "../packet.ts";
import { isRoomPacket, type RoomService, type Welcome } from "../service.ts";
import type { RoomEvent } from "./connection-event.ts";

/** A place in a log: what `hello` says to resume from. */
export type Place = { readonly log: string; readonly offset: number };

/** What is in the log: somebody's words, or a service packet of the room. */
export type Said = { readonly nick: string; readonly message: string } | RoomService;

/**
 * How many packets are compared on coming back, at the most. Somebody who says the same thing over and over says it less often than this within
 * a second (S21), and where it takes longer a `clock` stands in between, of which no two are the same (L3).
 */
const OVERLAP = 32;

/** Up to where the server has confirmed the count, and the digests of the last packets. */
export type Unconfirmed = { readonly sure: number; readonly recent: readonly number[] };

/** Counts the room's packets, gives each its place and time, and drops those that were there before. Source: L1 to L5, S33. */
export class RoomReader {
  #log: string | undefined;
  /** The last packet that was handed over. */
  #known = 0;
  /** Where the transport that is listened to has come to: behind `known` where its replay overlaps. */
  #wire = 0;
  /** The time at `wire`. */
  #at = 0;
  /** The last place of which the server has said the same. */
  #sure = 0;
  /** Packets were lost on the way since then. Nothing counts until the next `welcome`. */
  #outOfStep = false;
  /** The digests of the last packets that were handed over, up to `known`: by them it shows in a replay whether they were counted right. */
  #recent: number[] = [];

  get known(): number {
    return this.#known;
  }

  /** Where what is listened to has come to, in a replay too: what comes next follows this offset. */
  get reached(): number {
    return this.#wire;
  }

  get at(): number {
    return this.#at;
  }

  get log(): string | undefined {
    return this.#log;
  }

  /**
   * Where to resume: undefined where nothing is known. A little before the end, where the server has not confirmed it: what was lost before
   * the transport was, unnoticed, would be lost for good, and what followed it would come twice.
   */
  get place(): Place | undefined {
    if (this.#log === undefined) return undefined;
    return { log: this.#log, offset: this.#outOfStep ? this.#sure : Math.max(this.#sure, this.#known - this.#recent.length) };
  }

  /** True when what was counted is not what the server says, until the next `welcome`. */
  get outOfStep(): boolean {
    return this.#outOfStep;
  }

  /** What `restore` needs to know of what is not confirmed. */
  get unconfirmed(): Unconfirmed {
    return { sure: this.#sure, recent: [...this.#recent] };
  }

  restore({ log, offset }: Place, at: number, { sure, recent }: Unconfirmed = { sure: offset, recent: [] }): void {
    this.#log = log;
    this.#known = offset;
    this.#wire = offset;
    this.#sure = Math.min(sure, offset);
    this.#recent = recent.slice(-OVERLAP);
    this.#at = at;
  }

  /** `welcome`, in answer to a `hello` that said `asked`. True where what was known is void, and the room starts over. */
  enter(welcome: Welcome, asked: Place | undefined): boolean {
    const sameLog = welcome.log === this.#log;
    // What was known may have become less since it was asked for: then it goes on too late.
    const resumes = welcome.offset <= this.#known && (asked?.log !== welcome.log || welcome.offset === asked.offset);
    // What was counted after something was lost stands at wrong places.
    const miscounted = this.#outOfStep && this.#known > this.#sure;
    const fresh = !sameLog || !resumes || miscounted;
    if (fresh) {
      this.#log = welcome.log;
      this.#known = welcome.offset;
      this.#sure = welcome.offset;
      this.#recent = [];
    }
    this.#wire = welcome.offset;
    this.#at = welcome.at;
    this.#outOfStep = false;
    return fresh;
  }

  /** What follows was asked for as what comes after `offset`, whatever came before it. */
  goTo(offset: number): void {
    this.#wire = offset;
  }

  /** The next packet of the log; what happened, where that was not known yet. */
  read(said: Said): RoomEvent | undefined {
    if (this.#outOfStep) return undefined;
    const offset = ++this.#wire;
    if ("type" in said && said.type === "clock") this.#at = said.at;
    if (offset <= this.#known) {
      this.#compare(said, offset);
      return undefined;
    }
    this.#known = offset;
    this.#recent.push(digest(said));
    if (this.#recent.length > OVERLAP) this.#recent.shift();
    return toEvent(said, offset, this.#at);
  }

  /** `gap`. Gives the part of it that was not known. */
  skip(gap: { from: number; to: number; at: number }): { from: number; to: number; at: number } | undefined {
    if (this.#outOfStep || gap.to < this.#wire) return undefined;
    if (gap.from > this.#wire + 1) {
      // What lies before it should have come.
      this.#outOfStep = true;
      return undefined;
    }
    this.#wire = gap.to;
    this.#at = gap.at;
    if (gap.to <= this.#known) return undefined;
    const from = Math.max(gap.from, this.#known + 1);
    this.#known = gap.to;
    this.#recent = [];
    return { from, to: gap.to, at: gap.at };
  }

  /** What was read so far is what the server says that it sent. */
  confirm(): void {
    if (!this.#outOfStep) this.#sure = Math.max(this.#sure, this.#wire);
  }

  /** What comes again has to be what came before. That it is confirms nothing yet: the same may have been lost again. */
  #compare(said: Said, offset: number): void {
    const before = this.#recent.at(offset - this.#known - 1);
    if (before !== undefined && before !== digest(said)) this.#outOfStep = true;
  }

  /** The server says that it has sent everything up to `offset`. False where that is not what was counted: then `place` is where both last agreed. */
  agrees(offset: number): boolean {
    if (this.#outOfStep || offset !== this.#wire) {
      this.#outOfStep = true;
      return false;
    }
    this.#sure = offset;
    return true;
  }
}

/** 32 bits that two different packets hardly ever share (FNV-1a over UTF-16). */
function digest(said: Said): number {
  const text = "type" in said ? JSON.stringify(said) : `${said.nick}\n${said.message}`;
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** What a packet of the log is to people. Undefined for `clock`, which is not for them. */
export function toEvent(said: Said, offset: number, at: number): RoomEvent | undefined {
  if (!("type" in said)) return { kind: "message", offset, at, nick: said.nick, message: said.message };
  switch (said.type) {
    case "joined":
      return { kind: "joined", offset, at, nicks: said.nicks };
    case "left":
      return { kind: "left", offset, at, nicks: said.nicks, why: said.why };
    case "renamed":
      return { kind: "renamed", offset, at, from: said.from, to: said.to };
    case "notice":
      return { kind: "notice", offset, at, text: said.text };
    case "clock":
      return undefined;
    default:
      return said satisfies never;
  }
}

/** Where somebody has come to who was at `from` and reads `packets`: what the answer to a poll must come to. Source: H3. */
export function offsetAfter(packets: readonly Packet[], from: number): number {
  let offset = from;
  for (const packet of packets) {
    if (isRoomPacket(packet)) offset++;
    else if (isService(packet, "welcome")) offset = numberIn(packet, "offset", offset);
    else if (isService(packet, "gap")) offset = numberIn(packet, "to", offset);
  }
  return offset;
}

function isService(packet: Packet, type: string): packet is ServicePacket {
  return packet.kind === "service" && packet.type === type;
}

function numberIn({ fields }: ServicePacket, name: string, otherwise: number): number {
  const value = fields[name];
  return typeof value === "number" ? value : otherwise;
}
