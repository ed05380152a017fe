import type { Refusal } from "../../shared/codes.ts";
import { packetLength } from "../../shared/packet.ts";
import { encodeAck, encodeRefused } from "../chat/replies.ts";
import type { Session } from "../chat/session.ts";
import type { Sender } from "../chat/speech.ts";
import type { NumberedRefusal, Offset } from "../engine/engine.ts";

/** The answers to one POST of chat packets: one for each, in their order. Kept whole until the next such POST. Source: H7. */
export type Answers = { readonly firstSeq: number; readonly body: Buffer };

/** The answer to number `seq` among `answers`; undefined where it is not there. */
export function findAnswer({ firstSeq, body }: Answers, seq: number): Buffer | undefined {
  if (seq < firstSeq) return undefined;
  let at = 0;
  for (let number = firstSeq; number < seq && at < body.length; number++) at += packetLength(body, at) as number; // our own
  return at < body.length ? body.subarray(at, at + (packetLength(body, at) as number)) : undefined;
}

/** Gathers what becomes of the chat packets of one POST. */
export class PollAnswer implements Sender {
  readonly #firstSeq: number;
  readonly #slots: (Uint8Array | undefined)[] = [];
  #open = 0;
  #failure: Refusal | undefined;
  /** The numbers that were dealt with before, and of which it is not known here how. */
  readonly #repeated: number[] = [];
  #done: (() => void) | undefined;

  constructor(firstSeq: number) {
    this.#firstSeq = firstSeq;
  }

  /** The next number's answer is still to come. */
  expect(): void {
    this.#slots.push(undefined);
    this.#open++;
  }

  /** The next number's answer is known; or (without one) it was dealt with, and it is not known here how. */
  put(packet: Uint8Array | undefined): void {
    if (packet === undefined) this.#repeated.push(this.#firstSeq + this.#slots.length);
    this.#slots.push(packet);
  }

  /** Resolves when it is known what became of every number; to why nothing of it was taken, if so. */
  async settled(): Promise<Refusal | undefined> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#done = resolve));
    return this.#failure;
  }

  /** True where some number was dealt with before, and it is not known here how. */
  get repeated(): boolean {
    return this.#repeated.length > 0;
  }

  /** The answers; `again` gives those to the repeated numbers. */
  answers(again: (seq: number) => Uint8Array): Answers {
    for (const seq of this.#repeated) this.#slots[seq - this.#firstSeq] = again(seq);
    return { firstSeq: this.#firstSeq, body: Buffer.concat(this.#slots as Uint8Array[]) };
  }

  accepted(_session: Session, seq: number, offset: Offset | undefined): void {
    if (offset === undefined) this.#repeated.push(seq);
    this.#fill(seq, offset === undefined ? undefined : encodeAck(seq, offset));
  }

  refused(_session: Session, refusal: NumberedRefusal): void {
    this.#fill(refusal.seq, encodeRefused(refusal));
  }

  failed(_session: Session, refusal: Refusal): void {
    this.#failure ??= refusal;
    this.#close();
  }

  #fill(seq: number, packet: Uint8Array | undefined): void {
    this.#slots[seq - this.#firstSeq] = packet;
    this.#close();
  }

  #close(): void {
    this.#open--;
    if (this.#open === 0) this.#done?.();
  }
}
