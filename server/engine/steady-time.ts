import type { Clock } from "../clock.ts";

/** By so much a clock may have been set between two runs. */
const STEP_MS = 12 * 60 * 60 * 1000;

/**
 * Time since the epoch that never steps while this process runs, however the system's clock is set: for how long ago something is, where
 * being wrong is worse than being late. Only between two runs there is nothing but the system's clock to go by.
 */
export class SteadyTime {
  readonly #clock: Clock;
  readonly #startedAtMs: number;
  readonly #aheadMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAtMs = clock.wall();
    this.#aheadMs = this.#startedAtMs - clock.now();
  }

  now(): number {
    return this.#clock.now() + this.#aheadMs;
  }

  /**
   * The latest moment, as of now, that a moment which some run noted can have been. This run's notes are exact. An earlier run's may be
   * off by half a day, and what lies ahead by more; but they were noted before this run began.
   */
  latest(notedMs: number): number {
    if (notedMs >= this.#startedAtMs && notedMs <= this.now()) return notedMs;
    return Math.min(this.#startedAtMs, notedMs + STEP_MS);
  }
}
