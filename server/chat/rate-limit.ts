/** A token bucket's size: `burst` at once, `perSecond` in the long run. 0 in either lifts it. */
export type Rate = { readonly burst: number; readonly perSecond: number };

/** What one session, or one address, may still spend. Source: S21. */
export class RateLimit {
  readonly #rate: Rate;
  #tokens: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#atMs = nowMs;
  }

  /** Spends one; gives 0, or after how many ms there is one to spend. */
  spend(nowMs: number): number {
    const { burst, perSecond } = this.#rate;
    if (burst === 0 || perSecond === 0) return 0;
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, nowMs - this.#atMs) * perSecond) / 1000);
    this.#atMs = nowMs;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil(((1 - this.#tokens) * 1000) / perSecond));
  }

  /** True when it is as it was at first: nothing is lost by forgetting it. */
  isFull(nowMs: number): boolean {
    return this.#tokens + ((nowMs - this.#atMs) * this.#rate.perSecond) / 1000 >= this.#rate.burst;
  }
}
