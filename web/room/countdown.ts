import { type ReadonlySignal, signal } from "@preact/signals";
import type { ConnectionClock } from "../../shared/connection/environment.ts";

/** Whole seconds until a moment, for people to watch. */
export class Countdown {
  readonly #clock: Pick<ConnectionClock, "now" | "after">;
  readonly #seconds = signal<number | undefined>(undefined);
  #callOff = () => {};

  constructor(clock: Pick<ConnectionClock, "now" | "after">) {
    this.#clock = clock;
  }

  /** Undefined where there is nothing to wait for. */
  get seconds(): ReadonlySignal<number | undefined> {
    return this.#seconds;
  }

  /** Counts down to `atMs` of the clock; `undefined` stops. */
  until(atMs: number | undefined): void {
    this.#callOff();
    if (atMs === undefined) {
      this.#seconds.value = undefined;
      return;
    }
    const leftMs = Math.max(0, atMs - this.#clock.now());
    this.#seconds.value = Math.ceil(leftMs / 1000);
    if (leftMs > 0) this.#callOff = this.#clock.after(leftMs % 1000 || 1000, () => this.until(atMs));
  }
}
