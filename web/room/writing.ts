import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { checkNickname } from "../../shared/nickname.ts";
import { parseInput } from "./command.ts";
import type { Hint } from "./hint.ts";
import type { Keepsake } from "./keepsake.ts";

/** What becomes of what was typed. */
export type Actions = { say(text: string): void; rename(nick: string): void };

/** What the person writes, and what the page has to say about what they just tried. */
export class Writing {
  readonly #keepsake: Keepsake;
  readonly #actions: Actions;
  readonly #draft: Signal<string>;
  /** Anybody may say something, and take it back. */
  readonly hint = signal<Hint | undefined>(undefined);

  constructor(keepsake: Keepsake, actions: Actions) {
    this.#keepsake = keepsake;
    this.#actions = actions;
    this.#draft = signal(keepsake.draft);
  }

  get draft(): ReadonlySignal<string> {
    return this.#draft;
  }

  setDraft(text: string): void {
    this.#draft.value = text;
    if (this.hint.peek()?.kind !== "help") this.hint.value = undefined;
    this.#keepsake.draft = text;
  }

  /** Calls somebody by name at the end of what is being written. */
  mention(nick: string): void {
    const draft = this.#draft.peek();
    this.setDraft(`${draft}${draft === "" || /\s$/.test(draft) ? "" : " "}@${nick} `);
  }

  /** Asks for another nickname. False where it is none. */
  rename(typed: string): boolean {
    const checked = checkNickname(typed);
    if (checked.ok) this.#actions.rename(checked.nick);
    else this.hint.value = { kind: "nickname-fault", fault: checked.fault };
    return checked.ok;
  }

  /** Does what is written, which is used up then; or says why not, and leaves it as it is. */
  submit(): void {
    if (this.#does(this.#draft.peek())) this.setDraft("");
  }

  #does(text: string): boolean {
    this.hint.value = undefined;
    const input = parseInput(text);
    switch (input.kind) {
      case "say":
        this.#actions.say(input.text);
        return true;
      case "nick":
        return this.rename(input.nick);
      case "help":
        this.hint.value = { kind: "help" };
        return true;
      case "empty-action":
        this.hint.value = { kind: "empty-action" };
        return false;
      case "unknown":
        this.hint.value = { kind: "unknown-command", word: input.word };
        return false;
      case "nothing":
        return false;
      default:
        return input satisfies never;
    }
  }
}
