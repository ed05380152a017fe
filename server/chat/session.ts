import { MAX_REFUSALS } from "../../shared/limits.ts";
import type { NicknameKey } from "../../shared/nickname.ts";
import { encodeUtf8 } from "../../shared/octets.ts";
import type { NumberedRefusal, Offset, SessionId, SessionRecord } from "../engine/engine.ts";
import { type Rate, RateLimit } from "./rate-limit.ts";
import { encodeAck, encodeRefused } from "./replies.ts";
import type { Room } from "./room.ts";
import { next, type SessionEvent, type SessionState } from "./session-state.ts";
import type { Transport } from "./transport.ts";
import type { Due } from "./wheel.ts";

/** Whether the log says that a session is here: not yet, about to, on its way (where another node may be in the way of that), or it does. */
export type Announcement = "unsaid" | "pending" | "saying" | "said";

/** How many sessions each address holds. */
export interface AddressCounts {
  /** One more. Gives how to take it back. */
  hold(address: string): () => void;
}

/** One person in one room, whatever carries them. */
export class Session implements Due {
  readonly id: SessionId;
  readonly room: Room;
  nick: string;
  key: NicknameKey;
  /** The nickname as octets: what an honest client's packets begin with. */
  nickOctets: Uint8Array;
  /** The name before the last rename, until the client uses the new one: what it said before it knew bears the old one. Source: S41. */
  formerKey: NicknameKey | undefined;
  turn = 0;
  /** The last number dealt with, and the last one taken in. */
  seq = 0;
  queuedSeq = 0;
  refusals: readonly NumberedRefusal[] = [];
  announcement: Announcement = "unsaid";
  /** True while another node looks after it: what it says here is dealt with, and nothing else. */
  visiting = false;
  /** How long it may be away. */
  readonly graceMs: number;
  /** When a session that said `leave` with `linger` ends, ms of the clock. */
  lingerUntilMs = Number.POSITIVE_INFINITY;

  state: SessionState;
  transport: Transport | undefined;
  /** The transport that is listened to: from the moment its `hello` is taken in, before it is answered. */
  listening: Transport | undefined;
  /** What carried the session last: only `hello` moves it from one kind to the other. May be unknown after a restart. Source: S7. */
  carrier: "stream" | "poll" | "unknown";
  /** The last room packet that was handed to the transport. */
  cursor: Offset = 0;
  rosterOwed = false;
  pingOwed = false;
  /** How many of its `hello` are being worked on. */
  entering = 0;
  /** True while older packets are being read for it. */
  reading = false;
  /** Called when what was owed went out: whoever was held back may go on. */
  relieved: (() => void) | undefined;

  #address: string | undefined;
  #release: (() => void) | undefined;
  readonly sinceMs: number;
  /** Spread by a tenth either way, so that thousands who came together do not beat together; the same for a session all its life. */
  readonly heartbeatMs: number;
  heardAtMs: number;
  /** True while this end does not read what the peer says. */
  #heldBack = false;
  pingAtMs = Number.POSITIVE_INFINITY;
  readonly budget: RateLimit;
  /** When a refusal of its was last written down, and how many came since. */
  refusalToldAtMs = Number.NEGATIVE_INFINITY;
  refusalsUntold = 0;
  /** Until then everything on this transport is refused, so that order is kept. Source: S22. */
  blockedUntilMs = 0;

  scheduledMs = Number.POSITIVE_INFINITY;
  #owed: Uint8Array[] | undefined;
  #ackSeq = 0;
  #ackOffset: Offset | undefined;

  constructor(
    room: Room,
    record: SessionRecord,
    times: { nowMs: number; wallMs: number; heartbeatMs: number; graceMs: number },
    rate: Rate,
  ) {
    const { nowMs, wallMs, heartbeatMs, graceMs } = times;
    this.id = record.session;
    this.room = room;
    this.nick = record.nick;
    this.key = record.key;
    this.nickOctets = encodeUtf8(record.nick);
    this.graceMs = graceMs;
    this.announcement = record.announced ? "said" : "unsaid";
    this.carrier = record.carrier ?? "unknown";
    this.state = { kind: "away", sinceMs: nowMs };
    this.heardAtMs = nowMs;
    this.sinceMs = wallMs;
    this.heartbeatMs = heartbeatMs;
    this.budget = new RateLimit(rate);
    this.recall(record);
  }

  /** Takes over what the engine says of it. Only when nothing of it is on its way. */
  recall(record: SessionRecord): void {
    // It spoke at another node, under the name that it has now.
    if (record.seq > this.seq) this.formerKey = undefined;
    this.turn = record.turn;
    this.seq = record.seq;
    this.queuedSeq = record.seq;
    this.refusals = record.refusals;
  }

  /** Takes over what other nodes did with it meanwhile. What is on its way from here keeps its numbers, as long as its turn lasts: after that it is not taken. */
  catchUp(record: SessionRecord): void {
    const { queuedSeq } = this;
    const settled = queuedSeq === this.seq || record.turn !== this.turn;
    this.rename(record.nick, record.key);
    this.recall(record);
    if (!settled) this.queuedSeq = Math.max(queuedSeq, record.seq);
    this.carrier = record.carrier ?? "unknown";
    this.announcement = record.announced ? "said" : "unsaid";
  }

  /** This node looks after it again, from now on: nobody listens yet. */
  settle(record: SessionRecord, nowMs: number): void {
    this.catchUp(record);
    this.visiting = false;
    this.state = { kind: "away", sinceMs: nowMs };
    this.heardAtMs = nowMs;
    this.pingAtMs = Number.POSITIVE_INFINITY;
    this.rosterOwed = false;
  }

  rename(nick: string, key: NicknameKey): void {
    if (nick === this.nick) return;
    if (key !== this.key) this.formerKey = this.key;
    this.nick = nick;
    this.key = key;
    this.nickOctets = encodeUtf8(nick);
  }

  /** Where it was last heard from; empty where it has not come back since a restart. */
  get address(): string {
    return this.#address ?? "";
  }

  /** It counts for `address` from now on, and no longer for the one before. */
  moveTo(address: string | undefined, counts: AddressCounts): void {
    if (this.#address === address) return;
    this.#release?.();
    this.#release = address === undefined ? undefined : counts.hold(address);
    this.#address = address;
  }

  /** Nothing is read from the peer for a while, or again: meanwhile its silence says nothing. */
  holdBack(heldBack: boolean, nowMs: number): void {
    if (this.#heldBack && !heldBack) this.heardAtMs = nowMs;
    this.#heldBack = heldBack;
  }

  /** When it has been silent for too long, ms of the clock. A poll that is parked cannot say anything. Source: S32. */
  get silentAtMs(): number {
    return this.carrier === "stream" && !this.#heldBack ? this.heardAtMs + 2 * this.heartbeatMs : Number.POSITIVE_INFINITY;
  }

  happens(event: SessionEvent): void {
    this.state = next(this.state, event);
  }

  get gone(): boolean {
    return this.state.kind === "gone";
  }

  /** Number `seq` is in the log. Gathered: one `ack` goes out for all since the last. */
  accepted(seq: number, offset: Offset | undefined): void {
    this.#ackSeq = seq;
    this.#ackOffset = offset;
  }

  refused(refusal: NumberedRefusal): void {
    // The ack of what came before it, so that no ack of a higher number goes out ahead of the refusal. Source: S19.
    this.#flushAck();
    this.owe(encodeRefused(refusal));
  }

  /** Puts down a refusal as dealt with. */
  note(refusal: NumberedRefusal): void {
    this.seq = refusal.seq;
    this.refusals = [...this.refusals, refusal].slice(-MAX_REFUSALS);
  }

  /** Leaves a session packet to go out with the next write. */
  owe(packet: Uint8Array): void {
    this.#owed ??= [];
    this.#owed.push(packet);
  }

  get owes(): boolean {
    return this.#owed !== undefined || this.#ackSeq !== 0 || this.pingOwed;
  }

  get owedCount(): number {
    return this.#owed?.length ?? 0;
  }

  /** What is owed, in order, and owed no longer. `ping` makes the heartbeat's octets for where the receiver is now. */
  takeOwed(ping: (offset: Offset) => Uint8Array): Uint8Array[] {
    this.#flushAck();
    if (this.pingOwed) this.owe(ping(this.cursor));
    this.pingOwed = false;
    const owed = this.#owed ?? [];
    this.#owed = undefined;
    return owed;
  }

  /** What was owed on one transport is not owed on the next: `hello` settles all of it. */
  forgetOwed(): void {
    this.#owed = undefined;
    this.#ackSeq = 0;
    this.pingOwed = false;
  }

  #flushAck(): void {
    if (this.#ackSeq === 0) return;
    this.owe(encodeAck(this.#ackSeq, this.#ackOffset));
    this.#ackSeq = 0;
  }

  due(nowMs: number): number {
    return this.room.due(this, nowMs);
  }
}
