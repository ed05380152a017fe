import type { TextStorage } from "./text-storage.ts";

/** What a person chose once, for all rooms and visits. */
export class Preferences {
  readonly #storage: TextStorage;

  constructor(storage: TextStorage) {
    this.#storage = storage;
  }

  get nickname(): string {
    return this.#storage.get("nickname") ?? "";
  }

  set nickname(nick: string) {
    this.#storage.set("nickname", nick);
  }

  /** A language tag, where another than the browser's was chosen. */
  get language(): string | undefined {
    return this.#storage.get("language");
  }
}
