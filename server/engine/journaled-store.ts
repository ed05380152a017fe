import type { RoomName } from "../../shared/room-name.ts";
import type { Clock } from "../clock.ts";
import type { AgeSearch } from "./age-search.ts";
import type { Chunk, LogState, Offset, SessionId } from "./engine.ts";
import type { Journal } from "./journal.ts";
import { type KeptSession, type Loaded, needsCare, PlaceError, type Store, type Transaction } from "./store.ts";
import { atMost } from "./time-limit.ts";

/** From here on the journal begins anew as soon as nothing of it is needed. */
const RESET_OCTETS = 1024 * 1024;
/** So far the store behind may be behind: then writing waits for it. */
const MAX_OCTETS = 64 * 1024 * 1024;
/** What a new message may take. */
const LEAST_PROBE_OCTETS = 64 * 1024;
/** How soon a store that failed is tried again. */
const RETRY_MS = 1000;
/** How long closing waits for the store. What it does not have by then is in the journal. */
const CLOSING_MS = 5000;

type Waiter = { readonly number: number; readonly resolve: () => void; readonly reject: (cause: unknown) => void };
type Parts = { readonly clock: Clock; readonly log: { error(fields: object, message: string): void } };

/**
 * A write is kept when the operating system has it in a journal, which takes no flush: it survives a crash of the process, not a loss
 * of power. The store behind, which flushes, follows in the background, with many transactions in one where it is slow; a loss of power
 * leaves it whole, as it was a moment ago. Measured with flushes made to take 10 ms: 0.04 ms for a commit, instead of 11.
 */
export class JournaledStore implements Store {
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #log: Parts["log"];
  #pending: Transaction[] = [];
  /** The last transaction that the journal has, and the last one that the store has. */
  #journaled: number;
  #stored: number;
  #draining: Promise<void> | undefined;
  #waiters: Waiter[] = [];
  /** Why the store does not follow at the moment. */
  #failure: unknown;
  /** As many octets did the last append ask for that failed. */
  #missing = 0;
  #closing = false;
  #wake = (): void => {};

  /** `journal` is empty, or `replay` was called for it. */
  constructor(store: Store, journal: Journal, { clock, log }: Parts) {
    this.#store = store;
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
    this.#journaled = this.#stored = store.number;
  }

  get number(): number {
    return this.#journaled;
  }

  load(): Loaded {
    return this.#store.load();
  }

  async write(transaction: Transaction): Promise<void> {
    await this.#makeReady();
    try {
      await this.#journal.append(transaction);
    } catch (cause) {
      this.#missing = Math.max(this.#missing, octetsOf(transaction));
      throw cause;
    }
    this.#journaled = transaction.number;
    this.#pending.push(transaction);
    this.#draining ??= this.#drain();
  }

  /** While the store does not follow, what is acknowledged is in the journal alone: that is a trouble, though nothing is refused for it. */
  look(): void {
    const trouble = this.#trouble();
    if (trouble !== undefined) throw trouble;
  }

  #trouble(): unknown {
    try {
      this.#store.look();
    } catch (cause) {
      return cause;
    }
    return this.#failure;
  }

  async probe(): Promise<void> {
    await this.#makeReady();
    await this.#journal.probe(Math.max(LEAST_PROBE_OCTETS, this.#missing));
    this.look();
    this.#missing = 0;
  }

  /** Sees to it that the journal can take what comes next. */
  async #makeReady(): Promise<void> {
    const trouble = this.#trouble();
    // A journal beside a log that is gone is no use to anybody. Any other trouble is what it is there for.
    if (trouble instanceof PlaceError) throw trouble;
    if (this.#journal.octets > MAX_OCTETS) await this.#caughtUp();
    if (!this.#journal.inPlace) {
      await this.#caughtUp();
      await this.#journal.renew();
      this.#log.error({}, "the journal was moved or deleted; all that was in it is in the log, and a new one is begun");
    }
    if (this.#journal.octets > RESET_OCTETS && this.#stored === this.#journaled) await this.#journal.reset();
  }

  session(id: SessionId): Readonly<KeptSession> | undefined {
    const newest = this.#pending.findLast(({ sessions }) => sessions.has(id));
    return newest === undefined ? this.#store.session(id) : newest.sessions.get(id);
  }

  async visitEnded(visit: (kept: Readonly<KeptSession>) => void): Promise<void> {
    const newer = new Map(this.#pending.flatMap(({ sessions }) => [...sessions]));
    await this.#store.visitEnded((kept) => {
      if (!newer.has(kept.session)) visit(kept);
    });
    for (const kept of newer.values()) if (kept !== undefined && !needsCare(kept)) visit(kept);
  }

  async read(room: RoomName, from: Offset, maxOctets: number): Promise<Chunk[]> {
    // Taken before the store is asked: what it gets meanwhile is in both, and not in none.
    const { first, pending, anew } = this.#pendingOf(room);
    let next = Math.max(from, first);
    const chunks = anew ? [] : await this.#store.read(room, next, maxOctets);
    let left = maxOctets;
    for (const { last, octets } of chunks) {
      next = last + 1;
      left -= octets.length;
    }
    for (const chunk of pending) {
      if (chunk.last < next) continue;
      left -= chunk.octets.length;
      if (chunks.length > 0 && (chunk.first > next || left < 0)) break;
      chunks.push(chunk);
      next = chunk.last + 1;
    }
    return chunks;
  }

  async startOf(room: RoomName, offset: Offset): Promise<Offset | undefined> {
    const { first, pending, anew } = this.#pendingOf(room);
    if (offset < first) return undefined;
    const start = pending.find((chunk) => chunk.first <= offset && offset <= chunk.last)?.first;
    return start ?? (anew ? undefined : this.#store.startOf(room, offset));
  }

  async firstSince(room: RoomName, search: AgeSearch): Promise<Offset | undefined> {
    const { first, pending, anew } = this.#pendingOf(room);
    if (!anew) await this.#store.firstSince(room, search);
    for (const chunk of pending) if (search.ends(chunk.first, chunk.at)) break;
    return search.found === undefined ? undefined : Math.max(search.found, first);
  }

  /**
   * What the store has not, or has only just: where the log begins (0 where that did not change), and its newest chunks. `anew`: what
   * the store has is of a log that was forgotten.
   */
  #pendingOf(room: RoomName): { first: Offset; pending: Chunk[]; anew: boolean } {
    let first = 0;
    let anew = false;
    let pending: Chunk[] = [];
    for (const { logs, chunks } of this.#pending) {
      if (logs.has(room) && logs.get(room) === undefined) {
        anew = true;
        first = 0;
        pending = [];
      }
      first = logs.get(room)?.first ?? first;
      for (const sealed of chunks) if (sealed.room === room) pending.push(sealed.chunk);
    }
    return { first, pending, anew };
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#wake();
    await atMost(this.#clock, CLOSING_MS, this.#draining);
    if (this.#stored === this.#journaled) await this.#journal.reset();
    await this.#journal.close();
    await this.#store.close();
  }

  /** Resolves when the store has what the journal has now; rejects where the store fails. */
  #caughtUp(): Promise<void> {
    if (this.#stored === this.#journaled) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ number: this.#journaled, resolve, reject }));
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const count = mergeable(this.#pending);
      const merged = mergeTransactions(this.#pending.slice(0, count));
      try {
        await this.#store.write(merged);
      } catch (cause) {
        this.#failed(cause);
        if (this.#closing) break;
        await this.#pause();
        continue;
      }
      this.#failure = undefined;
      this.#pending = this.#pending.slice(count);
      this.#stored = merged.number;
      const waiters = this.#waiters;
      this.#waiters = waiters.filter(({ number }) => number > merged.number);
      for (const { number, resolve } of waiters) if (number <= merged.number) resolve();
    }
    this.#draining = undefined;
  }

  #failed(cause: unknown): void {
    this.#failure = cause;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiters) reject(cause);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(RETRY_MS, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** About what an entry for it takes. */
function octetsOf({ sessions, chunks }: Transaction): number {
  return chunks.reduce((sum, { record }) => sum + record.length, 1000 * sessions.size);
}

/** Gives a store what the journal has and it has not. Of a journal that a loss of power tore, what follows the gap is lost. */
export async function replay(journal: Journal, store: Store): Promise<void> {
  const { number } = store;
  const missing: Transaction[] = [];
  for (const transaction of await journal.read()) {
    if (transaction.number <= number) continue;
    if (transaction.number !== number + missing.length + 1) break;
    missing.push(transaction);
  }
  for (let at = 0; at < missing.length; ) {
    const rest = missing.slice(at);
    const count = mergeable(rest);
    await store.write(mergeTransactions(rest.slice(0, count)));
    at += count;
  }
  await journal.reset();
}

/** How many of these (one or more) can be one transaction: a log that is forgotten and the one that follows it under its name are never in the same. */
export function mergeable(transactions: readonly Transaction[]): number {
  const forgotten = new Set<RoomName>();
  for (const [index, { logs }] of transactions.entries()) {
    for (const [room, log] of logs) if (log !== undefined && forgotten.has(room)) return index;
    for (const [room, log] of logs) if (log === undefined) forgotten.add(room);
  }
  return transactions.length;
}

/** One transaction that does what these (one or more) do one after the other. */
export function mergeTransactions(transactions: readonly Transaction[]): Transaction {
  const [only] = transactions;
  if (only !== undefined && transactions.length === 1) return only;
  const sessions = new Map<SessionId, Readonly<KeptSession> | undefined>();
  const logs = new Map<RoomName, LogState | undefined>();
  for (const transaction of transactions) {
    for (const [id, kept] of transaction.sessions) sessions.set(id, kept);
    for (const [room, log] of transaction.logs) logs.set(room, log);
  }
  const chunks = transactions
    .flatMap((transaction) => transaction.chunks)
    .filter(({ room, chunk }) => !logs.has(room) || chunk.first >= (logs.get(room)?.first ?? Number.POSITIVE_INFINITY));
  return { number: transactions.at(-1)?.number ?? 0, sessions, logs, chunks };
}
