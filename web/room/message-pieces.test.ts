import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nicknameKey } from "../../shared/nickname.ts";
import { mentions, messagePieces } from "./message-pieces.ts";

const ana = nicknameKey("Ana");

function links(message: string): string[] {
  return messagePieces(message, ana).flatMap((piece) => (piece.kind === "link" ? [piece.text] : []));
}

describe("links in a message", () => {
  it.each([
    ["see https://example.org/a?b=c#d now", ["https://example.org/a?b=c#d"]],
    ["(http://example.org).", ["http://example.org"]],
    ["https://en.wikipedia.org/wiki/Palaver_(custom), really", ["https://en.wikipedia.org/wiki/Palaver_(custom)"]],
    ["<https://example.org/>", ["https://example.org/"]],
    ["HTTPS://EXAMPLE.ORG and http://b.example!", ["HTTPS://EXAMPLE.ORG", "http://b.example"]],
    ["https:// http://. https://[bad", []],
    ["javascript:alert(1) data:text/html,x file:///etc/passwd ftp://example.org", []],
  ])("%s", (message, expected) => {
    expect(links(message)).toEqual(expected);
  });

  it("lead to http and https only, whatever was typed", () => {
    const scheme = fc.constantFrom("http://", "https://", "HtTp://", "javascript:", "//", "@");
    fc.assert(
      fc.property(fc.array(fc.oneof(scheme, fc.string({ unit: "grapheme" })), { maxLength: 8 }), (parts) => {
        for (const piece of messagePieces(parts.join(""), ana)) {
          if (piece.kind === "link") expect(["http:", "https:"]).toContain(new URL(piece.href).protocol);
        }
      }),
    );
  });

  it("take nothing away and add nothing", () => {
    const part = fc.constantFrom("https://a.example/", "@Ana", "@", ")", ".", " ", "\n", "<b>", "ﬁ", "👩‍🚀", "x");
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const message = parts.join("");
        const pieces = messagePieces(message, ana);
        expect(pieces.map((piece) => piece.text).join("")).toBe(message);
      }),
    );
  });
});

describe("mentions", () => {
  it.each(["@Ana", "@ana: hello", "well, @ANA!", "(@ana)", "hello\n@Ana", "@ａｎａ"])("%s calls Ana", (message) => {
    expect(mentions(message, ana)).toBe(true);
  });

  it.each(["Ana", "@Anna", "@Anastasia", "x@ana", "mail@ana.example", "@ ana", "https://example.org/@ana"])("%s does not", (message) => {
    expect(mentions(message, ana)).toBe(false);
  });

  it("know a name that ends in what a sentence may end in", () => {
    expect(mentions("@Ana!, come", nicknameKey("Ana!"))).toBe(true);
  });
});
