/** What the client leaves of the burst for `hello` and for what arrives closer together than it was sent. */
const RESERVE = 2;
/** So long at the most nothing is sent for one refusal: a server that means longer says so again. */
const LONGEST_BLOCK_MS = 60_000;

/** The client's own count of its session's budget, so that what is pasted is slow and not refused. Source: S21. */
export class Pace {
  #burst = 0;
  #perSecond = 0;
  #tokens = 0;
  #atMs = 0;
  #blockedUntilMs = Number.NEGATIVE_INFINITY;

  /** Takes over `welcome.limits.rate`; 0 in either lifts it. What was spent stays spent. */
  limit({ burst, perSecond }: { burst: number; perSecond: number }, nowMs: number): void {
    const first = this.#burst === 0;
    const size = burst === 0 || perSecond === 0 ? 0 : Math.max(1, burst - RESERVE);
    this.#refill(nowMs);
    this.#burst = size;
    this.#perSecond = perSecond;
    this.#tokens = first ? size : Math.min(this.#tokens, size);
  }

  /** How many may be sent now. */
  allowance(nowMs: number): number {
    if (nowMs < this.#blockedUntilMs) return 0;
    if (this.#burst === 0) return Number.POSITIVE_INFINITY;
    this.#refill(nowMs);
    return Math.max(0, Math.floor(this.#tokens + 1e-9));
  }

  /** After how long one more may be sent, ms. */
  waitMs(nowMs: number): number {
    if (nowMs < this.#blockedUntilMs) return this.#blockedUntilMs - nowMs;
    if (this.allowance(nowMs) >= 1) return 0;
    return Math.max(1, ((1 - this.#tokens) * 1000) / this.#perSecond);
  }

  spend(count: number, nowMs: number): void {
    if (this.#burst === 0) return;
    this.#refill(nowMs);
    this.#tokens = Math.max(this.#tokens - count, -this.#burst);
  }

  /** The server's count was lower: nothing for `retryAfterMs`, and from then on one at a time. */
  block(retryAfterMs: number, nowMs: number): void {
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, nowMs + Math.min(retryAfterMs, LONGEST_BLOCK_MS));
    this.#tokens = Math.min(1, this.#burst);
    this.#atMs = this.#blockedUntilMs;
  }

  #refill(nowMs: number): void {
    if (nowMs <= this.#atMs) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#atMs) * this.#perSecond) / 1000);
    this.#atMs = nowMs;
  }
}
