import type { Code } from "../codes.ts";
import { MAX_INPUT_OCTETS, MAX_REFUSALS } from "../limits.ts";
import { nicknameKey } from "../nickname.ts";
import { concatOctets } from "../octets.ts";
import { encodeChat } from "../packet.ts";
import { type Item, isAcceptedBy, isQueued, isUnseen, newItem, type OutboxEntry, PENDING, wait, wentOut } from "./outbox-item.ts";

export type { OutboxEntry } from "./outbox-item.ts";

/** An entry as it survives a reload. `seq`: the number under which it went out, or would have as the next; absent where it was refused. */
export type SavedEntry = {
  readonly id: number;
  readonly text: string;
  readonly typedAt: number;
  readonly seq?: number;
  readonly refused?: { readonly code: Code; readonly message: string };
};

/** Chat packets with consecutive numbers, the first one `seq`. */
export type Outgoing = { readonly seq: number; readonly octets: Uint8Array<ArrayBuffer>; readonly count: number };

/** What was said, in order, with its numbers. Source: S14, S15, S18 to S20. */
export class Outbox {
  #items: Item[] = [];
  #nextId = 1;
  /** The highest number that was used, whether by us or, so says `welcome`, in an earlier life. */
  #last = 0;
  #revision = 0;

  /** Goes up with every change of what `entries` or `save` give. */
  get revision(): number {
    return this.#revision;
  }

  get nextId(): number {
    return this.#nextId;
  }

  /** Up to which number every answer is known: `hello.seq`. */
  get knownSeq(): number {
    let known = this.#last;
    for (const { seq } of this.#items) if (seq !== undefined) known = Math.min(known, seq - 1);
    return known;
  }

  /** True where something waits to be sent. */
  get waiting(): boolean {
    return this.#items.some(isQueued);
  }

  /** What can be shown, in order. */
  entries(): OutboxEntry[] {
    return this.#items.filter(({ seen }) => !seen).map(({ id, text, typedAt, state }) => ({ id, text, typedAt, state }));
  }

  add(text: string, typedAt: number): number {
    const id = this.#nextId++;
    this.#items.push(newItem({ id, text, typedAt }, PENDING, undefined));
    this.#revision++;
    return id;
  }

  /** Puts a refused entry at the end. */
  sendAgain(id: number): void {
    const item = this.#remove(id);
    if (item !== undefined) this.#items.push({ ...item, state: PENDING, renamed: false });
  }

  /** Takes a refused entry out. */
  discard(id: number): void {
    this.#remove(id);
  }

  #remove(id: number): Item | undefined {
    const index = this.#items.findIndex((item) => item.id === id && item.state.kind === "refused");
    if (index < 0) return undefined;
    this.#revision++;
    return this.#items.splice(index, 1)[0];
  }

  /**
   * Numbers up to `allowance` entries and gives them for sending, named `nick`. Nothing while an entry that waits again stands before
   * one whose answer is not known: that order would be lost.
   */
  take(nick: string, allowance: number): Outgoing | undefined {
    let unanswered = 0;
    let waits = false;
    for (const item of this.#items) {
      if (item.seq !== undefined) {
        if (waits) return undefined;
        unanswered++;
      } else if (isQueued(item)) waits = true;
    }
    // The server remembers so many refusals: with no more than that on their way, none of them can be forgotten unheard.
    let room = Math.min(allowance, MAX_REFUSALS - unanswered);
    const pieces: Uint8Array[] = [];
    let octets = 0;
    for (const item of this.#items) {
      if (!isQueued(item)) continue;
      const packet = encodeChat(nick, item.text);
      octets += packet.length;
      if (room-- < 1 || octets > MAX_INPUT_OCTETS) break;
      pieces.push(packet);
      item.seq = ++this.#last;
      item.nick = nick;
    }
    if (pieces.length === 0) return undefined;
    this.#revision++;
    return { seq: this.#last - pieces.length + 1, octets: concatOctets(pieces), count: pieces.length };
  }

  /** `welcome`: numbers up to `seq` are dealt with, and the rest is numbered anew. What became of the former shows at `settle`. Source: S15. */
  welcome(seq: number): void {
    for (const item of this.#items) {
      if (item.seq === undefined) continue;
      item.settling = item.seq <= seq;
      if (!item.settling) wait(item);
    }
    this.#last = seq;
    this.#revision++;
  }

  /** All that came with `welcome` was read: what it dealt with and was not refused is in the log. Source: S20. */
  settle(): void {
    this.#accept(({ settling }) => settling, undefined);
  }

  /** `ack`: all up to `seq`, but for what was refused, is in the log at `offset` or before. */
  ack(seq: number, offset: number | undefined): void {
    this.#accept((item) => item.seq !== undefined && item.seq <= seq, offset);
  }

  #accept(which: (item: Item) => boolean, offset: number | undefined): void {
    for (const item of this.#items) {
      if (!which(item)) continue;
      item.state = offset === undefined ? { kind: "accepted" } : { kind: "accepted", offset };
      item.acked = item.seq;
      item.seq = undefined;
      item.settling = false;
      this.#revision++;
    }
    this.#keep(({ seen, state }) => !seen || state.kind !== "accepted");
  }

  /** `refused`: number `seq` is not in the log. It waits again where that can help; else it is shown as refused. */
  refuse(seq: number, { code, message }: { code: Code; message: string }, nick: string): void {
    const item = this.#items.find((candidate) => candidate.seq === seq);
    if (item === undefined) return;
    const crossed = code === "nick-mismatch" && !item.renamed && (item.nick === undefined || nicknameKey(item.nick) !== nicknameKey(nick));
    wait(item);
    if (crossed) item.renamed = true;
    else if (code !== "rate-limited") item.state = { kind: "refused", code, message };
    this.#revision++;
  }

  /** Somebody named `nick` said `text` in the room: where that is one of ours, it is there. */
  heard(nick: string, text: string, ownNick: string): void {
    const said = this.#items.find((candidate) => !candidate.heard && candidate.text === text && wentOut(candidate));
    if (said !== undefined) said.heard = true;
    const key = nicknameKey(nick);
    const item = this.#items.find(
      (candidate) => !candidate.seen && candidate.text === text && nicknameKey(candidate.nick ?? ownNick) === key && isUnseen(candidate),
    );
    if (item === undefined) return;
    item.seen = true;
    this.#revision++;
    this.#keep(({ seen, state }) => !seen || state.kind !== "accepted");
  }

  /** The room's packets were read up to `offset`. */
  read(offset: number): void {
    this.#keep(({ state }) => !isAcceptedBy(state, offset));
  }

  /**
   * Goes before `read`: true where something is accepted at `offset` or before and was not heard. A `refused` before that `ack` may be lost on
   * the way, or the packet itself: what the `ack` covered counts as unanswered, so that the next `hello` asks for it again. Source: S20.
   */
  doubts(offset: number): boolean {
    const covered = this.#items.filter(({ state }) => isAcceptedBy(state, offset));
    if (covered.every(({ heard }) => heard)) return false;
    for (const item of covered) {
      item.state = PENDING;
      item.seq = item.acked;
      item.seen = item.heard;
    }
    this.#revision++;
    return true;
  }

  /** Some of the room's packets are not kept: what was accepted may be among them. */
  missed(): void {
    for (const item of this.#items) if (item.state.kind === "accepted") item.heard = true;
  }

  /** All that is in the log was read: whatever is in it has been shown. */
  caughtUp(): void {
    this.#keep(({ state }) => state.kind !== "accepted" || state.offset !== undefined);
  }

  /** The log is another one: the old one's offsets say nothing. */
  forgetOffsets(): void {
    for (const item of this.#items) if (item.state.kind === "accepted") item.state = { kind: "accepted" };
    this.#revision++;
  }

  #keep(which: (item: Item) => boolean): void {
    const kept = this.#items.filter(which);
    if (kept.length === this.#items.length) return;
    this.#items = kept;
    this.#revision++;
  }

  /** All that is not safe in the log. What waits is saved with the number that it would get: should it go out after this was saved, that number shows. */
  save(): SavedEntry[] {
    const saved: SavedEntry[] = [];
    let next = this.#last;
    for (const { id, text, typedAt, state, seq } of this.#items) {
      if (state.kind === "pending") saved.push({ id, text, typedAt, seq: seq ?? ++next });
      else if (state.kind === "refused") saved.push({ id, text, typedAt, refused: { code: state.code, message: state.message } });
    }
    return saved;
  }

  /** Takes up what an earlier life left. */
  restore(entries: readonly SavedEntry[], knownSeq: number, nextId: number): void {
    this.#last = knownSeq;
    this.#nextId = nextId;
    for (const { id, text, typedAt, seq, refused } of entries) {
      const state = refused === undefined ? PENDING : ({ kind: "refused", ...refused } as const);
      this.#items.push(newItem({ id, text, typedAt }, state, seq));
      this.#last = Math.max(this.#last, seq ?? 0);
      this.#nextId = Math.max(this.#nextId, id + 1);
    }
  }
}
