import type { Page } from "playwright/test";

/** Watches for words that must not show, not even for the blink of an eye, across reloads. Gives those that did so far. */
export async function lookout(page: Page, ...words: string[]): Promise<() => string[]> {
  const seen: string[] = [];
  const name = `seen${Math.random().toString(36).slice(2)}`;
  await page.exposeFunction(name, (word: string) => void seen.push(word));
  const watch = ([report, sought]: [string, string[]]) => {
    const look = () => {
      const text = document.body?.innerText ?? "";
      for (const word of sought) if (text.includes(word)) (globalThis as unknown as Record<string, (word: string) => void>)[report]?.(word);
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
    look();
  };
  await page.addInitScript(watch, [name, words] as [string, string[]]);
  await page.evaluate(watch, [name, words] as [string, string[]]);
  return () => seen;
}
