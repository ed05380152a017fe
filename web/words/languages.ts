import { english } from "./english.ts";
import { type Formats, formats } from "./formats.ts";
import type { Words } from "./words.ts";

/** Every language that the page speaks, by the name that its speakers give it. English is in the page's first file; another one is loaded where it is wanted. */
export const LANGUAGES = {
  en: { name: "English", load: () => Promise.resolve(english) },
  fr: { name: "Français", load: () => import("./french.ts").then(({ french }) => french) },
  es: { name: "Español", load: () => import("./spanish.ts").then(({ spanish }) => spanish) },
  de: { name: "Deutsch", load: () => import("./german.ts").then(({ german }) => german) },
  pt: { name: "Português", load: () => import("./portuguese.ts").then(({ portuguese }) => portuguese) },
  ar: { name: "العربية", load: () => import("./arabic.ts").then(({ arabic }) => arabic) },
} as const satisfies Record<string, { name: string; load: () => Promise<(format: Formats) => Words> }>;

export type Language = keyof typeof LANGUAGES;

/** A language that the page speaks, and the tag that says how the person writes it. */
export type Choice = { readonly language: Language; readonly tag: string };

/** The first of the person's languages (tags, the best first) that the page speaks. */
export function chooseLanguage(wanted: readonly string[]): Choice {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0] ?? "";
    if (isLanguage(language) && isTag(tag)) return { language, tag };
  }
  return { language: "en", tag: "en" };
}

/** The words of a language; English where they cannot be loaded. */
export async function wordsOf({ language, tag }: Choice): Promise<Words> {
  try {
    return (await LANGUAGES[language].load())(formats(tag));
  } catch {
    return english(formats("en"));
  }
}

function isLanguage(language: string): language is Language {
  return Object.hasOwn(LANGUAGES, language);
}

function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}
