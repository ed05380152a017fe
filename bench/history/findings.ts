import type { Violation, ViolationRule } from "./record.ts";

/** How many violations of one rule are told one by one: a run that broke everywhere must not fill the memory. */
export const MOST_OF_ONE_RULE = 1000;

/** What was found wrong, in the order in which it was found. */
export class Findings {
  readonly #found: Violation[] = [];
  readonly #counts = new Map<ViolationRule, number>();

  /** `what` is only asked for where it is kept. */
  add(rule: ViolationRule, what: () => string, where: { client?: string; offset?: number } = {}): void {
    const count = (this.#counts.get(rule) ?? 0) + 1;
    this.#counts.set(rule, count);
    if (count <= MOST_OF_ONE_RULE) this.#found.push({ rule, ...where, what: what() });
  }

  /** All that was found; where it was too much, a last word for each such rule says how much more. */
  violations(): Violation[] {
    const rest = [...this.#counts].filter(([, count]) => count > MOST_OF_ONE_RULE);
    return [...this.#found, ...rest.map(([rule, count]) => ({ rule, what: `and ${count - MOST_OF_ONE_RULE} more of this rule` }))];
  }
}
