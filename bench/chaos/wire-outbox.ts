import type { Packet } from "../../shared/packet.ts";
import { Answers } from "./answers.ts";
import type { Recorder } from "./recorder.ts";

/** Messages on their way at once. */
const WINDOW = 8;

/** What a client on the wire says and is not answered yet, with its numbers. Source: S14 to S22. */
export class WireOutbox {
  readonly #answers: Answers;
  /** In the order in which it is to be said. */
  readonly #unanswered: string[] = [];
  /** Of that, what went out, with its number. */
  readonly #inFlight = new Map<string, number>();
  /** What came back from the room before it was answered: an answer alone may be what got lost. */
  readonly #own = new Set<string>();
  /** The last number that was used. */
  #lastSeq = 0;
  #blockedUntilMs = 0;

  constructor(recorder: Recorder) {
    this.#answers = new Answers({
      acknowledged: (text, offset) => {
        recorder.acknowledged(text, offset);
        this.#forget(text);
      },
      refused: (text, code, retryAfterMs) => {
        recorder.turnedDown(text, code);
        this.#inFlight.delete(text);
        if (code === "rate-limited") this.#blockedUntilMs = performance.now() + (retryAfterMs ?? 1000);
        else {
          recorder.refused(text, code);
          this.#forget(text);
        }
      },
      unsaid: (text) => void this.#inFlight.delete(text),
      fault: (what) => recorder.fault(what),
    });
  }

  /** How much of it was neither answered nor heard. */
  get unheard(): number {
    return this.#unanswered.filter((text) => !this.#own.has(text)).length;
  }

  /** Up to which number every answer is known. Source: S20. */
  get knownSeq(): number {
    return Math.min(this.#lastSeq, ...[...this.#inFlight.values()].map((seq) => seq - 1));
  }

  add(text: string): void {
    this.#unanswered.push(text);
  }

  /** Reads one packet that came on a line of `turn`. Gives the turn that the line is of from there on. */
  read(turn: number, packet: Packet): number {
    return this.#answers.read(turn, packet);
  }

  /** The next number is `seq` + 1. Source: S15. */
  welcome(seq: number): void {
    this.#lastSeq = seq;
  }

  /** The room said it. */
  heard(text: string): void {
    if (this.#inFlight.has(text)) this.#own.add(text);
  }

  /**
   * Numbers what may go out now, in turn `turn`. In order: while something waits that was refused for the rate, nothing overtakes it. Where only time has to
   * pass, `later` is called then.
   */
  take(turn: number, later: () => void): { readonly texts: readonly string[]; readonly first: number } | undefined {
    const waits = this.#unanswered.filter((text) => !this.#inFlight.has(text));
    const [next] = waits;
    if (next === undefined || this.#unanswered.indexOf(next) < this.#inFlight.size) return undefined;
    const inMs = this.#blockedUntilMs - performance.now();
    if (inMs > 0) {
      setTimeout(later, inMs + 1).unref();
      return undefined;
    }
    const texts = waits.slice(0, Math.max(0, WINDOW - this.#inFlight.size));
    if (texts.length === 0) return undefined;
    const first = this.#lastSeq + 1;
    for (const text of texts) this.#inFlight.set(text, ++this.#lastSeq);
    this.#answers.said(turn, texts, first);
    return { texts, first };
  }

  #forget(text: string): void {
    this.#inFlight.delete(text);
    const index = this.#unanswered.indexOf(text);
    if (index >= 0) this.#unanswered.splice(index, 1);
  }
}
