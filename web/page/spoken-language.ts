import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Preferences } from "../room/preferences.ts";
import { chooseLanguage, wordsOf } from "../words/languages.ts";
import type { Words } from "../words/words.ts";

/** The words of the language that the person chose, or else of the first of the browser's that the page speaks; other ones when they choose anew. */
export async function spokenLanguage({ language }: Preferences): Promise<ReadonlySignal<Words>> {
  const choose = (chosen: string) => wordsOf(chooseLanguage(wanted(chosen)));
  const first = language.chosen.peek();
  const words = signal(await choose(first));
  let shown = first;
  effect(() => {
    const chosen = language.chosen.value;
    if (chosen === shown) return;
    shown = chosen;
    void choose(chosen).then((loaded) => {
      // Somebody who tries one after the other sees the last one.
      if (shown === chosen) words.value = loaded;
    });
  });
  effect(() => {
    document.documentElement.lang = words.value.tag;
    document.documentElement.dir = words.value.direction;
  });
  return words;
}

/** The person's languages, the best first. The browser may know where they speak the one that they chose: that decides how times are written. */
function wanted(chosen: string): string[] {
  const known = [...navigator.languages];
  return chosen === "" ? known : [...known.filter((tag) => tag.split("-")[0] === chosen), chosen, ...known];
}
