const owns = Object.prototype.hasOwnProperty;
// Near enough to cut a long text by: a character with the marks after it, and emoji that are joined to one another.
const GRAPHEME = /\r\n|\P{M}(?:\p{M}|\p{Emoji_Modifier}|\u200D\P{M})*|\p{M}+/gsu;

class Segmenter {
  *segment(text: string): Iterable<{ segment: string; index: number }> {
    for (const { 0: segment, index } of text.matchAll(GRAPHEME)) yield { segment, index };
  }
}

function at(this: ArrayLike<unknown>, index: number): unknown {
  return this[index < 0 ? this.length + index : index];
}

function findLastIndex(this: unknown[], test: (item: unknown, index: number, list: unknown[]) => unknown): number {
  for (let index = this.length - 1; index >= 0; index--) if (test(this[index], index, this)) return index;
  return -1;
}

/** Gives a browser what the code relies on and those of 2020 and 2021 do not have. */
export function mend(): void {
  give(Object, "hasOwn", (object: object, key: PropertyKey) => owns.call(object, key));
  give(Array.prototype, "at", at);
  give(String.prototype, "at", at);
  give(Array.prototype, "findLastIndex", findLastIndex);
  give(Intl, "Segmenter", Segmenter);
}

function give(owner: object, name: string, value: unknown): void {
  if (!(name in owner)) Object.defineProperty(owner, name, { configurable: true, writable: true, value });
}

// As this is the first import of the page, nothing else has run yet.
mend();
