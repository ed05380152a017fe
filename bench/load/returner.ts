import { Backoff, jitteredMs } from "../../shared/connection/backoff.ts";
import type { Random } from "../chaos/random.ts";
import type { LoadMember } from "./member.ts";

/** Brings a member back when it lost its connection, after the waits of the real client. Source: S45. */
export class Returner {
  readonly member: LoadMember;
  /** How often it tried. */
  attempts = 0;
  /** When it was last welcomed, ms of `performance.now()`. */
  backAtMs: number | undefined;
  readonly #port: number;
  readonly #random: Random;
  readonly #backoff = new Backoff();
  #retryAfterMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(member: LoadMember, port: number, random: Random) {
    this.member = member;
    this.#port = port;
    this.#random = random;
    const { line, listener } = member;
    this.#backoff.opened(performance.now());
    line.onEnd = () => this.#lost();
    listener.onService = ({ type, retryAfter, ...told }) => {
      if (type === "error") this.#retryAfterMs = retryAfter ?? 0;
      else if (type === "stopping") this.#stopping(Number((told as { reconnectIn?: number }).reconnectIn));
    };
  }

  /** Tries no more. */
  end(): void {
    clearTimeout(this.#timer);
    this.member.line.onEnd = undefined;
  }

  /** For one who is away already: tries as if it had just lost its connection. */
  lose(): void {
    this.member.line.drop();
    this.#lost();
  }

  #stopping(reconnectInMs: number): void {
    const random = this.#random.next();
    this.member.line.drop();
    this.#backoff.failed(performance.now(), random);
    this.#wait(jitteredMs(reconnectInMs, random));
  }

  #lost(): void {
    const delayMs = this.#backoff.failed(performance.now(), this.#random.next(), this.#retryAfterMs);
    this.#retryAfterMs = 0;
    this.#wait(delayMs);
  }

  #wait(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#attempt(), delayMs);
  }

  #attempt(): void {
    this.attempts++;
    this.member.line.hello(this.#port).then(
      () => {
        this.backAtMs = performance.now();
        this.#backoff.opened(this.backAtMs);
      },
      () => this.#lost(),
    );
  }
}
