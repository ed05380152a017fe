import type { Socket } from "node:net";

export type Terms = {
  /** `hold`: it comes later; `lose`: it never does, nor does anything after it on that connection. */
  way: "pass" | "hold" | "lose";
  delayMs: number;
  /** What the network makes of it, of the same length. */
  rewrite: ((octets: Buffer) => Buffer) | undefined;
};

/** One direction of one connection. */
export class Flow {
  readonly #terms: () => Terms;
  readonly #to: Socket;
  readonly #waiting: { readonly octets: Buffer | "end"; readonly dueMs: number }[] = [];
  #lost = false;

  /** `terms`: as they are at that moment. */
  constructor(terms: () => Terms, to: Socket) {
    this.#terms = terms;
    this.#to = to;
  }

  push(octets: Buffer): void {
    this.#add(this.#terms().rewrite?.(octets) ?? octets);
  }

  /** What was pushed goes first. */
  end(): void {
    this.#add("end");
  }

  go(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#terms().way === "hold") return;
      const leftMs = next.dueMs - performance.now();
      if (leftMs > 0) return void setTimeout(() => this.go(), leftMs);
      this.#waiting.shift();
      if (this.#to.destroyed) continue;
      if (next.octets === "end") this.#to.end(() => this.#to.destroy());
      else this.#to.write(next.octets);
    }
  }

  #add(octets: Buffer | "end"): void {
    const { way, delayMs } = this.#terms();
    this.#lost ||= way === "lose";
    if (this.#lost) return;
    this.#waiting.push({ octets, dueMs: performance.now() + delayMs });
    this.go();
  }
}
