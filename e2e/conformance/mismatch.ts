import { isDeepStrictEqual } from "node:util";

/** Something is not as the protocol says. */
export class Mismatch extends Error {
  readonly expected: string;
  readonly came: string;

  constructor(what: string, expected: unknown, came: unknown) {
    super(what);
    this.name = "Mismatch";
    this.expected = written(expected);
    this.came = written(came);
  }
}

/** Both are the same, deeply. */
export function same(came: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(came, expected)) throw new Mismatch(what, expected, came);
}

/** What came has each of these fields; others do not matter. */
export function fits(came: object | undefined, expected: Readonly<Record<string, unknown>>, what: string): void {
  const fields = (came ?? {}) as Record<string, unknown>;
  for (const [name, value] of Object.entries(expected)) {
    if (!isDeepStrictEqual(fields[name], value)) throw new Mismatch(what, expected, came);
  }
}

/** `true` is what is expected; `expected` says it in words. */
export function holds(isSo: boolean, expected: string, came: unknown, what: string): void {
  if (!isSo) throw new Mismatch(what, `(${expected})`, came);
}

const LONGEST = 600;

function written(value: unknown): string {
  const text = typeof value === "string" && value.startsWith("(") ? value.slice(1, -1) : (JSON.stringify(value) ?? "nothing");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
}
