import { join } from "node:path";
import type { RoomName } from "../../shared/room-name.ts";
import type { Clock } from "../clock.ts";
import type { AgeSearch } from "./age-search.ts";
import { openChunk, timeOf } from "./chunk-record.ts";
import type { DataDirectory } from "./data-directory.ts";
import { type Chunk, EngineError, type LogState, type Offset, type SessionId } from "./engine.ts";
import { FileSpace } from "./file-space.ts";
import { CLOSING_MS, causeOf, checkFormat, type Database, json, type Key, makeFile, openFile, parse } from "./lmdb-file.ts";
import { type KeptSession, type Loaded, needsCare, RestartError, type Store, type Transaction } from "./store.ts";
import { atMost } from "./time-limit.ts";

/** So many sessions are looked at in one go. */
const VISIT_AT_ONCE = 500;
/** What a new file has room for at least. */
const FIRST_OCTETS = 1024 * 1024;
/** Some systems have larger pages. */
const LEAST_PAGE_OCTETS = 4096;
/** What a write may take besides its records: for the list of free pages. */
const SPARE_PAGES = 64;

/**
 * Keeps everything in one LMDB file, `log.mdb`, in a directory that nobody else uses.
 *
 * A write resolves when it is on disk. Traced with strace, lmdb 3.5.6 on Linux, `overlappingSync: false`: the changed pages (pwrite64,
 * pwritev), `fdatasync`, then the page that makes them valid through a descriptor opened with O_DSYNC, and only then the promise. A loss
 * of power at any point leaves the transaction before it, or this one, whole. It costs two flushes: 0.37 ms here, 20 ms where a flush takes 10.
 * Tried and not taken: `overlappingSync` flushes as often before its promise resolves (0.40 ms) and reports a failed flush after
 * readers saw the data; `separateFlushed` changes nothing about it; `noMetaSync` saves one flush of two (0.30 ms); `noSync`
 * (0.12 ms) can lose everything with the power. What does not want to wait for the disk is in `journaled-store.ts`.
 */
export class LmdbStore implements Store {
  readonly #directory: DataDirectory;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #space: FileSpace;
  /** Where each log began when it was last written: what lies before is gone already. */
  readonly #firsts = new Map<RoomName, Offset>();
  #db: Database;
  #number: number;
  /** How many pages of the file are in use, at most. */
  #pages = Number.POSITIVE_INFINITY;
  #pageOctets = LEAST_PAGE_OCTETS;
  /** As many pages did the last write ask for that found no room; 0 where there was enough. */
  #missing = 0;
  #broken: RestartError | undefined;

  private constructor(directory: DataDirectory, path: string, clock: Clock, db: Database, space: FileSpace) {
    this.#directory = directory;
    this.#path = path;
    this.#clock = clock;
    this.#db = db;
    this.#space = space;
    this.#number = this.#readNumber();
  }

  /** Opens, or creates, the file. The store has the directory from now on, and closes it with itself. Rejects with EngineError. */
  static async open(directory: DataDirectory, clock: Clock): Promise<LmdbStore> {
    const path = join(directory.path, FILE);
    let db: Database | undefined;
    let space: FileSpace | undefined;
    try {
      await makeFile(path, directory.path, clock);
      db = openFile(path);
      space = await FileSpace.of(path);
      await space.ensure(FIRST_OCTETS);
      checkFormat(db, directory.path);
      directory.watch(FILE);
      directory.flush();
      return new LmdbStore(directory, path, clock, db, space);
    } catch (cause) {
      await db?.close();
      await space?.close();
      await directory.close();
      if (cause instanceof EngineError) throw cause;
      throw failure(
        `${path} could not be opened`,
        "Is its disk full, or the file damaged? Mend that, or give Palabre another DATA_DIR.",
        cause,
      );
    }
  }

  get number(): number {
    return this.#number;
  }

  #readNumber(): number {
    const number = this.#db.get("number");
    return number === undefined ? 0 : (parse(number) as number);
  }

  load(): Loaded {
    const sessions: KeptSession[] = [];
    for (const { key, value } of this.#db.getRange({ start: ["session"], end: ["session", LAST_TEXT] })) {
      const kept = parseSession(key[1] as SessionId, value);
      if (needsCare(kept)) sessions.push(kept);
    }
    const logs = new Map<RoomName, LogState>();
    for (const { key, value } of this.#db.getRange({ start: ["log"], end: ["log", LAST_TEXT] })) {
      const log = parse(value) as LogState;
      logs.set(key[1] as RoomName, log);
      this.#firsts.set(key[1] as RoomName, log.first);
    }
    return { sessions, logs };
  }

  session(id: SessionId): Readonly<KeptSession> | undefined {
    const value = this.#db.get(["session", id]);
    return value === undefined ? undefined : parseSession(id, value);
  }

  async visitEnded(visit: (kept: Readonly<KeptSession>) => void): Promise<void> {
    let after = "";
    for (let seen = VISIT_AT_ONCE; seen === VISIT_AT_ONCE; ) {
      seen = 0;
      for (const { key, value } of this.#db.getRange({ start: ["session", after], end: ["session", LAST_TEXT], limit: VISIT_AT_ONCE })) {
        const kept = parseSession(key[1] as SessionId, value);
        after = `${kept.session}\0`; // the next key that there could be
        seen++;
        if (!needsCare(kept)) visit(kept);
      }
      await new Promise(setImmediate);
    }
  }

  async write(transaction: Transaction): Promise<void> {
    await this.#attempt(async () => {
      const trimmed = this.#trimmedBy(transaction);
      await this.#makeRoom(pagesOf(transaction) + trimmed.length);
      await this.#put(transaction, trimmed);
    });
    this.#number = transaction.number;
    for (const [room, log] of transaction.logs) {
      if (log === undefined) this.#firsts.delete(room);
      else this.#firsts.set(room, log.first);
    }
  }

  look(): void {
    if (this.#broken !== undefined) throw this.#broken;
    this.#directory.check();
  }

  probe(): Promise<void> {
    return this.#attempt(async () => {
      await this.#makeRoom(Math.max(SPARE_PAGES, this.#missing));
      await this.#db.put("about", this.#db.get("about") as Uint8Array); // it is there since the file was made
    });
  }

  /** What is done is kept when it resolves, and nothing of it where it rejects. */
  async #attempt(write: () => Promise<void>): Promise<void> {
    // Before it, and not after: what is under way while the directory goes away is in the same file as all before it, and shares its fate.
    this.look();
    try {
      await write();
    } catch (error) {
      const cause = await causeOf(error);
      await this.#revive();
      if (this.#broken !== undefined) throw this.#broken;
      throw failure(
        `${this.#path} could not be written`,
        "Is its disk full, or failing? It goes on as soon as it can be written again.",
        cause,
      );
    }
  }

  #trimmedBy({ logs }: Transaction): Key[] {
    const keys: Key[] = [];
    for (const [room, log] of logs) {
      const first = log?.first ?? Number.MAX_SAFE_INTEGER;
      const before = this.#firsts.get(room) ?? 1;
      if (first <= before) continue;
      for (const key of this.#db.getKeys({ start: ["chunk", room, before], end: ["chunk", room, first] })) keys.push(key);
    }
    return keys;
  }

  /**
   * Gives the file the room that a write may take, so that a full disk is met here and not by LMDB: this build of it writes past
   * the end of its own error message then, and the process may die of that.
   */
  async #makeRoom(pages: number): Promise<void> {
    this.#pages += pages;
    if (this.#pages * this.#pageOctets <= this.#space.octets) return;
    const { lastPageNumber, pageSize } = this.#db.getStats() as { lastPageNumber: number; pageSize: number };
    this.#pages = lastPageNumber + 1 + pages;
    this.#pageOctets = pageSize;
    this.#missing = Math.max(this.#missing, pages);
    await this.#space.ensure(this.#pages * pageSize);
    this.#missing = 0;
  }

  /** All within one `batch`: lmdb's writing thread takes it whole, and commits it whole. */
  #put({ number, sessions, logs, chunks }: Transaction, trimmed: readonly Key[]): Promise<boolean> {
    const db = this.#db;
    return db.batch(() => {
      for (const key of trimmed) db.remove(key);
      for (const { room, chunk, record } of chunks) db.put(["chunk", room, chunk.first], record);
      for (const [room, log] of logs) {
        if (log === undefined) db.remove(["log", room]);
        else db.put(["log", room], json(log));
      }
      for (const [id, kept] of sessions) {
        if (kept === undefined) db.remove(["session", id]);
        else db.put(["session", id], json({ ...kept, session: undefined }));
      }
      db.put("number", json(number));
    });
  }

  /**
   * After a failed write. A failure before the very last page leaves the environment usable. One at that page makes LMDB refuse everything,
   * and its binding then waits for ever; so it is opened anew, and what is in it decides whether there is a way on.
   */
  async #revive(): Promise<void> {
    try {
      this.#db.resetReadTxn();
      if (this.#readNumber() === this.#number) return;
    } catch {
      await this.#closeFile();
      try {
        this.#directory.check(); // opening would make another file
        this.#db = openFile(this.#path);
        if (this.#readNumber() === this.#number) return;
      } catch {
        // The next lines say it.
      }
    }
    this.#broken = new RestartError(
      `${this.#path} cannot be written any more since its disk failed. See to the disk, and start Palabre again.`,
    );
  }

  async read(room: RoomName, from: Offset, maxOctets: number): Promise<Chunk[]> {
    const start = this.#startOf(room, from) ?? from;
    const chunks: Chunk[] = [];
    let left = maxOctets;
    for (const key of this.#db.getKeys({ start: ["chunk", room, start], end: ["chunk", room, Number.MAX_SAFE_INTEGER] })) {
      // Not the range's own values: those are views into the file's memory. `get` copies.
      const record = this.#db.get(key);
      if (record === undefined) break;
      const chunk = openChunk(key[2] as Offset, record);
      if (chunk.last < from) continue;
      left -= chunk.octets.length;
      if (left < 0 && chunks.length > 0) break;
      chunks.push(chunk);
    }
    return chunks;
  }

  async startOf(room: RoomName, offset: Offset): Promise<Offset | undefined> {
    return this.#startOf(room, offset);
  }

  /** The last chunk that begins at `offset` or before. */
  #startOf(room: RoomName, offset: Offset): Offset | undefined {
    for (const key of this.#db.getKeys({ start: ["chunk", room, offset], end: ["chunk", room, 0], reverse: true, limit: 1 }))
      return key[2] as Offset;
    return undefined;
  }

  async firstSince(room: RoomName, search: AgeSearch): Promise<Offset | undefined> {
    for (const key of this.#db.getKeys({ start: ["chunk", room, 0], end: ["chunk", room, Number.MAX_SAFE_INTEGER] })) {
      const record = this.#db.get(key);
      if (record !== undefined && search.ends(key[2] as Offset, timeOf(record))) break;
    }
    return search.found;
  }

  async close(): Promise<void> {
    await this.#closeFile();
    await this.#space.close();
    await this.#directory.close();
  }

  /** Waits for what is being written, but not for ever. */
  #closeFile(): Promise<void> {
    return atMost(
      this.#clock,
      CLOSING_MS,
      (async () => this.#db.close())(), // a second time it may throw
    );
  }
}

const FILE = "log.mdb";

/** Generously: for each record the pages on the way to it and one more, for each chunk its own. */
function pagesOf({ sessions, logs, chunks }: Transaction): number {
  let pages = SPARE_PAGES + 4 * (sessions.size + logs.size + chunks.length);
  for (const { record } of chunks) pages += Math.ceil(record.length / LEAST_PAGE_OCTETS);
  return pages;
}

function parseSession(session: SessionId, value: Uint8Array): KeptSession {
  return { ended: undefined, ...(parse(value) as Omit<KeptSession, "session" | "ended">), session };
}

/** Sorts after every room's name and every session's id. */
const LAST_TEXT = "\uffff";

function failure(what: string, advice: string, cause: unknown): EngineError {
  return new EngineError(`${what} (${cause instanceof Error ? cause.message : String(cause)}). ${advice}`, { cause });
}
