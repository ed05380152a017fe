import { type ReadonlySignal, signal } from "@preact/signals";
import type { HistoryPage } from "../../shared/connection/connection-event.ts";

/** Whether there are older packets to scroll up to. `full`: there may be, but this page holds as many as it can. */
export type Older = "more" | "loading" | "failed" | "none" | "full";

const PAGE = 200;

/** The pages of the log before what is known of it: asked for one at a time, as long as there are some. */
export class OlderPages {
  readonly #state = signal<Older>("none");

  get state(): ReadonlySignal<Older> {
    return this.#state;
  }

  /** All is known from `before` on, and there is `room` for older ones. A page that was asked for before that does not count. */
  begin(before: number, room = true): void {
    this.#state.value = before <= 1 ? "none" : room ? "more" : "full";
  }

  /** Whoever was asked will not answer any more. */
  interrupt(): void {
    if (this.#state.peek() === "loading") this.#state.value = "more";
  }

  /**
   * The page before `before`; undefined where there is none, where it could not be had, and where one is under way.
   * `again`: also where that failed before.
   */
  async load(
    ask: (before: number, limit: number) => Promise<HistoryPage>,
    before: number,
    again: boolean,
  ): Promise<HistoryPage | undefined> {
    const state = this.#state.peek();
    if (state !== "more" && !(again && state === "failed")) return undefined;
    this.#state.value = "loading";
    const page = await ask(before, PAGE).catch(() => undefined);
    if (page && page.first < before) return page;
    if (this.#state.peek() === "loading") this.#state.value = page ? "none" : "failed";
    return undefined;
  }
}
