import type { Clock } from "../clock.ts";
import { EngineError } from "./engine.ts";

/** While nothing can be kept: how often that is tried. */
const TRY_EVERY_MS = 1000;

/** What the engine tells its operator; pino's loggers fit. */
export type EngineLog = {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

type Parts = { readonly clock: Clock; readonly log: EngineLog; readonly tryAgain: () => void };

/** What is in the way of keeping things. It is written down once when it begins and once when it ends; meanwhile `tryAgain` is called every second. */
export class Trouble {
  readonly #clock: Clock;
  readonly #log: EngineLog;
  readonly #tryAgain: () => void;
  #cause: EngineError | undefined;
  #cancel: (() => void) | undefined;
  /** What was written down of it: each once, however often they take turns. */
  readonly #told = new Set<unknown>();
  #closed = false;

  constructor({ clock, log, tryAgain }: Parts) {
    this.#clock = clock;
    this.#log = log;
    this.#tryAgain = tryAgain;
  }

  get lasts(): boolean {
    return this.#cause !== undefined;
  }

  /** It begins, or goes on. Gives it as whoever wanted something kept is told. */
  because(error: unknown): EngineError {
    const cause = engineError(
      "What was said could not be kept",
      "It goes on as soon as it can be written again: is the disk full, or failing?",
      error,
    );
    // Another line only where what to do about it has changed.
    const topic = (cause as { topic?: string }).topic ?? cause.constructor;
    if (!this.#told.has(topic)) this.#log.error({ err: cause }, "the log cannot be written: nothing is acknowledged that is not kept");
    this.#told.add(topic);
    this.#cause = cause;
    if (!this.#closed)
      this.#cancel ??= this.#clock.after(TRY_EVERY_MS, () => {
        this.#cancel = undefined;
        this.#tryAgain();
      });
    return cause;
  }

  ends(): void {
    if (this.#cause === undefined) return;
    this.#cause = undefined;
    this.#told.clear();
    this.#log.warn({}, "the log can be written again");
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }
}

export function engineError(what: string, advice: string, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  return new EngineError(`${what} (${cause instanceof Error ? cause.message : String(cause)}). ${advice}`, { cause });
}
