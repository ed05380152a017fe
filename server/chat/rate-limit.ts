/** A token bucket's size: `burst` at once, `perSecond` in the long run. 0 in either lifts it. */
export type Rate = { readonly burst: number; readonly perSecond: number };

/** Rounding must not refuse what was promised. */
const ROUNDING_MS = 1e-6;

/**
 * What one session, or one address, may still spend. Kept as the one moment at which the bucket will be full again (the generic cell rate
 * algorithm), so that whoever waits for as long as they were told is let through. Source: S21.
 */
export class RateLimit {
  readonly #everyMs: number;
  readonly #burstMs: number;
  #fullAtMs = Number.NEGATIVE_INFINITY;

  constructor({ burst, perSecond }: Rate) {
    const lifted = burst === 0 || perSecond === 0;
    this.#everyMs = lifted ? 0 : 1000 / perSecond;
    this.#burstMs = lifted ? 0 : (burst - 1) * this.#everyMs;
  }

  /** Spends one; gives 0, or after how many ms there is one to spend. */
  spend(nowMs: number): number {
    const fullAtMs = Math.max(this.#fullAtMs, nowMs);
    const waitMs = fullAtMs - nowMs - this.#burstMs;
    if (waitMs > ROUNDING_MS) return Math.ceil(waitMs - ROUNDING_MS);
    this.#fullAtMs = fullAtMs + this.#everyMs;
    return 0;
  }

  /** True when it is as it was at first: nothing is lost by forgetting it. */
  isFull(nowMs: number): boolean {
    return this.#fullAtMs <= nowMs;
  }
}
