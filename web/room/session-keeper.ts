import type { ConnectionClock } from "../../shared/connection/environment.ts";
import type { Keepsake, KeptSession } from "./keepsake.ts";

const EVERY_MS = 1000;

/** Keeps the session for the page's next life: at once where something would be lost, and soon after everything else. */
export class SessionKeeper {
  readonly #keepsake: Keepsake;
  readonly #clock: Pick<ConnectionClock, "after">;
  readonly #current: () => KeptSession | undefined;
  #callOff: (() => void) | undefined;

  /** `current`: the session as it is; undefined where there is none that may be kept. */
  constructor(keepsake: Keepsake, clock: Pick<ConnectionClock, "after">, current: () => KeptSession | undefined) {
    this.#keepsake = keepsake;
    this.#clock = clock;
    this.#current = current;
  }

  soon(): void {
    this.#callOff ??= this.#clock.after(EVERY_MS, () => this.now());
  }

  now(): void {
    this.#calm();
    const session = this.#current();
    if (session) this.#keepsake.session = session;
  }

  forget(): void {
    this.#calm();
    this.#keepsake.session = undefined;
  }

  #calm(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }
}
