/** Every step is a tenth above the one before: what it says is right to a tenth. */
const STEP = Math.log(1.1);

/** How long deliveries took: counted in steps, so that millions cost nothing. */
export class Latency {
  readonly #steps: number[] = [];
  #count = 0;
  #longestMs = 0;

  add(ms: number): void {
    const step = Math.max(0, Math.ceil(Math.log(Math.max(ms, 1)) / STEP));
    this.#steps[step] = (this.#steps[step] ?? 0) + 1;
    this.#count++;
    this.#longestMs = Math.max(this.#longestMs, ms);
  }

  get count(): number {
    return this.#count;
  }

  get longestMs(): number {
    return this.#longestMs;
  }

  /** So long or less took `share` (0 to 1) of all; 0 where there was none. */
  percentileMs(share: number): number {
    let left = share * this.#count;
    for (let step = 0; step < this.#steps.length; step++) {
      left -= this.#steps[step] ?? 0;
      if (left <= 0) return Math.min(Math.exp(step * STEP), this.#longestMs);
    }
    return this.#longestMs;
  }
}
