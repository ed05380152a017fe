import type { ConnectionClock } from "../../shared/connection/environment.ts";

/** Time that stands still until a test lets it pass. */
export class ManualClock implements ConnectionClock {
  #now = 1000;
  readonly #timers = new Set<{ readonly dueMs: number; readonly run: () => void }>();

  now(): number {
    return this.#now;
  }

  wall(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#now + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ dueMs }) => dueMs <= end).sort((a, b) => a.dueMs - b.dueMs);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = next.dueMs;
      next.run();
    }
    this.#now = end;
  }
}
