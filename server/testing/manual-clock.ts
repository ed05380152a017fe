import type { Clock } from "../clock.ts";

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now = 1_000;
  #wall = Date.UTC(2026, 0, 1);
  #timers = new Set<{ dueMs: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#wall;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#now + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  soon(run: () => void): void {
    setImmediate(run);
  }

  /** Lets `ms` pass, and calls what falls due on the way, in order of time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      let next: { dueMs: number; run: () => void } | undefined;
      for (const timer of this.#timers) if (timer.dueMs <= end && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#wall += Math.max(0, next.dueMs - this.#now);
      this.#now = Math.max(this.#now, next.dueMs);
      next.run();
    }
    this.#wall += end - this.#now;
    this.#now = end;
  }

  /** Sets the system's clock forward or back, as an operator or NTP does; monotonic time goes on undisturbed. */
  stepWall(ms: number): void {
    this.#wall += ms;
  }
}
