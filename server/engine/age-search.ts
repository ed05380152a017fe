import type { Offset } from "./engine.ts";

/**
 * Finds where the oldest chunk begins that is of `atMs` or later, among chunks in their order. One whose time lies ahead of `nowMs` was
 * noted by a clock that has since been set back: it is as old as the next one whose time can be true, and young where there is none.
 */
export class AgeSearch {
  readonly #atMs: number;
  readonly #nowMs: number;
  #last = 0;
  #ended = false;
  found: Offset | undefined;

  constructor(atMs: number, nowMs: number) {
    this.#atMs = atMs;
    this.#nowMs = nowMs;
  }

  /** Takes the next chunk, or again one that it was shown before; true where no other one needs to be looked at. */
  ends(first: Offset, timeMs: number): boolean {
    if (this.#ended || first <= this.#last) return this.#ended;
    this.#last = first;
    if (timeMs < this.#atMs) this.found = undefined;
    else this.found ??= first;
    this.#ended = timeMs >= this.#atMs && timeMs <= this.#nowMs;
    return this.#ended;
  }
}
