import { expect, it } from "vitest";
import { mend } from "./older-browsers.ts";

/** Takes something away, as if this were a browser that never had it. Returns how to give it back. */
function without(owner: object, name: string): () => void {
  const had = Object.getOwnPropertyDescriptor(owner, name);
  Reflect.deleteProperty(owner, name);
  return () => {
    if (had) Object.defineProperty(owner, name, had);
  };
}

it("a browser of 2020 is given what it lacks, and it does what the real one does", () => {
  const texts = ["", "abc", "e\u0301\u0301x", "👩‍🚀👍🏽!", "a\r\nb", "한국어", "\u0301x"];
  const ask = () => ({
    own: [Object.hasOwn({ a: 1 }, "a"), Object.hasOwn({}, "toString"), Object.hasOwn(Object.create(null), "a")],
    at: [[1, 2, 3].at(-1), [1, 2, 3].at(0), [].at(0), "abc".at(-2)],
    last: [[1, 2, 3, 2, 1].findLastIndex((item) => item > 1), [].findLastIndex(() => true)],
    cut: texts.map((text) => [...new Intl.Segmenter().segment(text)].map(({ segment, index }) => [segment, index])),
  });
  const expected = ask();
  const native = Intl.Segmenter;
  const giveBack = [
    without(Object, "hasOwn"),
    without(Array.prototype, "at"),
    without(String.prototype, "at"),
    without(Array.prototype, "findLastIndex"),
    without(Intl, "Segmenter"),
  ];
  // Only what needs nothing of it may run in between, which the test runner does not.
  let given: ReturnType<typeof ask> | undefined;
  let mended: unknown;
  try {
    mend();
    given = ask();
    mended = Intl.Segmenter;
  } finally {
    for (const back of giveBack) back();
  }
  expect(given).toEqual(expected);
  expect(mended).not.toBe(native);
  expect(Intl.Segmenter).toBe(native);
});
