import { beforeAll, describe, expect, it } from "vitest";
import { parseInput } from "../room/command.ts";
import { formats, type PluralForms } from "./formats.ts";
import { chooseLanguage, LANGUAGES, type Language, wordsOf } from "./languages.ts";
import type { Words } from "./words.ts";

const languages = Object.keys(LANGUAGES) as Language[];
const GROUPS = ["came", "back", "passed", "left", "lost", "removed"] as const;
// At least one for every plural form that any of the languages has.
const COUNTS = [0, 1, 2, 3, 5, 11, 21, 100, 101, 1_000_000];
// What WithNames puts in place of names.
const [A, B, C] = ["\uE000", "\uE001", "\uE002"] as const;

type Say = (...given: never[]) => string;
type Sayings = { [Key in keyof Words as Words[Key] extends Say ? Key : never]: readonly Parameters<Extract<Words[Key], Say>>[] };
const counts = COUNTS.map((count) => [count] as [number]);

/** What every sentence that depends on something is asked to say. */
const GIVEN: Sayings = {
  joinAs: [[A]],
  tryingAgainIn: counts,
  roundTrip: [[23.4], [1_250]],
  inSeconds: counts,
  waiting: counts,
  room: [["garden"]],
  unsent: counts,
  newMessages: counts,
  gap: counts,
  moves: GROUPS.flatMap((group) => [[group, [A], 0], ...COUNTS.map((more): Parameters<Words["moves"]> => [group, [A, B, C], more])]),
  renamed: [[A, B]],
  said: [[A, B]],
  writeTo: [["garden"]],
  splits: counts,
  unknownCommand: [["dance"], ["رقص"]],
  peopleCount: counts,
  unlisted: counts,
  mention: [[A]],
  calledBy: [[A, "garden"]],
};

/** Where a language rightly says what English says: words that both have, names of keys, the command that is to be typed. */
const SAME_AS_ENGLISH: Readonly<Record<Exclude<Language, "en">, readonly string[]>> = {
  fr: ["messages", "message", "help.6.0"],
  es: ["help.0.0", "help.6.0"],
  de: ["inSeconds", "help.0.0", "help.6.0"],
  pt: ["help.0.0", "help.1.0", "help.6.0"],
  ar: ["help.0.0", "help.1.0", "help.6.0"],
};

/** Everything that a language says, under what it is called in `Words`. */
function everything(words: Words): Map<string, string> {
  const said = new Map<string, string>();
  const collect = (path: string, value: unknown) => {
    if (typeof value === "string") said.set(path, value);
    else for (const [key, inner] of Object.entries(value as object)) collect(`${path}.${key}`, inner);
  };
  const given: Readonly<Record<string, readonly (readonly unknown[])[]>> = GIVEN;
  const { tag, direction, format, ...rest } = words;
  for (const [key, value] of Object.entries(rest)) {
    if (typeof value !== "function") collect(key, value);
    else for (const each of given[key] ?? []) said.set(`${key}(${each.join()})`, (value as Say)(...(each as never[])));
  }
  return said;
}

describe("the language", () => {
  it.each([
    [["fr-CA", "en"], { language: "fr", tag: "fr-CA" }],
    [["xx", "en-GB", "fr"], { language: "en", tag: "en-GB" }],
    [["pt-BR"], { language: "pt", tag: "pt-BR" }],
    [["pt-PT", "es"], { language: "pt", tag: "pt-PT" }],
    [["zh-Hans", "ar-EG"], { language: "ar", tag: "ar-EG" }],
    [["DE-at"], { language: "de", tag: "DE-at" }],
    [["fr_broken tag"], { language: "en", tag: "en" }],
    [["constructor"], { language: "en", tag: "en" }],
    [[], { language: "en", tag: "en" }],
  ])("of a person who reads %j is %j", (wanted, choice) => {
    expect(chooseLanguage(wanted)).toEqual(choice);
  });

  it("is called what its speakers call it", () => {
    expect(Object.values(LANGUAGES).map(({ name }) => name)).toEqual(["English", "Français", "Español", "Deutsch", "Português", "العربية"]);
  });
});

describe.each(languages)("%s", (language) => {
  let words: Words;
  let said: Map<string, string>;
  let english: Map<string, string>;
  beforeAll(async () => {
    words = await wordsOf({ language, tag: language });
    said = everything(words);
    english = everything(await wordsOf({ language: "en", tag: "en" }));
  });

  it("is itself, in its own direction", () => {
    expect(words.tag).toBe(language);
    expect(words.direction).toBe(language === "ar" ? "rtl" : "ltr");
  });

  it("has something to say everywhere, as text", () => {
    expect([...said.keys()]).toEqual([...english.keys()]);
    for (const [path, text] of said) {
      expect(text, path).toMatch(/\S/);
      expect(text, path).not.toMatch(/^\s|\s$| {2}|[<>#]|undefined|NaN/);
    }
  });

  it("ends its sentences", () => {
    for (const text of [...Object.values(words.because), ...Object.values(words.nicknameFault)]) expect(text).toMatch(/\S\.$/);
    const end = (text: string | undefined) => /[.…:!?]?$/.exec(text ?? "")?.[0];
    for (const [path, text] of said) expect(end(text), `${path}: ${text}`).toBe(end(english.get(path)));
  });

  it("has all plural forms of the language, and no others", async () => {
    const told: PluralForms[] = [];
    const format = formats(language);
    const plural = (count: number, forms: PluralForms) => {
      told.push(forms);
      return format.plural(count, forms);
    };
    everything((await LANGUAGES[language].load())({ ...format, plural }));
    const rules = new Intl.PluralRules(language);
    const categories = rules.resolvedOptions().pluralCategories.sort();
    expect([...new Set(COUNTS.map((count) => rules.select(count)))].sort()).toEqual(categories);
    expect(told.length).toBeGreaterThanOrEqual(COUNTS.length * 5);
    for (const forms of told) expect(Object.keys(forms).sort(), forms.other).toEqual(categories);
  });

  it("says how many", () => {
    const { number } = words.format;
    const { inSeconds, tryingAgainIn, waiting, unsent, newMessages, gap, splits, peopleCount, unlisted } = words;
    const sayings = { inSeconds, tryingAgainIn, waiting, unsent, newMessages, gap, splits, peopleCount, unlisted };
    for (const [path, say] of Object.entries(sayings)) {
      for (const count of COUNTS) {
        // Arabic has words of their own for none, one and two.
        if (language === "ar" && count < 3) expect(say(count), path).not.toMatch(/\p{N}/u);
        else expect(say(count).match(/\p{N}(?:.?\p{N})*/gu), path).toEqual([number(count)]);
      }
      expect(new Set(COUNTS.map(say)).size, path).toBe(COUNTS.length);
    }
    for (const more of [3, 11, 100]) expect(words.moves("came", [A, B], more)).toContain(number(more));
  });

  it("keeps every name, once and in its place, whatever the name is written in", () => {
    for (const names of [[A], [A, B], [A, B, C], ["Ana", "Bo"], ["علي", "Bo", "نورة"]]) {
      for (const group of GROUPS) {
        for (const more of [0, 1, 2, 7]) expect(named(words.moves(group, names, more), names)).toEqual(names);
      }
    }
    for (const [from, to] of [[A, B] as const, ["علي", "Ali"] as const, ["Ali", "علي"] as const]) {
      expect(named(words.renamed(from, to), [from, to])).toEqual([from, to]);
      expect(named(words.said(from, to), [from, to])).toEqual([from, to]);
      expect(named(words.calledBy(from, to), [from, to])).toEqual([from, to]);
      expect(named(words.joinAs(from), [from])).toEqual([from]);
      expect(named(words.mention(from), [from])).toEqual([from]);
    }
  });

  it("tells one from many", () => {
    for (const group of GROUPS) {
      const one = words.moves(group, [A], 0);
      const two = words.moves(group, [A, B], 0);
      expect(new Set(GROUPS.map((each) => words.moves(each, [A], 0))).size).toBe(GROUPS.length);
      expect(two).not.toBe(one);
    }
  });

  it("explains the commands that there are", () => {
    const beginnings = words.help.map(([typed]) => /^(?:\/\/|\/[a-z]+|@)?/.exec(typed)?.[0]);
    expect(beginnings).toEqual(["", "", "@", "/nick", "/me", "//", "/help"]);
    for (const [typed] of words.help) expect(parseInput(typed).kind).not.toBe("unknown");
    const [example = ""] = words.help[4] ?? [];
    expect(example).toMatch(/^\/me \S/);
    expect(words.emptyAction).toContain(example);
    expect(words.unknownCommand("dance")).toMatch(/\/dance[^/]*\/\/dance/);
  });
});

/** The given names, in the order in which they stand in the text. */
function named(text: string, names: readonly string[]): string[] {
  const found = names.map((name) => ({ name, at: text.indexOf(name), again: text.indexOf(name, text.indexOf(name) + name.length) }));
  return found
    .filter(({ at, again }) => at >= 0 && again < 0)
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

it.each(Object.entries(SAME_AS_ENGLISH))("%s leaves nothing in English", async (language, same) => {
  const english = everything(await wordsOf({ language: "en", tag: "en" }));
  const said = everything(await wordsOf({ language: language as Language, tag: language }));
  const left = [...said].filter(([path, text]) => /\p{L}{2}/u.test(text) && text === english.get(path));
  expect([...new Set(left.map(([path]) => path.split("(")[0]))]).toEqual(same);
});

describe("some sentences", () => {
  it.each([
    ["en", "Ana, Bo and 3 others came in", "Ana was removed", "1 new message", "12,000 new messages"],
    ["fr", "Ana, Bo et 3 autres sont là", "La modération a fait sortir Ana", "1 nouveau message", "12\u202f000 nouveaux messages"],
    ["es", "Ana, Bo y 3 más entraron", "La administración sacó a Ana", "1 mensaje nuevo", "12.000 mensajes nuevos"],
    ["de", "Ana, Bo und 3 weitere sind dazugekommen", "Die Moderation hat Ana entfernt", "1 neue Nachricht", "12.000 neue Nachrichten"],
    ["pt", "Ana, Bo e mais 3 entraram", "A administração retirou Ana", "1 mensagem nova", "12.000 mensagens novas"],
  ] as const)("in %s", async (language, came, removed, one, many) => {
    const words = await wordsOf({ language, tag: language });
    expect(words.moves("came", ["Ana", "Bo"], 3)).toBe(came);
    expect(words.moves("removed", ["Ana"], 0)).toBe(removed);
    expect(words.newMessages(1)).toBe(one);
    expect(words.newMessages(12_000)).toBe(many);
  });

  it("in Arabic, with the digits of the region", async () => {
    const cairo = await wordsOf({ language: "ar", tag: "ar-EG" });
    expect(cairo.moves("came", ["علي", "Bo"], 3)).toBe("دخول علي وBo و٣ أشخاص آخرين");
    expect([1, 2, 3, 11, 100].map(cairo.newMessages)).toEqual([
      "رسالة جديدة",
      "رسالتان جديدتان",
      "٣ رسائل جديدة",
      "١١ رسالة جديدة",
      "١٠٠ رسالة جديدة",
    ]);
    const dubai = await wordsOf({ language: "ar", tag: "ar-AE" });
    expect(dubai.newMessages(3)).toBe("3 رسائل جديدة");
  });
});

describe("days and times", () => {
  const NOW = new Date(2026, 5, 15, 15).getTime();
  const DAY = 24 * 3_600_000;

  it.each([
    ["en-GB", "Today", "Yesterday", /^Friday 12 June$/, /^Wednesday,? 31 December 2025$/],
    ["fr", "Aujourd’hui", "Hier", /^Vendredi 12 juin$/, /^Mercredi 31 décembre 2025$/],
    ["es", "Hoy", "Ayer", /^Viernes, 12 de junio$/, /^Miércoles, 31 de diciembre de 2025$/],
    ["de", "Heute", "Gestern", /^Freitag, 12\. Juni$/, /^Mittwoch, 31\. Dezember 2025$/],
    ["pt", "Hoje", "Ontem", /^Sexta-feira, 12 de junho$/, /^Quarta-feira, 31 de dezembro de 2025$/],
    ["ar", "اليوم", "أمس", /^الجمعة، \p{N}+ يونيو$/u, /^الأربعاء، \p{N}+ ديسمبر \p{N}+$/u],
  ])("are named as people do in %s", (tag, today, yesterday, friday, lastYear) => {
    const { day } = formats(tag);
    expect(day(NOW, NOW)).toBe(today);
    expect(day(NOW - DAY, NOW)).toBe(yesterday);
    expect(day(NOW - 3 * DAY, NOW)).toMatch(friday);
    expect(day(new Date(2025, 11, 31, 23).getTime(), NOW)).toMatch(lastYear);
  });

  it("follow the person's region", () => {
    expect(formats("en-GB").time(NOW)).toBe("15:00");
    expect(formats("en-US").time(NOW)).toMatch(/^3:00\sPM$/);
    expect(formats("de").time(NOW)).toBe("15:00");
    expect(formats("de").time(new Date(2026, 5, 15, 0, 1).getTime())).toBe("00:01");
    expect(formats("ar-EG").time(NOW)).toMatch(/^٣:٠٠\sم$/);
  });
});
