import type { Told } from "../../server/testing/ask.ts";
import { concatOctets } from "../../shared/octets.ts";
import { encodeChat } from "../../shared/packet.ts";
import type { Listener } from "./listener.ts";
import type { SocketLine } from "./socket-line.ts";

/** Packets in one message: under 64 KiB of the longest. */
const TOGETHER = 32;

/**
 * Says numbered messages as fast as it is let, and knows of each whether it was acknowledged, and where. What is refused for the rate is said
 * again, under new numbers, in the same order. Source: S14 to S22.
 */
export class Speaker {
  readonly listener: Listener;
  readonly #line: SocketLine;
  readonly #window: number;
  /** By the message's own number, from 0: its offset; 0 where it was acknowledged and not said where. */
  readonly acknowledged: number[] = [];
  /** How often it was told to wait. */
  refusedForRate = 0;
  /** From sending to the answer, ms, for those whose `ack` named them. */
  readonly answerMs: number[] = [];
  /** How many were written, those said again included. */
  sent = 0;
  #seq = 0;
  #next = 0;
  /** What is on its way, by seq. */
  readonly #open = new Map<number, { number: number; sentMs: number }>();
  #again: number[] = [];
  #notBeforeMs = 0;
  #wake: () => void = () => {};

  /** `window`: how many may be unanswered. It has to be welcomed already. */
  constructor(listener: Listener, line: SocketLine, window = 256) {
    this.listener = listener;
    this.#line = line;
    this.#window = window;
    this.#seq = listener.seq;
    listener.onService = (told) => this.#hear(told);
  }

  /** Says `count` more messages of `octets` each, and resolves when every one is acknowledged. */
  async speak(count: number, octets: number, goOn: () => boolean = () => true): Promise<void> {
    const end = Math.min(this.#next + count, Number.MAX_SAFE_INTEGER);
    const textOf = (number: number) => `${number} `.padEnd(octets, "x");
    let todo: number[] = [];
    for (;;) {
      if (this.#again.length > 0 && this.#open.size === 0 && performance.now() >= this.#notBeforeMs) {
        todo = [...this.#again.sort((a, b) => a - b), ...todo];
        this.#again = [];
      }
      if (todo.length === 0 && this.#next < end && goOn()) {
        for (let made = 0; made < Math.min(TOGETHER, this.#window) && this.#next < end; made++) todo.push(this.#next++);
      }
      if (todo.length === 0 && this.#open.size === 0 && this.#again.length === 0) return;
      if (this.#again.length > 0 || todo.length === 0 || this.#open.size + todo.length > this.#window) {
        await this.#change();
        continue;
      }
      await this.#say(todo.splice(0, TOGETHER), textOf);
    }
  }

  async #say(numbers: readonly number[], textOf: (number: number) => string): Promise<void> {
    const sentMs = performance.now();
    const packets = numbers.map((number) => {
      this.sent++;
      this.#open.set(++this.#seq, { number, sentMs });
      return encodeChat(this.listener.nick, textOf(number));
    });
    await this.#line.send(concatOctets(packets));
  }

  #hear({ type, seq = 0, offset = 0, code, retryAfter = 0 }: Told): void {
    if (type === "ack") this.#acknowledge(seq, offset);
    else if (type === "refused") {
      const refused = this.#open.get(seq);
      this.#open.delete(seq);
      if (refused === undefined || code !== "rate-limited") this.listener.fault(`number ${seq} was refused: ${code}`);
      else this.#again.push(refused.number);
      this.refusedForRate++;
      this.#notBeforeMs = performance.now() + retryAfter;
    } else return;
    this.#wake();
  }

  #acknowledge(upTo: number, offset: number): void {
    const nowMs = performance.now();
    for (const [seq, { number, sentMs }] of this.#open) {
      if (seq > upTo) break;
      this.#open.delete(seq);
      this.acknowledged[number] = seq === upTo ? offset : 0;
      if (seq === upTo) this.answerMs.push(nowMs - sentMs);
    }
  }

  /** Something was answered, or it is time to look again. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 50);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
