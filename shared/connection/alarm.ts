import type { ConnectionClock } from "./environment.ts";

/** One timer at a time: setting it again calls the earlier one off. */
export class Alarm {
  readonly #clock: ConnectionClock;
  #callOff: (() => void) | undefined;

  constructor(clock: ConnectionClock) {
    this.#clock = clock;
  }

  get isSet(): boolean {
    return this.#callOff !== undefined;
  }

  set(delayMs: number, run: () => void): void {
    this.clear();
    this.#callOff = this.#clock.after(delayMs, () => {
      this.#callOff = undefined;
      run();
    });
  }

  clear(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }
}
