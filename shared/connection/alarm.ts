import type { ConnectionClock } from "./environment.ts";

/** What timers take: Node and browsers let a longer one go off at once. About 24 days; whoever waits longer looks again then. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

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
    this.#callOff = this.#clock.after(Math.min(delayMs, LONGEST_TIMER_MS), () => {
      this.#callOff = undefined;
      run();
    });
  }

  clear(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }
}
