import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_NICK_OCTETS } from "./limits.ts";
import { checkNickname, type NicknameFault, nicknameKey } from "./nickname.ts";
import { octetLength } from "./octets.ts";
import vectors from "./vectors/packets.json" with { type: "json" };

const faults: Record<string, NicknameFault> = {
  empty: "empty",
  space: "white-space",
  "no-break space": "white-space",
  tab: "white-space",
  "line feed": "white-space",
  "16 characters": "too-long",
  "16 code points": "too-long",
};

// Letters in all their cases and forms, marks, emoji and what joins them, and what is refused.
const piece = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }),
  fc.string({ unit: "binary", minLength: 1, maxLength: 2 }),
  fc.constantFrom(..."aZéÉßſıİΣσςΐŉǅǆﬁＡａ①Å\u212B\u0301\u0345ª½日🌳❤👩👦🏽⚧🏳1"),
  fc.constantFrom("\u200D", "\uFE0F", "\uFE0E", "👩‍👩‍👧‍👦", "❤️", "🏳️‍⚧️", "🕵🏽‍♂️"),
);
const typed = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(""));
const valid = typed.filter((text) => checkNickname(text).ok);

function keyOf(text: string): string {
  const checked = checkNickname(text);
  if (!checked.ok) throw new Error(`${JSON.stringify(text)} is ${checked.fault}`);
  return checked.key;
}

describe("a nickname", () => {
  it.each(vectors.nick.valid)("[P9] may be %j", (nick) => {
    expect(checkNickname(nick)).toEqual({ ok: true, nick: nick.normalize("NFC"), key: nicknameKey(nick) });
  });

  it.each(vectors.nick.invalid)("[P9] may not be $nick: $why", ({ nick, why }) => {
    expect(checkNickname(nick)).toEqual({ ok: false, fault: faults[why] ?? "invisible" });
  });

  it("[P9] is counted in code points, after NFC", () => {
    expect(checkNickname("e\u0301".repeat(15))).toMatchObject({ ok: true, nick: "é".repeat(15) });
    expect(checkNickname("e\u0301".repeat(16))).toEqual({ ok: false, fault: "too-long" });
    expect(checkNickname("🌳".repeat(15)).ok).toBe(true);
  });

  it.each([
    ["a lone surrogate", "a\uD83C"],
    ["a joiner after an emoji that joins nothing", "🌳\u200D"],
    ["a joiner between letters", "a\u200Db"],
    ["a second variation selector", "❤\uFE0F\uFE0F"],
    ["a left-to-right mark", "a\u200E"],
    ["a word joiner", "a\u2060"],
    ["a tag letter", "🌳\u{E0061}"],
    ["a supplementary private-use code point", "a\u{F0000}"],
    ["a C1 control that is no white space", "a\u0080"],
  ])("[P9] may not hold %s", (_why, nick) => {
    expect(checkNickname(nick)).toEqual({ ok: false, fault: "invisible" });
  });

  it.each(["🏳️‍⚧️", "🕵🏽‍♂️", "☝🏽", "❤︎", "a❤️b", "🌳❤️"])("[P9] may hold emoji, joined or varied: %s", (nick) => {
    expect(checkNickname(nick)).toMatchObject({ ok: true, nick });
  });

  it("[P9] passes again, unchanged, once it passed", () => {
    fc.assert(
      fc.property(valid, (text) => {
        const once = checkNickname(text);
        expect(once.ok && checkNickname(once.nick)).toEqual(once);
      }),
      { numRuns: 1000 },
    );
  });

  it("[P9] holds nothing that cannot be seen, and fits into a packet", () => {
    fc.assert(
      fc.property(valid, (text) => {
        const checked = checkNickname(text);
        const nick = checked.ok ? checked.nick : "";
        expect(nick).toBe(text.normalize("NFC"));
        expect([...nick].length).toBeLessThanOrEqual(15);
        expect(octetLength(nick)).toBeLessThanOrEqual(MAX_NICK_OCTETS);
        expect(nick).not.toMatch(/[\s\p{Cc}\p{Cs}\p{Co}\p{Cn}]/u);
        for (const letter of nick.match(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu) ?? []) expect("\u200D\uFE0E\uFE0F").toContain(letter);
      }),
      { numRuns: 1000 },
    );
  });

  it("[P9] may be checked whatever it is: nothing throws", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 16 }), (units) => {
        const text = String.fromCharCode(...units);
        expect(typeof checkNickname(text).ok).toBe("boolean");
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the key of a nickname", () => {
  it.each(vectors.nick.same)("[P10] is the same for %s and %s", (one, other) => {
    expect(keyOf(one)).toBe(keyOf(other));
  });

  it.each(vectors.nick.different)("[P10] is another for %s and %s", (one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });

  // U+1E9E is the one letter that upper case leaves alone and lower case makes a letter (ß) that upper case does not.
  const plain = valid.map((text) => text.normalize("NFC").replaceAll("\u1E9E", "ß"));

  it("[P10] is its own key", () => {
    fc.assert(
      fc.property(plain, (nick) => {
        expect(nicknameKey(nicknameKey(nick))).toBe(nicknameKey(nick));
      }),
      { numRuns: 2000 },
    );
  });

  it("[P10] is the same in every form of Unicode", () => {
    fc.assert(
      fc.property(valid, fc.constantFrom("NFC", "NFD", "NFKC", "NFKD"), (nick, form) => {
        expect(nicknameKey(nick.normalize(form))).toBe(nicknameKey(nick));
      }),
      { numRuns: 2000 },
    );
  });

  it("[P10] is the same in upper case and in lower case, for every letter", () => {
    for (let point = 0; point <= 0x10ffff; point++) {
      if (point === 0x1e9e || (point >= 0xd800 && point <= 0xdfff)) continue;
      const letter = String.fromCodePoint(point).normalize("NFC");
      const upper = letter.toUpperCase();
      const lower = letter.toLowerCase();
      if (upper === letter && lower === letter) continue;
      const key = nicknameKey(letter);
      if (nicknameKey(upper) !== key || nicknameKey(lower) !== key) expect.fail(`U+${point.toString(16)} ${letter} ${upper} ${lower}`);
    }
  });

  it("[P10] is what the formula says for U+1E9E, too: ß, while the key of ß is ss", () => {
    expect(nicknameKey("\u1E9E")).toBe("ß");
    expect(nicknameKey("ß")).toBe("ss");
  });
});
