import { describe, expect, it } from "vitest";
import { formats } from "./formats.ts";
import { chooseLanguage, LANGUAGES, type Language, wordsOf } from "./languages.ts";

const NOW = new Date(2026, 5, 15, 15).getTime();
const DAY = 24 * 3_600_000;

describe("the language", () => {
  it.each([
    [["fr-CA", "en"], { language: "fr", tag: "fr-CA" }],
    [["xx", "en-GB", "fr"], { language: "en", tag: "en-GB" }],
    [["pt-BR"], { language: "en", tag: "en" }],
    [["fr_broken tag"], { language: "en", tag: "en" }],
    [["constructor"], { language: "en", tag: "en" }],
    [[], { language: "en", tag: "en" }],
  ])("of a person who reads %j is %j", (wanted, choice) => {
    expect(chooseLanguage(wanted)).toEqual(choice);
  });

  it.each(Object.keys(LANGUAGES) as Language[])("%s has something to say everywhere", async (language) => {
    const words = await wordsOf({ language, tag: language });
    expect(words.tag).toBe(language);
    for (const sentence of [...Object.values(words.because), ...Object.values(words.nicknameFault)]) expect(sentence).toMatch(/\S[.!]$/);
    for (const group of ["came", "back", "passed", "left", "lost", "removed"] as const) {
      for (const more of [0, 1, 7]) {
        const sentence = words.moves(group, ["Ana", "Bo"], more);
        expect(sentence).toContain("Ana");
        expect(sentence).toContain("Bo");
        if (more > 0) expect(sentence).toContain(String(more));
      }
    }
    for (const say of [words.newMessages, words.gap, words.peopleCount, words.unsent, words.unlisted, words.splits, words.inSeconds]) {
      for (const count of [1, 2, 5, 21]) expect(say(count)).toMatch(new RegExp(`(^|\\D)${count}(\\D|$)`));
    }
  });

  it("folds comings as English does", async () => {
    const words = await wordsOf({ language: "en", tag: "en-US" });
    expect(words.moves("came", ["Ana", "Bo"], 3)).toBe("Ana, Bo and 3 others came in");
    expect(words.moves("came", ["Ana"], 0)).toBe("Ana came in");
    expect(words.moves("removed", ["Ana"], 0)).toBe("Ana was removed");
    expect(words.newMessages(1)).toBe("1 new message");
    expect(words.newMessages(12_000)).toBe("12,000 new messages");
  });
});

describe("days and times", () => {
  it("are named as people do", () => {
    const { day } = formats("en-GB");
    expect(day(NOW, NOW)).toBe("Today");
    expect(day(NOW - DAY, NOW)).toBe("Yesterday");
    expect(day(NOW - 3 * DAY, NOW)).toBe("Friday 12 June");
    expect(day(new Date(2025, 11, 31, 23).getTime(), NOW)).toMatch(/^Wednesday,? 31 December 2025$/);
    expect(formats("fr").day(NOW, NOW)).toBe("Aujourd’hui");
  });

  it("follow the person's region", () => {
    expect(formats("en-GB").time(NOW)).toBe("15:00");
    expect(formats("en-US").time(NOW)).toMatch(/^3:00\sPM$/);
  });
});
