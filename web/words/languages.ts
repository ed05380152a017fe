import { english } from "./english.ts";
import type { Words } from "./words.ts";

/** Every language that the page speaks. English is in the page's first file; another one is loaded where it is wanted. */
export const LANGUAGES = {
  en: () => Promise.resolve(english),
  fr: () => import("./french.ts").then(({ french }) => french),
} as const satisfies Record<string, () => Promise<Words>>;

export type Language = keyof typeof LANGUAGES;

/** The first of the person's languages (tags, the best first) that the page speaks. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0] ?? "";
    if (isLanguage(language)) return language;
  }
  return "en";
}

/** The words of a language; English where they cannot be loaded. */
export async function wordsOf(language: Language): Promise<Words> {
  try {
    return await LANGUAGES[language]();
  } catch {
    return english;
  }
}

function isLanguage(language: string): language is Language {
  return Object.hasOwn(LANGUAGES, language);
}
