import type { RoomName } from "../../shared/room-name.ts";
import type { Clock } from "../clock.ts";
import { AgeSearch } from "./age-search.ts";
import { forgottenSessions, isForgotten, rememberedSince } from "./ended-sessions.ts";
import {
  type Chunk,
  type Committed,
  type Engine,
  EngineError,
  type HistoryLimits,
  type LogState,
  type Offset,
  type Operation,
  type SessionId,
  type SessionRecord,
} from "./engine.ts";
import { carryOut } from "./operations.ts";
import { Draft, recordOf, State } from "./state.ts";
import { SteadyTime } from "./steady-time.ts";
import { needsCare, type Store } from "./store.ts";
import { type EngineLog, engineError, Trouble } from "./trouble.ts";

export type { EngineLog };

/** How long a session's `seq` and `turn` are remembered after it ended. Source: S29. */
const MEMORY_MS = 24 * 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Rooms of which nothing was heard for so long are nobody's. */
const UNUSED_FOR_MS = 10 * 60 * 1000;
/** So many sessions are forgotten in one write. */
const FORGET_AT_ONCE = 500;

export type EmbeddedParts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly history: HistoryLimits;
  readonly log: EngineLog;
  readonly limits?: KeptLimits;
};

/** How much is kept beside the logs' packets. */
export type KeptLimits = {
  /** Logs, of rooms in use or not. Above that nobody makes another one. */
  readonly rooms: number;
  /** Sessions that ended within the last day. Above that, and a tenth of it, the oldest are forgotten before their time. */
  readonly endedSessions: number;
};

export const KEPT_LIMITS: KeptLimits = { rooms: 10_000, endedSessions: 100_000 };

/** Something to be done on a draft. What `run` returns is called once the draft is kept. */
type Task = { readonly run: (draft: Draft) => () => void; readonly fail: (error: unknown) => void };

/**
 * The engine in this process: all but the packets is in memory, and a store keeps it.
 *
 * One transaction is written at a time. What is asked for meanwhile, for all rooms, waits and then goes into the next one together. It is
 * worked out on a draft that nobody sees until the store has it; where the store fails, the draft is thrown away, and everything is as it was.
 */
export class EmbeddedEngine implements Engine {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #time: SteadyTime;
  readonly #history: HistoryLimits;
  readonly #limits: KeptLimits;
  #endedSince = 0;
  /** When each room was last opened, or committed to, by the clock's `now`: whoever did may still believe in its log. */
  readonly #usedAtMs = new Map<RoomName, number>();
  readonly #state: State;
  /** Sessions that an earlier process left behind, and that somebody has to look after. */
  readonly #orphans = new Set<SessionId>();
  #tasks: Task[] = [];
  #working: Promise<void> | undefined;
  readonly #trouble: Trouble;
  #probing = false;
  #closed: Promise<void> | undefined;

  private constructor({ store, clock, history, log, limits = KEPT_LIMITS }: EmbeddedParts) {
    this.#store = store;
    this.#clock = clock;
    this.#time = new SteadyTime(clock);
    this.#history = history;
    this.#trouble = new Trouble({ clock, log, tryAgain: () => this.#probeSoon() });
    this.#limits = limits;
    this.#state = new State(store.load(), store.number, store);
    for (const id of this.#state.sessions.keys()) this.#orphans.add(id);
  }

  /** Reads what the store has, and tidies it. The engine closes the store. Rejects with EngineError. */
  static async start(parts: EmbeddedParts): Promise<EmbeddedEngine> {
    try {
      const engine = new EmbeddedEngine(parts);
      await engine.tidy();
      return engine;
    } catch (error) {
      await parts.store.close();
      throw engineError("The log could not be opened", "Mend that, or give Palabre another DATA_DIR.", error);
    }
  }

  async open(room: RoomName): Promise<LogState> {
    this.#usedAtMs.set(room, this.#clock.now());
    return this.#state.logs.get(room) ?? this.#do((draft) => ({ ...draft.log(room) }));
  }

  commit(room: RoomName, operations: readonly Operation[]): Promise<Committed> {
    this.#usedAtMs.set(room, this.#clock.now());
    return this.#do(
      (draft) => carryOut(draft, room, operations, { wallMs: this.#clock.wall(), steadyMs: this.#time.now() }),
      // What is kept is known only when the whole transaction is.
      (carriedOut, draft) => ({ ...carriedOut, first: draft.log(room).first }),
    );
  }

  async read(room: RoomName, after: Offset, maxOctets: number): Promise<Chunk[]> {
    const log = this.#state.logs.get(room);
    if (log === undefined || after >= log.last || log.first > log.last) return [];
    const { last } = log;
    const chunks = await this.#ask(() => this.#store.read(room, Math.max(after + 1, log.first), maxOctets));
    // The store may have what is being written, and not yet announced.
    return chunks.filter((chunk) => chunk.last <= last);
  }

  /** There is no other node. */
  follow(): () => void {
    return () => {};
  }

  async catchUp(): Promise<void> {}

  /** Whoever appended them is here, and knows. */
  async offsets(): Promise<ReadonlyMap<number, Offset>> {
    return new Map();
  }

  /** Nor one that could die. */
  orphans(): () => void {
    return () => {};
  }

  async find(session: SessionId): Promise<SessionRecord | undefined> {
    const kept = await this.#ask(async () => this.#state.session(session));
    return kept === undefined ? undefined : recordOf(kept);
  }

  adopt(): Promise<SessionRecord[]> {
    return this.#do((draft) => {
      const records: SessionRecord[] = [];
      for (const id of this.#orphans) {
        const kept = draft.session(id);
        if (kept === undefined || !needsCare(kept) || draft.lookedAfter.has(id)) continue;
        draft.lookedAfter.add(id);
        records.push(recordOf(kept));
      }
      return records;
    });
  }

  async hasRoomFor(room: RoomName): Promise<boolean> {
    return this.#state.logs.has(room) || this.#state.logs.size < this.#limits.rooms;
  }

  async tidy(): Promise<void> {
    await this.#forgetSessions();
    const nowMs = this.#clock.wall();
    const oldestMs = nowMs - this.#history.days * DAY_MS;
    for (const [room, { first, last }] of [...this.#state.logs]) {
      if (first > last) continue;
      const since = (await this.#ask(() => this.#store.firstSince(room, new AgeSearch(oldestMs, nowMs)))) ?? last + 1;
      if (since > first) await this.#do((draft) => draft.trim(room, since));
    }
    await this.#do((draft) => this.#forgetLogs(draft));
  }

  get well(): boolean {
    this.#look();
    return !this.#trouble.lasts;
  }

  async held(): Promise<number> {
    return this.#state.held;
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#trouble.close();
      await this.#working;
      await this.#store.close();
    })();
    return this.#closed;
  }

  /** Those that ended too long ago; and of those that ended since the oldest, where they are too many. */
  async #forgetSessions(): Promise<void> {
    this.#endedSince = 0;
    const oldestMs = this.#time.now() - MEMORY_MS;
    const sinceMs = await this.#ask(() => rememberedSince(this.#store, oldestMs, this.#limits.endedSessions));
    const forgetting = { oldestMs, sinceMs, latest: (notedMs: number) => this.#time.latest(notedMs) };
    const ids = await this.#ask(() => forgottenSessions(this.#store, forgetting));
    for (let at = 0; at < ids.length; at += FORGET_AT_ONCE) {
      await this.#do((draft) => {
        for (const id of ids.slice(at, at + FORGET_AT_ONCE)) {
          const kept = draft.session(id);
          if (kept !== undefined && isForgotten(kept, forgetting)) draft.forget(id);
        }
      });
    }
  }

  /** Those that keep nothing, that nobody is in, and that nobody used for a while: whoever comes next begins another. */
  #forgetLogs(draft: Draft): void {
    const unusedSinceMs = this.#clock.now() - UNUSED_FOR_MS;
    for (const [room, atMs] of this.#usedAtMs) if (atMs <= unusedSinceMs) this.#usedAtMs.delete(room);
    const inUse = new Set(this.#usedAtMs.keys());
    for (const { room } of this.#state.sessions.values()) inUse.add(room);
    for (const [room, { first, last }] of this.#state.logs) if (first > last && !inUse.has(room)) draft.forgetLog(room);
  }

  /** Does something on the next draft, and gives what came of it once that is kept; `finish` may add what only the whole draft shows. */
  #do<Result>(run: (draft: Draft) => Result): Promise<Result>;
  #do<Interim, Result>(run: (draft: Draft) => Interim, finish: (interim: Interim, draft: Draft) => Result): Promise<Result>;
  #do<Interim>(run: (draft: Draft) => Interim, finish = (interim: Interim, _draft: Draft): unknown => interim): Promise<unknown> {
    if (this.#closed !== undefined) return Promise.reject(new EngineError("The engine is closed: nothing more can be kept."));
    return new Promise((resolve, reject) => {
      this.#tasks.push({
        run: (draft) => {
          const interim = run(draft);
          return () => resolve(finish(interim, draft));
        },
        fail: reject,
      });
      // Not at once: what is asked for in this turn goes together.
      this.#workSoon();
    });
  }

  #workSoon(): void {
    this.#working ??= Promise.resolve().then(() => this.#work());
  }

  async #work(): Promise<void> {
    while (this.#tasks.length > 0 || this.#probing) {
      if (this.#probing) await this.#probe();
      const tasks = this.#tasks;
      this.#tasks = [];
      if (tasks.length > 0) await this.#transact(tasks);
    }
    this.#working = undefined;
  }

  #probeSoon(): void {
    this.#probing = true;
    this.#workSoon();
  }

  #look(): void {
    try {
      this.#store.look();
    } catch (error) {
      this.#trouble.because(error);
    }
  }

  /** Only this ends a trouble: a small write may find room where a larger one did not. */
  async #probe(): Promise<void> {
    this.#probing = false;
    try {
      await this.#store.probe();
      this.#trouble.ends();
    } catch (error) {
      this.#trouble.because(error);
    }
  }

  async #transact(tasks: Task[]): Promise<void> {
    const { draft, done } = this.#carryOut(tasks);
    try {
      await this.#trim(draft);
      if (draft.changed) await this.#store.write(draft);
    } catch (error) {
      const failure = this.#trouble.because(error);
      for (const { fail } of done) fail(failure);
      return;
    }
    this.#state.merge(draft);
    this.#look();
    for (const session of draft.lookedAfter) this.#orphans.delete(session);
    for (const { succeed } of done) succeed();
    this.#count(draft);
  }

  /** Between two times of tidying no more sessions end than a tenth of those that are remembered. */
  #count(draft: Draft): void {
    for (const kept of draft.sessionsChanged()) if (!needsCare(kept)) this.#endedSince++;
    if (this.#endedSince <= this.#limits.endedSessions / 10) return;
    this.#forgetSessions().catch(() => {}); // the engine is in trouble, and says so; it is tried again
  }

  /** All tasks on one draft. One that throws is a mistake of ours: it is left out, and the others are done again without it. */
  #carryOut(tasks: readonly Task[]): { draft: Draft; done: { succeed: () => void; fail: (error: unknown) => void }[] } {
    const draft = new Draft(this.#state, Math.max(1, this.#history.packets));
    const done: { succeed: () => void; fail: (error: unknown) => void }[] = [];
    for (const task of tasks) {
      try {
        done.push({ succeed: task.run(draft), fail: task.fail });
      } catch (error) {
        task.fail(error);
        return this.#carryOut(tasks.filter((other) => other !== task));
      }
    }
    return { draft, done };
  }

  /** Trims the logs that became too long, by whole chunks. */
  async #trim(draft: Draft): Promise<void> {
    const { packets } = this.#history;
    for (const [room, log] of draft.logs) {
      if (log === undefined) continue;
      const { first, last } = log;
      if (last - first + 1 <= 2 * packets) continue;
      const oldest = last - packets + 1;
      const fresh = draft.chunks.findLast((sealed) => sealed.room === room && sealed.chunk.first <= oldest);
      if (packets === 0) draft.trim(room, last + 1);
      else draft.trim(room, fresh?.chunk.first ?? (await this.#store.startOf(room, oldest)) ?? first);
    }
  }

  async #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    if (this.#closed !== undefined) throw new EngineError("The engine is closed: nothing can be read any more.");
    try {
      return await question();
    } catch (error) {
      throw engineError("The log could not be read", "Is the disk failing?", error);
    }
  }
}
