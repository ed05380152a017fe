import { MAX_REFUSALS } from "../../shared/limits.ts";
import { encodeService } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { RoomService } from "../../shared/service.ts";
import type { Chunk, Operation, Outcome, SessionId } from "./engine.ts";
import { type Draft, recordOf } from "./state.ts";
import type { KeptSession } from "./store.ts";

/** How far the time may be from what the log last said. Source: L3. */
const CLOCK_STEP_MS = 1000;

export type CarriedOut = { readonly outcomes: readonly Outcome[]; readonly chunk?: Chunk };

/** `wallMs`: what people read. `steadyMs`: the same to go by, which never steps (steady-time.ts). Both since the epoch. */
export type CommitTimes = { readonly wallMs: number; readonly steadyMs: number };

/** Carries out a commit's operations on a draft, in order. */
export function carryOut(draft: Draft, room: RoomName, operations: readonly Operation[], times: CommitTimes): CarriedOut {
  const commit = new Commit(draft, room, times);
  const outcomes = operations.map((operation) => commit.carryOut(operation));
  const chunk = commit.append();
  return chunk === undefined ? { outcomes } : { outcomes, chunk };
}

class Commit {
  readonly #draft: Draft;
  readonly #room: RoomName;
  readonly #wallMs: number;
  readonly #steadyMs: number;
  readonly #next: number;
  readonly #before: number;
  readonly #packets: Uint8Array[] = [];
  #at: number;

  constructor(draft: Draft, room: RoomName, { wallMs, steadyMs }: CommitTimes) {
    const log = draft.log(room);
    this.#draft = draft;
    this.#room = room;
    this.#wallMs = wallMs;
    this.#steadyMs = steadyMs;
    this.#next = log.last + 1;
    this.#before = log.at;
    this.#at = log.at;
  }

  carryOut(operation: Operation): Outcome {
    switch (operation.kind) {
      case "hello":
        return this.#hello(operation);
      case "attend":
        return this.#attend(operation);
      case "chat":
        return this.#number(operation) ?? this.#chat(operation);
      case "refuse":
        return this.#number({ ...operation, seq: operation.refusal.seq }) ?? this.#refuse(operation);
      case "rename":
        return this.#rename(operation);
      case "linger":
        return this.#linger(operation);
      case "release":
        return this.#release(operation);
      case "announce":
        return this.#announce(operation);
      case "post":
        return this.#post(operation);
      default:
        return operation satisfies never;
    }
  }

  /** Appends what the operations put there. */
  append(): Chunk | undefined {
    return this.#packets.length === 0 ? undefined : this.#draft.append(this.#room, this.#at, this.#packets);
  }

  #put(packet: Uint8Array): number {
    if (this.#packets.length === 0 && Math.abs(this.#wallMs - this.#before) >= CLOCK_STEP_MS) {
      this.#at = this.#wallMs;
      const clock: RoomService = { type: "clock", at: this.#at };
      this.#packets.push(encodeService(clock));
    }
    this.#packets.push(packet);
    return this.#next + this.#packets.length - 1;
  }

  #hello({ session, nick, key, maxHeld, graceMs }: Operation & { kind: "hello" }): Outcome {
    const known = this.#draft.session(session);
    if (known !== undefined && known.room !== this.#room) return refused("wrong-room", "the session is in another room");
    if (known !== undefined && known.ended === undefined) return this.#welcome(known, true, graceMs);
    const wanted = nick !== undefined && key !== undefined ? { nick, key } : known;
    if (wanted === undefined) return refused("nick-invalid", "a new session needs a nickname");
    // Of somebody who ended it may be taken over: their `left` is said before the newcomer's `joined`.
    if (this.#isHeld(this.#draft.holder(this.#room, wanted.key))) return refused("nick-taken", "the nickname is taken");
    if (this.#draft.held >= maxHeld) return refused("full", "the chat is full");
    const kept = this.#draft.change(known ?? newSession(session, this.#room, wanted));
    this.#draft.giveBack(kept);
    kept.nick = wanted.nick;
    kept.key = wanted.key;
    kept.ended = undefined;
    this.#draft.claim(kept);
    this.#draft.held++;
    return this.#welcome(kept, false, graceMs);
  }

  #welcome(known: Readonly<KeptSession>, resumed: boolean, graceMs: number): Outcome {
    const kept = this.#draft.change(known);
    kept.turn++;
    kept.graceMs = graceMs;
    this.#draft.lookedAfter.add(known.session);
    return { kind: "welcomed", resumed, record: recordOf(kept) };
  }

  #attend({ session, turn }: Operation & { kind: "attend" }): Outcome {
    const held = this.#held(session);
    if (held === undefined || held.turn !== turn) return STALE;
    this.#draft.lookedAfter.add(session);
    return { kind: "attended", record: recordOf(held) };
  }

  /** Why a number cannot be taken; undefined where it is the session's next one. */
  #number({ session, turn, seq }: { session: SessionId; turn: number; seq: number }): Outcome | undefined {
    const kept = this.#held(session);
    if (kept === undefined || kept.turn !== turn) return STALE;
    if (seq <= kept.seq) return DUPLICATE;
    return seq === kept.seq + 1 ? undefined : SKIPPED;
  }

  #chat({ session, seq, packet }: Operation & { kind: "chat" }): Outcome {
    this.#change(session).seq = seq;
    return { kind: "appended", offset: this.#put(packet) };
  }

  #refuse({ session, refusal }: Operation & { kind: "refuse" }): Outcome {
    const kept = this.#change(session);
    kept.seq = refusal.seq;
    kept.refusals = [...kept.refusals, refusal].slice(-MAX_REFUSALS);
    return NOTED;
  }

  #rename({ session, turn, nick, key, packet }: Operation & { kind: "rename" }): Outcome {
    const held = this.#held(session);
    if (held === undefined || held.turn !== turn) return STALE;
    const holder = this.#draft.holder(this.#room, key);
    if (holder !== undefined && holder !== session) return refused("nick-taken", "the nickname is taken");
    const kept = this.#draft.change(held);
    const from = kept.nick;
    this.#draft.giveBack(kept);
    kept.nick = nick;
    kept.key = key;
    this.#draft.claim(kept);
    return packet === undefined ? { kind: "renamed", from } : { kind: "renamed", from, offset: this.#put(packet) };
  }

  #linger({ session, graceMs }: Operation & { kind: "linger" }): Outcome {
    const held = this.#held(session);
    if (held === undefined) return STALE;
    if (held.graceMs !== graceMs) this.#draft.change(held).graceMs = graceMs;
    return NOTED;
  }

  #release({ session, why }: Operation & { kind: "release" }): Outcome {
    const held = this.#held(session);
    if (held === undefined) return STALE;
    this.#draft.change(held).ended = { why, atMs: this.#steadyMs };
    // The nickname stays claimed until the log says that its holder left: else `left` would be said of who took it by renaming.
    this.#draft.held--;
    return NOTED;
  }

  #announce({ joined, left, packet, again }: Operation & { kind: "announce" }): Outcome {
    const said = again
      ? [...joined.filter((id) => this.#isAnnounced(id) === true), ...left.filter((id) => this.#isAnnounced(id) === false)]
      : [];
    if (said.length > 0) return { kind: "stale", sessions: said };
    for (const session of joined) this.#note(session, true);
    for (const session of left) this.#note(session, false);
    return packet === undefined ? NOTED : { kind: "appended", offset: this.#put(packet) };
  }

  #post({ key, packet }: Operation & { kind: "post" }): Outcome {
    if (key !== undefined && this.#isHeld(this.#draft.holder(this.#room, key))) return refused("nick-taken", "the nickname is taken");
    return { kind: "appended", offset: this.#put(packet) };
  }

  #note(session: SessionId, announced: boolean): void {
    const kept = this.#draft.session(session);
    if (kept === undefined || kept.room !== this.#room) return;
    if (kept.announced !== announced) this.#draft.change(kept).announced = announced;
    if (!announced && kept.ended !== undefined) this.#draft.giveBack(kept);
  }

  #isAnnounced(session: SessionId): boolean | undefined {
    const kept = this.#draft.session(session);
    return kept?.room === this.#room ? kept.announced : undefined;
  }

  #isHeld(session: SessionId | undefined): boolean {
    return session !== undefined && this.#held(session) !== undefined;
  }

  /** The session, where it is held and of this room. */
  #held(session: SessionId): Readonly<KeptSession> | undefined {
    const kept = this.#draft.session(session);
    return kept !== undefined && kept.ended === undefined && kept.room === this.#room ? kept : undefined;
  }

  #change(session: SessionId): KeptSession {
    return this.#draft.change(this.#draft.session(session) as KeptSession); // it was found held
  }
}

const NOTED: Outcome = { kind: "noted" };
const DUPLICATE: Outcome = { kind: "duplicate" };
const SKIPPED: Outcome = { kind: "skipped" };
const STALE: Outcome = { kind: "stale" };

function refused(code: "nick-invalid" | "nick-taken" | "full" | "wrong-room", message: string): Outcome {
  return { kind: "refused", refusal: { code, message } };
}

function newSession(session: SessionId, room: RoomName, { nick, key }: Pick<KeptSession, "nick" | "key">): KeptSession {
  return { session, room, nick, key, turn: 0, seq: 0, refusals: [], announced: false, graceMs: 0, ended: undefined };
}
