import { type ReadonlySignal, signal } from "@preact/signals";
import type { Code } from "../../shared/codes.ts";
import { nicknameVariant } from "./nickname-variant.ts";
import type { Preferences } from "./preferences.ts";

/** The nickname that the person asks for, and what comes of it. */
export class NicknameWish {
  readonly #preferences: Preferences;
  readonly #suggestion = signal<string | undefined>(undefined);
  #nick = "";
  #taken: string[] = [];

  constructor(preferences: Preferences) {
    this.#preferences = preferences;
  }

  /** The last one asked for; that of an earlier visit before that. */
  get nick(): string {
    return this.#nick || this.#preferences.nickname;
  }

  /** One that may be free, where the last one was taken. */
  get suggestion(): ReadonlySignal<string | undefined> {
    return this.#suggestion;
  }

  ask(nick: string): void {
    this.#nick = nick;
    this.#preferences.nickname = nick;
    this.#suggestion.value = undefined;
  }

  granted(nick: string): void {
    this.#nick = nick;
    this.#taken = [];
    this.#preferences.nickname = nick;
  }

  refused(code: Code): void {
    if (code !== "nick-taken") return;
    this.#taken.push(this.#nick);
    this.#suggestion.value = nicknameVariant(this.#nick, this.#taken);
  }
}
