import { effect } from "@preact/signals";
import type { Preferences, Theme } from "../room/preferences.ts";

/** What stands in the page's head for one of the two themes, `data-theme` saying for which, and when it holds. */
const MEDIA: Readonly<Record<Theme, Readonly<Record<"light" | "dark", string>>>> = {
  system: { light: "(prefers-color-scheme: light)", dark: "(prefers-color-scheme: dark)" },
  light: { light: "all", dark: "not all" },
  dark: { light: "not all", dark: "all" },
};

/** Lets the theme that the person chose hold; the device's where they chose none. */
export function followTheme({ theme }: Preferences): void {
  const parts = document.querySelectorAll<HTMLElement>("[data-theme]");
  effect(() => {
    const media = MEDIA[theme.chosen.value];
    for (const part of parts) part.setAttribute("media", part.dataset.theme === "dark" ? media.dark : media.light);
  });
}
