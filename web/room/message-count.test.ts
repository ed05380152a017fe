import * as fc from "fast-check";
import { expect, it } from "vitest";
import { splitMessage } from "../../shared/message.ts";
import { countMessages } from "./message-count.ts";

it("[P10] counts the messages that a text will be sent as", () => {
  expect(countMessages("")).toBe(0);
  expect(countMessages(" \n")).toBe(0);
  expect(countMessages("x".repeat(999))).toBe(1);
  expect(countMessages("x".repeat(1000))).toBe(2);
  expect(countMessages("é".repeat(500))).toBe(2);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 3000, size: "max" }), (text) => {
      expect(countMessages(text)).toBe(splitMessage(text).length);
    }),
    { numRuns: 30 },
  );
});

it("does not take long over a long text", () => {
  expect(countMessages("word ".repeat(200_000))).toBeGreaterThan(1000);
});
