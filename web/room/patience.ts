import { type ReadonlySignal, signal } from "@preact/signals";
import type { ConnectionClock } from "../../shared/connection/environment.ts";

/** After this long somebody who waits wonders whether anything happens, ms. */
const WONDERS_AFTER_MS = 4_000;

/** Whether something has taken longer by now than people wait without a word. */
export class Patience {
  readonly #clock: Pick<ConnectionClock, "after">;
  readonly #over = signal(false);
  #callOff: (() => void) | undefined;

  constructor(clock: Pick<ConnectionClock, "after">) {
    this.#clock = clock;
  }

  get over(): ReadonlySignal<boolean> {
    return this.#over;
  }

  /** True as long as it is waited for, however often that is said. */
  watch(waits: boolean): void {
    if (waits) {
      this.#callOff ??= this.#clock.after(WONDERS_AFTER_MS, () => {
        this.#over.value = true;
      });
      return;
    }
    this.#callOff?.();
    this.#callOff = undefined;
    this.#over.value = false;
  }
}
