/**
 * What the code relies on and browsers of 2020 and 2021 do not have. Must be the first import of the page.
 */

Object.hasOwn ??= (object: object, key: PropertyKey) => Object.hasOwn(object, key);

for (const prototype of [Array.prototype, String.prototype] as { at?: (index: number) => unknown }[]) {
  if (prototype.at) continue;
  Object.defineProperty(prototype, "at", {
    configurable: true,
    writable: true,
    value(this: ArrayLike<unknown>, index: number) {
      return this[index < 0 ? this.length + index : index];
    },
  });
}

if (!Array.prototype.findLastIndex) {
  Object.defineProperty(Array.prototype, "findLastIndex", {
    configurable: true,
    writable: true,
    value(this: unknown[], test: (item: unknown, index: number, list: unknown[]) => unknown) {
      for (let index = this.length - 1; index >= 0; index--) if (test(this[index], index, this)) return index;
      return -1;
    },
  });
}

if (!("Segmenter" in Intl)) {
  // Near enough to cut a long text by: a character with the marks after it, and emoji that are joined to one another.
  const GRAPHEME = /\r\n|\P{M}(?:\p{M}|\p{Emoji_Modifier}|\u200D\P{M})*|\p{M}+/gsu;
  class Segmenter {
    *segment(text: string) {
      for (const { 0: segment, index } of text.matchAll(GRAPHEME)) yield { segment, index };
    }
  }
  Object.defineProperty(Intl, "Segmenter", { configurable: true, writable: true, value: Segmenter });
}
