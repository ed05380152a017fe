import type { Refusal } from "../../shared/codes.ts";
import { encodeAck, encodeRefused } from "../chat/replies.ts";
import type { Sender } from "../chat/room.ts";
import type { Session } from "../chat/session.ts";
import type { NumberedRefusal, Offset } from "../engine/engine.ts";

/** What a POST is answered: one packet for each of its packets, in their order. */
export class PollAnswer implements Sender {
  readonly #slots: (Uint8Array | undefined)[] = [];
  readonly #slotOfSeq = new Map<number, number>();
  #open = 0;
  #failure: Refusal | undefined;
  #done: (() => void) | undefined;

  /** The place for the answer to number `seq`, which `Sender` fills. */
  expect(seq: number): void {
    this.#slotOfSeq.set(seq, this.#slots.push(undefined) - 1);
    this.#open++;
  }

  /** An answer that is known already. */
  put(packet: Uint8Array): void {
    this.#slots.push(packet);
  }

  /** Resolves when every number is answered: to the body and what each number was answered, or to why nothing of it was taken. */
  async settled(): Promise<{ body: Buffer; answers: Map<number, Uint8Array> } | Refusal> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#done = resolve));
    if (this.#failure !== undefined) return this.#failure;
    const answers = new Map<number, Uint8Array>();
    for (const [seq, slot] of this.#slotOfSeq) answers.set(seq, this.#slots[slot] as Uint8Array);
    return { body: Buffer.concat(this.#slots as Uint8Array[]), answers };
  }

  accepted(_session: Session, seq: number, offset: Offset | undefined): void {
    this.#fill(seq, encodeAck(seq, offset));
  }

  refused(_session: Session, refusal: NumberedRefusal): void {
    this.#fill(refusal.seq, encodeRefused(refusal));
  }

  failed(_session: Session, refusal: Refusal): void {
    this.#failure ??= refusal;
    this.#close();
  }

  #fill(seq: number, packet: Uint8Array): void {
    const slot = this.#slotOfSeq.get(seq);
    if (slot === undefined) return;
    this.#slots[slot] = packet;
    this.#close();
  }

  #close(): void {
    this.#open--;
    if (this.#open === 0) this.#done?.();
  }
}
