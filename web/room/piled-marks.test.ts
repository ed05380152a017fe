import { expect, it } from "vitest";
import { hasPiledMarks } from "./piled-marks.ts";

it.each(["Z\u0335\u0341\u035b\u0302\u0300algo", `a${"\u0301".repeat(500)}`])("sees marks piled up in %j", (text) => {
  expect(hasPiledMarks(text)).toBe(true);
});

it.each(["", "plain", "Việt Nam", "Vie\u0323\u0302t", "בְּרֵאשִׁ֖ית", "ที่นี่", "नमस्ते", "مُحَمَّدٌ", "བརྒྱད", "👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽"])(
  "takes %j for what it is",
  (text) => {
    expect(hasPiledMarks(text)).toBe(false);
  },
);
