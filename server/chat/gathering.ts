import type { Clock } from "../clock.ts";
import type { Chunk } from "../engine/engine.ts";

/**
 * What other nodes append, until it is handed out: at the end of the event loop's turn, or when half of what the last time cost has passed again. Each
 * of many nodes hands out what all of them commit; one by one that would soon be more than it can.
 */
export class Gathering {
  readonly #clock: Clock;
  readonly #hand: (chunk: Chunk) => void;
  #chunks: Chunk[] = [];
  #notBeforeMs = 0;
  #scheduled = false;

  /** `hand` hands out what was gathered, as if it had been appended together. */
  constructor(clock: Clock, hand: (chunk: Chunk) => void) {
    this.#clock = clock;
    this.#hand = hand;
  }

  /** Takes a chunk that follows on the one before. */
  add(chunk: Chunk): void {
    this.#chunks.push(chunk);
    if (this.#scheduled) return;
    this.#scheduled = true;
    const run = () => {
      this.#scheduled = false;
      this.flush();
    };
    const waitMs = this.#notBeforeMs - this.#clock.now();
    if (waitMs <= 0) this.#clock.soon(run);
    else this.#clock.after(waitMs, run);
  }

  /** Hands out what there is, now. */
  flush(): void {
    const chunks = this.#chunks;
    const [first] = chunks;
    const last = chunks.at(-1);
    if (first === undefined || last === undefined) return;
    this.#chunks = [];
    const startedMs = this.#clock.now();
    this.#hand(
      first === last
        ? first
        : { ...last, first: first.first, before: first.before, octets: Buffer.concat(chunks.map(({ octets }) => octets)) },
    );
    const endedMs = this.#clock.now();
    this.#notBeforeMs = endedMs + (endedMs - startedMs) / 2;
  }
}
