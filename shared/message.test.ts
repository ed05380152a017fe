import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkMessage, normaliseMessage, splitMessage } from "./message.ts";
import { octetLength } from "./octets.ts";
import vectors from "./vectors/packets.json" with { type: "json" };

const named = vectors.message.normalised.map((vector) => ({ why: "", ...vector }));

describe("a message", () => {
  it.each(named)("[P12] $in becomes $out $why", ({ in: typed, out }) => {
    expect(checkMessage(typed)).toEqual({ ok: true, message: out });
  });

  it.each(vectors.message.invalid)("[P12] may not be $why", ({ in: typed, why }) => {
    expect(checkMessage(typed)).toEqual({ ok: false, fault: why.startsWith("1000 octets") ? "too-long" : "empty" });
  });

  it("[P12] may have 999 octets, and is measured after what is removed", () => {
    const longest = "x".repeat(999);
    expect(checkMessage(`  ${longest}\u0007\r\n`)).toEqual({ ok: true, message: longest });
  });

  it("[P12] passes again, unchanged, once it is normalised", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), controls, (text, control) => {
        const message = normaliseMessage(text + control + text);
        expect(normaliseMessage(message)).toBe(message);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
        expect(message).not.toMatch(/[\x00-\x08\x0B-\x1F\x7F-\x9F]/);
        expect(message.trim()).toBe(message);
      }),
      { numRuns: 1000 },
    );
  });
});

const controls = fc.array(fc.constantFrom("\r", "\n", "\t", "\0", "\u0085", " ", "a"), { maxLength: 6 }).map((pieces) => pieces.join(""));

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const token = fc.oneof(
  fc.constantFrom(
    "a",
    "é",
    "日",
    "🌳",
    "e\u0301",
    "\u0301",
    "👩‍👩‍👧‍👦",
    "🇫🇷",
    "각",
    "क्षि",
    " ",
    "\n",
    "\u00A0",
    " \u0301",
    "\r\n",
    "\uD83C",
  ),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }),
  fc.integer({ min: 480, max: 520 }).map((count) => `e${"\u0301".repeat(count)}`), // one grapheme of 961 to 1,041 octets
);
const longText = fc
  .array(fc.tuple(token, fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 250 }))), { minLength: 1, maxLength: 12 })
  .map((runs) => runs.map(([text, times]) => (text.length > 400 ? text : text.repeat(times))).join(""));

/** Where each message lies in the normalised text; between them there is nothing but white space. */
function placesOf(messages: string[], text: string): { from: number; to: number }[] {
  let at = 0;
  const places = messages.map((message) => {
    while (!text.startsWith(message, at)) {
      expect(text.charAt(at), "only white space is left out, and only at a cut").toMatch(/^\s$/);
      at++;
    }
    const from = at;
    at += message.length;
    return { from, to: at };
  });
  expect(at, "nothing is left over").toBe(text.length);
  return places;
}

describe("a text too long for one message", () => {
  it("[P13] becomes messages of 1 to 999 octets, which together say all of it", () => {
    fc.assert(
      fc.property(longText, (text) => {
        const messages = splitMessage(text);
        for (const message of messages) expect(checkMessage(message)).toEqual({ ok: true, message });
        placesOf(messages, normaliseMessage(text));
      }),
      { numRuns: 150 },
    );
  });

  it("[P13] is never cut inside a grapheme that fits into a message", () => {
    fc.assert(
      fc.property(longText, (text) => {
        const whole = normaliseMessage(text);
        const segments = [...graphemes.segment(whole)];
        const ends = new Set(segments.map(({ index, segment }) => index + segment.length));
        const places = placesOf(splitMessage(text), whole);
        for (const [number, { to }] of places.entries()) {
          const next = places[number + 1]?.from ?? to;
          let clean = false;
          for (let cut = to; cut <= next; cut++) clean ||= ends.has(cut);
          if (clean) continue;
          const cutOne = segments.find(({ index, segment }) => index < to && to < index + segment.length);
          expect(octetLength(cutOne?.segment ?? "")).toBeGreaterThan(999);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("[P13] is cut at a space where there is one", () => {
    fc.assert(
      fc.property(longText, (text) => {
        const messages = splitMessage(text);
        const places = placesOf(messages, normaliseMessage(text));
        for (const [number, { to }] of places.entries()) {
          if (to !== places[number + 1]?.from) continue;
          for (const { segment } of graphemes.segment(messages[number] as string)) expect(segment).not.toMatch(/^\s+$/);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("[P13] fills its messages: words that would fit are not pushed on", () => {
    const words = Array.from({ length: 400 }, (_, index) => `word${index}`);
    const messages = splitMessage(words.join(" "));
    expect(messages.join(" ")).toBe(words.join(" "));
    for (const [index, message] of messages.slice(0, -1).entries()) {
      const [next] = (messages[index + 1] as string).split(" ");
      expect(octetLength(`${message} ${next}`)).toBeGreaterThan(999);
    }
  });

  it("[P13] is one message while it fits, and none when it is blank", () => {
    expect(splitMessage(" hi ")).toEqual(["hi"]);
    expect(splitMessage("x".repeat(999))).toEqual(["x".repeat(999)]);
    expect(splitMessage("x".repeat(1000))).toEqual(["x".repeat(999), "x"]);
    expect(splitMessage(" \r\n\0")).toEqual([]);
  });

  it("[P13] keeps a family together", () => {
    const family = "👩‍👩‍👧‍👦"; // 25 octets: 39 of them fit
    expect(splitMessage(family.repeat(40))).toEqual([family.repeat(39), family]);
  });

  it("[P13] is cut between code points where one grapheme is too long for a message", () => {
    const piled = `e${"\u0301".repeat(600)}`; // 1,201 octets
    expect(splitMessage(piled)).toEqual([`e${"\u0301".repeat(499)}`, "\u0301".repeat(101)]);
  });
});
