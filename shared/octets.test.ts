import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatOctets, decodeUtf8, encodeUtf8, octetLength, truncateOctets } from "./octets.ts";

/** Any UTF-16 units, lone surrogates often among them. */
const anyUnits = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff })), { maxLength: 60 })
  .map((units) => String.fromCharCode(...units));
const anyText = fc.string({ unit: "binary", maxLength: 60 });

describe("octets", () => {
  it("[P1] counts octets as the encoder writes them, lone surrogates included", () => {
    fc.assert(
      fc.property(anyUnits, (text) => {
        expect(octetLength(text)).toBe(encodeUtf8(text).length);
      }),
      { numRuns: 1000 },
    );
  });

  it("[P1] counts élo as 4", () => {
    expect(octetLength("élo")).toBe(4);
  });

  it("[P1] gives back every text that it encoded, a leading U+FEFF included", () => {
    fc.assert(
      fc.property(fc.boolean(), anyText, (marked, text) => {
        const whole = marked ? `\uFEFF${text}` : text;
        expect(decodeUtf8(encodeUtf8(whole))).toBe(whole);
      }),
    );
  });

  it("[P4] knows octets that are not UTF-8, and reads on after them", () => {
    const wrong = [
      [0xff],
      [0x80],
      [0xc3],
      [0xc0, 0xaf],
      [0xe0, 0x80, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf0, 0x9f, 0x8c],
    ];
    for (const octets of wrong) {
      expect(decodeUtf8(Uint8Array.from(octets)), octets.join(" ")).toBeUndefined();
      expect(decodeUtf8(encodeUtf8("é"))).toBe("é");
    }
  });

  it("[P3] cuts a text to at most so many octets, and marks the cut", () => {
    fc.assert(
      fc.property(anyText, fc.nat(100), (text, limit) => {
        const cut = truncateOctets(text, limit);
        expect(octetLength(cut)).toBeLessThanOrEqual(limit);
        if (octetLength(text) <= limit) {
          expect(cut).toBe(text);
        } else {
          const kept = cut.replace(/…$/, "");
          expect(text.startsWith(kept)).toBe(true);
          expect(cut.endsWith("…")).toBe(limit >= 3);
          expect(decodeUtf8(encodeUtf8(cut)), "no code point was cut").toBe(cut);
          // As much as fits: one code point more, and the ellipsis, would have been too much.
          const next = [...text.slice(kept.length)][0] as string;
          expect(octetLength(kept) + octetLength(next) + 3).toBeGreaterThan(limit);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("joins pieces", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 })), (pieces) => {
        expect(concatOctets(pieces)).toEqual(new Uint8Array(Buffer.concat(pieces)));
      }),
    );
  });
});
