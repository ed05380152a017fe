import type { HubLog } from "../chat/hub.ts";
import type { Clock } from "../clock.ts";

const EVERY_MS = 1000;

/** A line in the log that is written once a second at the most, whoever floods the door; `more` counts those left out before it. */
export class SparseLine {
  readonly #clock: Clock;
  readonly #log: HubLog;
  readonly #message: string;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #more = 0;

  constructor(clock: Clock, log: HubLog, message: string) {
    this.#clock = clock;
    this.#log = log;
    this.#message = message;
  }

  write(fields: object): void {
    const nowMs = this.#clock.now();
    if (nowMs < this.#writtenAtMs + EVERY_MS) {
      this.#more++;
      return;
    }
    this.#log.info(this.#more === 0 ? fields : { ...fields, more: this.#more }, this.#message);
    this.#writtenAtMs = nowMs;
    this.#more = 0;
  }
}
