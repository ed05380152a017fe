import type { RoomName } from "../../shared/room-name.ts";
import type { Clock } from "../clock.ts";
import type { Committed, Engine, Operation, Outcome } from "../engine/engine.ts";
import type { Backlog } from "./backlog.ts";

/** An operation, and who wants to know what became of it. */
export type Queued = {
  readonly operation: Operation;
  /** Operations that follow each other and belong to one thing are kept together, or none of them is. */
  readonly group?: object;
  /** It is kept. Called in the order of the queue. */
  settle(outcome: Outcome): void;
  /** It is not kept, nor is anything that was queued together with it. */
  fail(cause: unknown): void;
};

/** Operations that go into one commit at the most. */
const MAX_BATCH = 1024;
/** A commit that takes longer than this is slow. */
const SLOW_MS = 250;
/** What senders are told to wait at least and at most. */
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

/**
 * The one ordered queue of all that changes a room. What arrives while the engine is busy is committed together; when nothing is under
 * way a commit starts at the end of the event loop's turn, else not before half of what the last one cost has passed again: small rooms
 * never wait, large ones gather.
 */
export class CommitQueue {
  readonly #room: RoomName;
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #backlog: Backlog;
  readonly #prepare: () => void;
  readonly #committed: (committed: Committed, batch: readonly Queued[]) => void;
  #waiting: Queued[] = [];
  #state: "idle" | "scheduled" | "committing" = "idle";
  #notBeforeMs = 0;
  #committingSinceMs = Number.POSITIVE_INFINITY;
  #settled: (() => void)[] = [];
  /** True when somebody asked for a commit since the last batch was taken. */
  #woken = false;
  #abandoned: { readonly cause: unknown } | undefined;

  /** `prepare` may queue more just before a batch is taken; `committed` settles it and tells everybody. */
  constructor(
    room: RoomName,
    { engine, clock, backlog }: { readonly engine: Engine; readonly clock: Clock; readonly backlog: Backlog },
    prepare: () => void,
    committed: (committed: Committed, batch: readonly Queued[]) => void,
  ) {
    this.#room = room;
    this.#engine = engine;
    this.#clock = clock;
    this.#backlog = backlog;
    this.#prepare = prepare;
    this.#committed = committed;
  }

  get idle(): boolean {
    return this.#state === "idle" && this.#waiting.length === 0;
  }

  /** After how many ms a sender is to try again, where more waits for the engine than it keeps up with; 0 while it does. */
  get retryAfterMs(): number {
    if (!this.#backlog.full) return 0;
    const waitedMs = this.#clock.now() - this.#committingSinceMs;
    return waitedMs < SLOW_MS ? 0 : Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, 2 * waitedMs));
  }

  push(queued: Queued): void {
    if (this.#abandoned !== undefined) return queued.fail(this.#abandoned.cause);
    this.#backlog.add();
    this.#waiting.push(queued);
    this.wake();
  }

  /** Puts operations before all that waits. Only while a batch is prepared. */
  pushFirst(queued: readonly Queued[]): void {
    for (const _ of queued) this.#backlog.add();
    this.#waiting = [...queued, ...this.#waiting];
  }

  /** Starts a commit soon, also for what `prepare` alone may bring. */
  wake(): void {
    this.#woken = true;
    if (this.#state !== "idle") return;
    this.#state = "scheduled";
    const waitMs = this.#notBeforeMs - this.#clock.now();
    if (waitMs <= 0) this.#clock.soon(this.#commit);
    else this.#clock.after(waitMs, this.#commit);
  }

  /** Nothing goes to the engine any more: what waits fails, and so does what is under way and what comes. Resolves when nothing is under way. */
  abandon(cause: unknown): Promise<void> {
    this.#abandoned = { cause };
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#backlog.remove(waiting.length);
    for (const queued of waiting) queued.fail(cause);
    return this.settled();
  }

  /** Resolves when nothing waits and nothing is under way. */
  settled(): Promise<void> {
    if (this.idle) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  readonly #commit = (): void => {
    this.#woken = false;
    this.#prepare();
    if (this.#waiting.length === 0) return this.#rest();
    this.#state = "committing";
    this.#committingSinceMs = this.#clock.now();
    const batch = this.#takeBatch();
    this.#engine
      .commit(
        this.#room,
        batch.map(({ operation }) => operation),
      )
      .then(
        (committed) => {
          if (this.#abandoned !== undefined) return this.#failed(batch, this.#abandoned.cause);
          const startedMs = this.#clock.now();
          this.#taken(batch.length);
          this.#committed(committed, batch);
          const endedMs = this.#clock.now();
          this.#notBeforeMs = endedMs + (endedMs - startedMs) / 2;
          this.#rest();
        },
        (cause: unknown) => this.#failed(batch, cause),
      );
  };

  #failed(batch: readonly Queued[], cause: unknown): void {
    this.#taken(batch.length);
    for (const queued of batch) queued.fail(cause);
    this.#rest();
  }

  /** The engine has answered: from here on it is not behind, also for those who speak up because of the answer. */
  #taken(operations: number): void {
    this.#backlog.remove(operations);
    this.#committingSinceMs = Number.POSITIVE_INFINITY;
  }

  #takeBatch(): readonly Queued[] {
    const waiting = this.#waiting;
    let end = Math.min(waiting.length, MAX_BATCH);
    for (let group = waiting[end - 1]?.group; group !== undefined && waiting[end]?.group === group; ) end++;
    this.#waiting = waiting.slice(end);
    return end === waiting.length ? waiting : waiting.slice(0, end);
  }

  #rest(): void {
    this.#state = "idle";
    if (this.#waiting.length > 0 || this.#woken) return this.wake();
    const settled = this.#settled;
    this.#settled = [];
    for (const resolve of settled) resolve();
  }
}
