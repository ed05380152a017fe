import type { Random } from "./random.ts";

/** Something that a person does, all that is drawn for it included. */
export type Doing =
  | { readonly kind: "say"; readonly texts: readonly string[] }
  /** `to` absent: a name that nobody else asks for. */
  | { readonly kind: "rename"; readonly to?: string }
  | { readonly kind: "leave"; readonly awayMs: number; readonly sameNick: boolean }
  /** `linger`: the page says that it closes. `crash`: it does not, and comes back with what it kept last. */
  | { readonly kind: "reload"; readonly how: "linger" | "crash"; readonly awayMs: number }
  /** Goes on over another transport, without a word on the old one. */
  | { readonly kind: "switch"; readonly awayMs: number }
  /** The network begins, or ceases, to let WebSockets through. */
  | { readonly kind: "web-sockets"; readonly work: boolean }
  /** The person looks at the page again. */
  | { readonly kind: "probe" };

export type Step = { readonly afterMs: number; readonly doing: Doing };

export type Pattern = {
  /** How long between two steps, ms, on the average. */
  readonly everyMs: number;
  /** Nobody comes, goes or takes another name. */
  readonly steady: boolean;
  /** Only talks, but for this share of the steps, which change the transport. */
  readonly switching?: number;
};

/** Names that several people want. Some of them are the same. */
const WANTED = ["Zoé", "zoé", "Ada", "ADA", "Straße", "STRASSE", "李", "🐙"];
const FILLINGS = ["", "", "", " é", " 🐙🏽", " ß ü", ` ${"long ".repeat(30)}end`, " 11111", ' {"type":"leave"}', " <b>&"];

/** What one person will do, drawn from nothing but `random`. Every text is unique over the run as `name` is. */
export class Doings {
  readonly #name: string;
  readonly #pattern: Pattern;
  readonly #random: Random;
  #said = 0;
  #webSocketsWork = true;

  constructor(name: string, pattern: Pattern, random: Random) {
    this.#name = name;
    this.#pattern = pattern;
    this.#random = random;
  }

  next(): Step {
    const { everyMs } = this.#pattern;
    // Exponential, so that some come close together: as people's doings do.
    const afterMs = Math.min(-Math.log(1 - this.#random.next()) * everyMs, everyMs * 5);
    return { afterMs, doing: this.#doing() };
  }

  #doing(): Doing {
    const random = this.#random;
    const { switching } = this.#pattern;
    if (switching !== undefined)
      return random.chance(switching) ? { kind: "switch", awayMs: random.between(0, 20) } : { kind: "say", texts: [this.#text()] };
    const drawn = random.next();
    if (drawn < 0.84) return { kind: "say", texts: [this.#text()] };
    if (drawn < 0.86) return { kind: "say", texts: Array.from({ length: random.between(4, 24) }, () => this.#text()) };
    if (drawn < 0.89) return { kind: "probe" };
    if (drawn < 0.92) return { kind: "switch", awayMs: random.between(0, 500) };
    if (drawn < 0.94)
      return { kind: "reload", how: this.#pattern.steady || random.chance(0.5) ? "crash" : "linger", awayMs: random.between(20, 1500) };
    if (drawn < 0.96) {
      this.#webSocketsWork = !this.#webSocketsWork;
      return { kind: "web-sockets", work: this.#webSocketsWork };
    }
    if (this.#pattern.steady) return { kind: "say", texts: [this.#text()] };
    if (drawn < 0.985) return random.chance(0.5) ? { kind: "rename" } : { kind: "rename", to: random.pick(WANTED) };
    return { kind: "leave", awayMs: random.between(50, 3000), sameNick: random.chance(0.5) };
  }

  #text(): string {
    return `${this.#name} ${++this.#said}${this.#random.pick(FILLINGS)}`;
  }
}
