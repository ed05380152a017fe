import { Preference } from "./preference.ts";
import type { TextStorage } from "./text-storage.ts";

const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** A switch. */
export type OnOff = "on" | "off";

/** What a person chose once, for all rooms and visits. */
export class Preferences {
  readonly #nickname: Preference<string>;
  /** A language tag; empty: the browser's. */
  readonly language: Preference<string>;
  readonly theme: Preference<Theme>;
  /** Whether, and how, one is told of being called while the page is not in front. */
  readonly notify: Preference<OnOff>;
  readonly sound: Preference<OnOff>;

  constructor(storage: TextStorage) {
    this.#nickname = new Preference(storage, "nickname", (kept) => kept ?? "");
    this.language = new Preference(storage, "language", (kept) => kept ?? "");
    this.theme = new Preference(storage, "theme", (kept) => THEMES.find((theme) => theme === kept) ?? "system");
    this.notify = new Preference(storage, "notify", onOff);
    this.sound = new Preference(storage, "sound", onOff);
  }

  get nickname(): string {
    return this.#nickname.chosen.peek();
  }

  set nickname(nick: string) {
    this.#nickname.choose(nick);
  }

  /** Another tab may have chosen. */
  look(): void {
    for (const preference of [this.#nickname, this.language, this.theme, this.notify, this.sound]) preference.look();
  }
}

function onOff(kept: string | undefined): OnOff {
  return kept === "on" ? "on" : "off";
}
