const FIRST_MS = 250;
const LONGEST_MS = 20_000;
/** So long has a connection to last before the next failure counts as the first. */
const GOOD_AFTER_MS = 10_000;

/** Full jitter under 0.25 s that doubles to 20 s. `attempt` counts from 1, `random` is 0 ≤ x < 1. Source: S45. */
export function backoffMs(attempt: number, random: number): number {
  return random * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16));
}

/** When to come back after a server said when: never before, and not everybody together. */
export function jitteredMs(delayMs: number, random: number): number {
  return delayMs + (random * Math.max(delayMs, FIRST_MS)) / 2;
}

/** How often in a row it did not work. */
export class Backoff {
  #failures = 0;
  #openedAtMs: number | undefined;

  /** The number of the attempt that is under way or comes next, from 1. */
  get attempt(): number {
    return this.#failures + 1;
  }

  opened(nowMs: number): void {
    this.#openedAtMs ??= nowMs;
  }

  /** Counts a failure. Gives how long to wait: by the back-off, but at least what the server asked for. */
  failed(nowMs: number, random: number, atLeastMs = 0): number {
    const failures = this.#count(nowMs);
    return Math.max(backoffMs(failures, random), atLeastMs === 0 ? 0 : jitteredMs(atLeastMs, random));
  }

  /** Counts a failure after which `hello` may be said at once: no wait, unless it was not the first in a row. */
  failedOnce(nowMs: number, random: number): number {
    const failures = this.#count(nowMs);
    return failures === 1 ? 0 : backoffMs(failures, random);
  }

  #count(nowMs: number): number {
    if (this.#openedAtMs !== undefined && nowMs - this.#openedAtMs >= GOOD_AFTER_MS) this.#failures = 0;
    this.#openedAtMs = undefined;
    return ++this.#failures;
  }
}
