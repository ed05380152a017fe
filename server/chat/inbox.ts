import { concatOctets } from "../../shared/octets.ts";
import { decodeAt, type Packet } from "../../shared/packet.ts";

/** Octets that arrived together. `whole`: they are a message, which ends with a packet; else a piece of a stream, which may be cut anywhere. */
type Piece = { readonly octets: Uint8Array; readonly whole: boolean };

/** What a peer sent and nobody has dealt with yet: as octets, so that what waits here costs what it did on the wire. Source: P4, P5, P8, W2. */
export class Inbox {
  #pieces: Piece[] = [];
  #at = 0;

  push(octets: Uint8Array, whole: boolean): void {
    if (octets.length > 0) this.#pieces.push({ octets, whole });
  }

  /** The next packet, or in words what is wrong with what comes next (from there on nothing can be read); undefined while there is none. */
  take(): Packet | string | undefined {
    for (;;) {
      const piece = this.#pieces[0];
      if (piece === undefined) return undefined;
      const found = decodeAt(piece.octets, this.#at);
      if (typeof found === "string") return `This is no packet: ${found}.`;
      if (found !== undefined) {
        this.#pass(found.octets.length);
        return found;
      }
      if (piece.whole) return "The message ends in the middle of a packet.";
      if (!this.#join()) return undefined;
    }
  }

  /** Nothing more will come. */
  ends(): void {
    const last = this.#pieces.at(-1);
    if (last !== undefined) this.#pieces[this.#pieces.length - 1] = { ...last, whole: true };
  }

  /** Nothing follows: what is unfinished now stays so. */
  end(): void {
    const last = this.#pieces.pop();
    if (last !== undefined) this.#pieces.push({ ...last, whole: true });
  }

  clear(): void {
    this.#pieces = [];
    this.#at = 0;
  }

  #pass(octets: number): void {
    this.#at += octets;
    if (this.#at < (this.#pieces[0] as Piece).octets.length) return;
    this.#pieces.shift();
    this.#at = 0;
  }

  /** Puts the unfinished packet at the front together with what came after it; false where nothing did. */
  #join(): boolean {
    const [piece, next] = this.#pieces as [Piece, Piece?];
    const rest = piece.octets.subarray(this.#at);
    this.#at = 0;
    // A copy either way: the tail of a piece must not keep the whole piece in memory.
    if (next === undefined) this.#pieces[0] = { octets: new Uint8Array(rest), whole: false };
    else this.#pieces.splice(0, 2, { octets: concatOctets([rest, next.octets]), whole: next.whole });
    return next !== undefined;
  }
}
