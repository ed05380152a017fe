import type { Refusal } from "../../shared/codes.ts";
import type { NicknameKey } from "../../shared/nickname.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { LeftWhy } from "../../shared/service.ts";

declare const brand: unique symbol;
/** SHA-256 of a session's secret, in base64url: what servers know a session by. */
export type SessionId = string & { readonly [brand]: "SessionId" };
/** A packet's place in its room's log: 1, 2, 3, … without gaps. 0 stands before the first. */
export type Offset = number;

/** Packets that were appended together. They share one time: a `clock` among them, if any, is the first. */
export type Chunk = {
  readonly first: Offset;
  readonly last: Offset;
  /** The time in force before the first packet, ms since the epoch; 0 where the log had none yet. */
  readonly before: number;
  /** The time of these packets, ms since the epoch, exact to the second: what the last `clock` up to `last` says. */
  readonly at: number;
  /** The packets, joined. */
  readonly octets: Uint8Array;
};

/** What a log is at one moment. `first` is the oldest offset kept: `last + 1` while the log keeps nothing. */
export type LogState = {
  /** The log's identity. An offset means something only together with it. */
  readonly log: string;
  readonly first: Offset;
  readonly last: Offset;
  /** The time in force at its end; 0 where it has none yet. */
  readonly at: number;
};

/** A refused number of a session, as `refused` says it again later. */
export type NumberedRefusal = Refusal & { readonly seq: number };

/** Who did not say `leave` with `linger` has whatever grace the operator set, also where that was changed meanwhile. */
export const USUAL_GRACE_MS: number = Number.MAX_SAFE_INTEGER;

/** What is kept of a session. */
export type SessionRecord = {
  readonly session: SessionId;
  readonly room: RoomName;
  /** As its owner typed it, in NFC. */
  readonly nick: string;
  readonly key: NicknameKey;
  /** How many times it said `hello`. */
  readonly turn: number;
  /** How many numbers are dealt with: appended or refused. */
  readonly seq: number;
  /** The newest 64, oldest first. */
  readonly refusals: readonly NumberedRefusal[];
  /** True while the nickname and a place under the cap are its own. */
  readonly held: boolean;
  /** True while the log says that it is here: its `joined` is in, its `left` is not. */
  readonly announced: boolean;
  /** How it ended, once it is no longer held. */
  readonly why?: LeftWhy;
  /** How long it may be away, ms: `USUAL_GRACE_MS`, or less once it said `leave` with `linger`. */
  readonly graceMs: number;
  /** What carries it since its last `hello`; absent where it did not say, and where one process keeps it to itself. */
  readonly carrier?: Carrier;
};

export type Carrier = "stream" | "poll";

/** Somebody whose nickname is their own, in one room. */
export type Present = { readonly session: SessionId; readonly nick: string; readonly key: NicknameKey };

/** A session that another node looks after from now on: it said `hello` there, or polls there; or this node was taken for dead (`node`). */
export type Taken = { readonly session: SessionId; readonly by: Carrier | "attended" | "node" };

/**
 * What other nodes did in a room.
 *
 * - `changed`: what one commit of theirs did. `came`: who holds a nickname from now on, newcomers and renamed; `went`: the nicknames given back.
 * - `whole`: who is there now, said at the beginning and wherever something may have been missed; `own`: this node looks after them.
 *   All packets up to `log.last` were handed over before it.
 * - `lost`: what had been handed out as kept is not kept any more. Nothing more comes; to be opened again.
 */
export type News =
  | {
      readonly kind: "changed";
      readonly chunk?: Chunk;
      /** The oldest offset kept now. */
      readonly first: Offset;
      readonly came: readonly Present[];
      readonly went: readonly NicknameKey[];
      readonly taken: readonly Taken[];
    }
  | { readonly kind: "whole"; readonly log: LogState; readonly present: readonly (Present & { readonly own: boolean })[] }
  | { readonly kind: "lost" };

/**
 * What changes a room. A commit carries them out one after the other, all or none; each sees what the ones before it did.
 *
 * - `hello`: resumes a session that is held, or claims `nick` and a place for one that is not. Begins a turn. This node looks after it from then on.
 *   `settles`: a `left` that another node was to say, and that would come too late, is appended before it.
 * - `attend`: the same for a session that is held, without a turn: it asked here for what is new.
 * - `chat`: appends number `seq` of the session. `refuse`: uses that number up without appending.
 * - `rename`: claims another nickname (one that somebody has given back is free once the log says that they left), appends `packet` (where there is one) and gives the old one back.
 * - `linger`: sets how long the session may be away, until its next `hello`.
 * - `release`: gives nickname and place back. The session's `seq` and `turn` are remembered for 24 h.
 * - `announce`: appends `packet` (where there is one), and notes whose `joined` and `left` are said by it. `again`: this may have been said
 *   before, though it failed; then nothing is done where one of them is said already.
 * - `post`: appends `packet`, which is nobody's; under the nickname of `key`, where it has one, which nobody may hold.
 */
export type Operation =
  | {
      kind: "hello";
      session: SessionId;
      nick?: string;
      key?: NicknameKey;
      maxHeld: number;
      graceMs: number;
      carrier?: Carrier;
      settles?: boolean;
    }
  | { kind: "attend"; session: SessionId; turn: number }
  | { kind: "chat"; session: SessionId; turn: number; seq: number; packet: Uint8Array }
  | { kind: "refuse"; session: SessionId; turn: number; refusal: NumberedRefusal }
  | { kind: "rename"; session: SessionId; turn: number; nick: string; key: NicknameKey; packet?: Uint8Array }
  | { kind: "linger"; session: SessionId; graceMs: number }
  | { kind: "release"; session: SessionId; why: LeftWhy }
  | { kind: "announce"; joined: readonly SessionId[]; left: readonly SessionId[]; packet?: Uint8Array; again?: boolean }
  | { kind: "post"; key?: NicknameKey; packet: Uint8Array };

/**
 * What became of an operation.
 *
 * - `hello` → `welcomed`, or `refused` (`nick-taken`, `full`, `wrong-room`; `nick-invalid` where a new session names none)
 * - `chat`, `refuse` → `appended`/`noted`, or `duplicate` (that number was dealt with before), `skipped` (an earlier one is missing),
 *   `stale` (an older turn's, or the session is not held)
 * - `rename` → `renamed`, `refused` (`nick-taken`), `stale`
 * - `post` → `appended`, or `refused` (`nick-taken`)
 * - `announce` → `appended` (`noted` where there was no packet), or `stale` with the `sessions` of which it is not this node's to say
 * - `attend` → `attended`; `linger`, `release` → `noted`; or `stale` where the session is not held, in a later turn, or another node looks after it
 */
export type Outcome =
  | { kind: "welcomed"; resumed: boolean; record: SessionRecord }
  | { kind: "refused"; refusal: Refusal }
  | { kind: "appended"; offset: Offset }
  | { kind: "renamed"; from: string; offset?: Offset }
  | { kind: "attended"; record: SessionRecord }
  | { kind: "noted" }
  | { kind: "duplicate" }
  | { kind: "skipped" }
  | { kind: "stale"; sessions?: readonly SessionId[] };

/** What a commit did. Once it is handed out, it is kept: on disk, where the operator did not choose otherwise. */
export type Committed = {
  /** One for each operation, in their order. */
  readonly outcomes: readonly Outcome[];
  /** What was appended; absent where nothing was. */
  readonly chunk?: Chunk;
  /** The oldest offset kept now. */
  readonly first: Offset;
};

/** How much of a log is kept. Trimmed is what is above twice `packets`, down to `packets` or a little more; and what is older than `days`. */
export type HistoryLimits = { readonly packets: number; readonly days: number };

/**
 * Numbered logs, and claims on nicknames and places. Several nodes may share what an engine keeps, so every answer is a promise,
 * also where one process could answer at once.
 *
 * Methods reject with `EngineError` where the engine itself failed; what peers did wrong is an outcome.
 */
export interface Engine {
  /** The state of the room's log, which is made where there is none. */
  open(room: RoomName): Promise<LogState>;
  /**
   * Carries out the operations, in order, as one atomic write. Resolves when it is kept. Commits of one room take effect in the order of
   * the calls. A `clock` is put before the first packet whenever the time differs from the log's last by a second or more, either way.
   */
  commit(room: RoomName, operations: readonly Operation[]): Promise<Committed>;
  /**
   * The chunks from the one that holds `after + 1` on, or from the oldest kept where that is trimmed; as many as fit into
   * `maxOctets`, and always one where there is one. The first may begin before `after + 1`.
   */
  read(room: RoomName, after: Offset, maxOctets: number): Promise<Chunk[]>;
  /**
   * Hands over what other nodes do in the room, in order, without gaps, and in order with this node's own commits: those are handed over by their
   * promises alone. To be called before `open`: what is handed over follows on what that gives, and a `whole` comes first, by then.
   * Returns how to stop it.
   */
  follow(room: RoomName, listener: (news: News) => void): () => void;
  /** Resolves when all that other nodes had appended to a room that is followed has been handed over. */
  catchUp(room: RoomName): Promise<void>;
  /** What is kept of a session, wherever it is. */
  find(session: SessionId): Promise<SessionRecord | undefined>;
  /** Where the numbers that a session last had committed are in its room's log, as far as that is remembered for nodes that did not append them. */
  offsets(session: SessionId): Promise<ReadonlyMap<number, Offset>>;
  /**
   * Takes over the sessions that no running node looks after (after a crash, or a restart): those held, and those whose `joined` or
   * `left` is still to be said (`held` differs from `announced`). Each is handed to one node only, once.
   */
  adopt(): Promise<SessionRecord[]>;
  /** Hands over, as `adopt` does, the sessions of nodes that die from now on. Returns how to stop it. */
  orphans(listener: (records: readonly SessionRecord[]) => void): () => void;
  /** Forgets sessions that ended more than 24 h ago, trims logs by age, and forgets those that keep nothing and that nobody is in. To be called now and then. */
  tidy(): Promise<void>;
  /**
   * False while what is committed cannot be kept, or is in danger: the disk is full or fails, the data directory is not where it was. Looked
   * at when it is asked; while it is false, the engine itself tries every second whether that is over, also while nobody commits anything.
   */
  readonly well: boolean;
  /** False where the room has no log yet, and there are as many logs as there may be. */
  hasRoomFor(room: RoomName): Promise<boolean>;
  /** How many sessions are held: all rooms, all nodes. */
  held(): Promise<number>;
  /** Resolves when all that was committed is kept and everything is given back. A second call does nothing. */
  close(): Promise<void>;
}

/** The engine could not do what it was asked to. `message` says what to do, for the operator. */
export class EngineError extends Error {
  override readonly name = "EngineError";
}
