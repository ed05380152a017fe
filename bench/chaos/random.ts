/** Chance that can be had again: the same seed gives the same numbers. */
export class Random {
  readonly #seed: string;
  #state: number;

  constructor(seed: number | string) {
    this.#seed = String(seed);
    this.#state = hash(this.#seed);
  }

  /** From 0 up to, and not including, 1. */
  next(): number {
    // mulberry32, by Tommy Ettinger.
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from `a` to `b`, both included. */
  between(a: number, b: number): number {
    return a + Math.floor(this.next() * (b - a + 1));
  }

  pick<Value>(list: readonly Value[]): Value {
    if (list.length === 0) throw new Error("There is nothing to pick from.");
    return list[Math.floor(this.next() * list.length)] as Value;
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  /** Chance of its own for a part of the whole: the seed and `name` alone decide it, not what was drawn elsewhere before. */
  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }
}

/** FNV-1a, and then mixed once more: short names that differ little have to give seeds that differ much. */
function hash(text: string): number {
  let mixed = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) mixed = Math.imul(mixed ^ text.charCodeAt(index), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
