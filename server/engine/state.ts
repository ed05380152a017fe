import { randomBytes } from "node:crypto";
import type { NicknameKey } from "../../shared/nickname.ts";
import type { RoomName } from "../../shared/room-name.ts";
import { type Appended, appendPackets } from "./chunk-record.ts";
import type { LogState, Offset, SessionId, SessionRecord } from "./engine.ts";
import { type KeptSession, type Loaded, needsCare, type SealedChunk, type Store, type Transaction } from "./store.ts";

/** A nickname in a room. Room names have no slash, so no two of these are spelt alike. */
type Claim = string;

function claimOn(room: RoomName, key: NicknameKey): Claim {
  return `${room}/${key}`;
}

/** What the embedded engine knows, all of which is kept: sessions that need care, claims, how many are held, and each log's state. */
export class State {
  readonly sessions = new Map<SessionId, Readonly<KeptSession>>();
  readonly #store: Pick<Store, "session">;
  readonly claims = new Map<Claim, SessionId>();
  readonly logs: Map<RoomName, LogState>;
  number: number;
  held = 0;

  /** Sessions that need no care are left in `store`. */
  constructor(loaded: Loaded, number: number, store: Pick<Store, "session">) {
    this.number = number;
    this.#store = store;
    this.logs = new Map(loaded.logs);
    for (const kept of loaded.sessions) {
      this.sessions.set(kept.session, kept);
      const claim = claimOn(kept.room, kept.key);
      // Of who ended, it is kept until their `left` is said, unless somebody else has come in under it.
      if (kept.ended === undefined) this.held++;
      else if (this.claims.has(claim)) continue;
      this.claims.set(claim, kept.session);
    }
  }

  session(id: SessionId): Readonly<KeptSession> | undefined {
    return this.sessions.get(id) ?? this.#store.session(id);
  }

  /** Takes over what a draft of this state changed, once it is kept. The draft is done for. */
  merge(draft: Draft): void {
    for (const [id, kept] of draft.sessions) {
      if (kept !== undefined && needsCare(kept)) this.sessions.set(id, kept);
      else this.sessions.delete(id);
    }
    apply(this.claims, draft.claims);
    apply(this.logs, draft.logs);
    this.held = draft.held;
    if (draft.changed) this.number = draft.number;
  }
}

function apply<Key, Value>(map: Map<Key, Value>, changes: ReadonlyMap<Key, Value | undefined>): void {
  for (const [key, value] of changes) {
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }
}

type Writable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

/** The next state in the making. Until it is merged nobody sees it; where it could not be written it is thrown away. */
export class Draft implements Transaction {
  readonly number: number;
  readonly sessions = new Map<SessionId, KeptSession | undefined>();
  readonly claims = new Map<Claim, SessionId | undefined>();
  readonly logs = new Map<RoomName, Writable<LogState> | undefined>();
  readonly #state: State;
  readonly #maxPackets: number;
  /** Those whom this process looks after from now on: they said `hello`, or were adopted. */
  readonly lookedAfter = new Set<SessionId>();
  chunks: SealedChunk[] = [];
  held: number;

  /** `maxPackets`: how many packets of a log one record may hold. */
  constructor(state: State, maxPackets: number) {
    this.#state = state;
    this.#maxPackets = maxPackets;
    this.number = state.number + 1;
    this.held = state.held;
  }

  /** False where writing it would change nothing. */
  get changed(): boolean {
    return this.sessions.size > 0 || this.logs.size > 0;
  }

  session(id: SessionId): Readonly<KeptSession> | undefined {
    const changed = this.sessions.get(id);
    return changed !== undefined || this.sessions.has(id) ? changed : this.#state.session(id);
  }

  /** The session's own copy in this draft, to be changed. */
  change(kept: Readonly<KeptSession>): KeptSession {
    let changed = this.sessions.get(kept.session);
    if (changed === undefined) {
      changed = { ...kept };
      this.sessions.set(kept.session, changed);
    }
    return changed;
  }

  /** Those that are new or changed. */
  *sessionsChanged(): Generator<Readonly<KeptSession>> {
    for (const kept of this.sessions.values()) if (kept !== undefined) yield kept;
  }

  forget(id: SessionId): void {
    this.sessions.set(id, undefined);
  }

  /** Who has a claim on the nickname: who holds it, or ended and is not yet said to have left. */
  holder(room: RoomName, key: NicknameKey): SessionId | undefined {
    const claim = claimOn(room, key);
    return this.claims.has(claim) ? this.claims.get(claim) : this.#state.claims.get(claim);
  }

  claim(kept: Readonly<KeptSession>): void {
    this.claims.set(claimOn(kept.room, kept.key), kept.session);
  }

  /** Gives up the claim on its nickname, where it has it. */
  giveBack({ session, room, key }: Readonly<KeptSession>): void {
    if (this.holder(room, key) === session) this.claims.set(claimOn(room, key), undefined);
  }

  /** The log as it stands, to be looked at; made where there is none. */
  log(room: RoomName): LogState {
    const known = this.knownLog(room);
    if (known !== undefined) return known;
    const made = { log: randomBytes(9).toString("base64url"), first: 1, last: 0, at: 0 };
    this.logs.set(room, made);
    return made;
  }

  /** The log as it stands, where there is one. */
  knownLog(room: RoomName): LogState | undefined {
    return this.logs.has(room) ? this.logs.get(room) : this.#state.logs.get(room);
  }

  /** Its name may be used for another log. Only of one that keeps nothing. */
  forgetLog(room: RoomName): void {
    this.logs.set(room, undefined);
  }

  #changeLog(room: RoomName): Writable<LogState> {
    let changed = this.logs.get(room);
    if (changed === undefined) {
      changed = { ...this.log(room) };
      this.logs.set(room, changed);
    }
    return changed;
  }

  /** Appends packets, all of the time `at`. */
  append(room: RoomName, at: number, packets: readonly Uint8Array[]): Appended["chunk"] {
    const log = this.#changeLog(room);
    const { chunk, records } = appendPackets(room, log.last + 1, { before: log.at, at }, packets, this.#maxPackets);
    this.chunks.push(...records);
    log.last = chunk.last;
    log.at = at;
    return chunk;
  }

  /** Drops the packets before `first`, which begins a chunk or is the next offset. */
  trim(room: RoomName, first: Offset): void {
    if (first <= this.log(room).first) return;
    this.#changeLog(room).first = first;
    this.chunks = this.chunks.filter((sealed) => sealed.room !== room || sealed.chunk.first >= first);
  }
}

/** What others are told of a session. A copy: it stays as it is. */
export function recordOf({ ended, ...kept }: Readonly<KeptSession>): SessionRecord {
  return ended === undefined ? { ...kept, held: true } : { ...kept, held: false, why: ended.why };
}
