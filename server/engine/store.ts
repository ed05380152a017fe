import type { NicknameKey } from "../../shared/nickname.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { LeftWhy } from "../../shared/service.ts";
import type { AgeSearch } from "./age-search.ts";
import { type Chunk, EngineError, type LogState, type NumberedRefusal, type Offset, type SessionId } from "./engine.ts";

/** A session as the embedded engine keeps it: held until it has ended. */
export type KeptSession = {
  readonly session: SessionId;
  readonly room: RoomName;
  nick: string;
  key: NicknameKey;
  turn: number;
  seq: number;
  refusals: readonly NumberedRefusal[];
  announced: boolean;
  graceMs: number;
  /** How it ended, and when (ms since the epoch, by a clock that does not step: steady-time.ts); undefined while it is held. */
  ended: { readonly why: LeftWhy; readonly atMs: number } | undefined;
};

/** A chunk and the octets that stand for it in a store, which end with the chunk's own. */
export type SealedChunk = { readonly room: RoomName; readonly chunk: Chunk; readonly record: Uint8Array };

/** What is written as one. A log's chunks that begin before its `first` are gone with it. */
export type Transaction = {
  /** 1, 2, 3, … */
  readonly number: number;
  /** New and changed; undefined for those to be forgotten. */
  readonly sessions: ReadonlyMap<SessionId, Readonly<KeptSession> | undefined>;
  /** Undefined for those to be forgotten, of which no chunk is kept. */
  readonly logs: ReadonlyMap<RoomName, LogState | undefined>;
  /** In order. */
  readonly chunks: readonly SealedChunk[];
};

/** It is held, or its `joined` or `left` is still to be said: somebody has to look after it. */
export function needsCare({ ended, announced }: Readonly<KeptSession>): boolean {
  return ended === undefined || announced;
}

/** All that the engine has in memory: logs, and those sessions that need care. */
export type Loaded = {
  readonly sessions: readonly Readonly<KeptSession>[];
  readonly logs: ReadonlyMap<RoomName, LogState>;
};

/** What is to keep things is no longer where it was: what is written to it would be lost. */
export class PlaceError extends EngineError {}

/** What keeps things is in a state out of which only a new start leads. */
export class RestartError extends EngineError {}

/** Where the embedded engine keeps things. It is handed one transaction at a time, and never two at once. Failures reject. */
export interface Store {
  /** The last transaction's that is kept; 0 where there was none. */
  readonly number: number;
  load(): Loaded;
  /** What is kept of a session, one that needs no care among them. A few microseconds. Throws where it cannot be read. */
  session(id: SessionId): Readonly<KeptSession> | undefined;
  /** Shows every session that needs no care, with pauses for other work. What is written meanwhile may be shown or not. */
  visitEnded(visit: (kept: Readonly<KeptSession>) => void): Promise<void>;
  /** Resolves when it is kept: all of it. Where it rejects, nothing of it is, and the same number may come again. */
  write(transaction: Transaction): Promise<void>;
  /** Throws the reason where it is known, without trying, that what is written now would not be kept. A few microseconds. */
  look(): void;
  /** Writes what changes nothing, as `write` would, and as much as the last `write` that failed asked for. Rejects where that would. */
  probe(): Promise<void>;
  /** The chunks from the one that holds `from` on, or from the next one; as many as fit into `maxOctets`, and always one where there is one. */
  read(room: RoomName, from: Offset, maxOctets: number): Promise<Chunk[]>;
  /** Where the chunk begins that holds `offset`; undefined where none does. */
  startOf(room: RoomName, offset: Offset): Promise<Offset | undefined>;
  /** Shows the search the room's chunks, in order, until it ends. Gives what it found. */
  firstSince(room: RoomName, search: AgeSearch): Promise<Offset | undefined>;
  close(): Promise<void>;
}
