import type { Refusal } from "../../shared/codes.ts";
import type { Offset } from "../engine/engine.ts";

/** Packets joined for one write: encoded once, for however many receivers. */
export class Payload {
  readonly octets: Buffer;
  /** The offset of the last room packet in it; undefined where there is none. */
  readonly last: Offset | undefined;
  /** What a door made of the octets for its own wire, kept so that it is made once. */
  framed: Buffer | undefined;

  constructor(octets: Buffer, last?: Offset) {
    this.octets = octets;
    this.last = last;
  }
}

/** Why a transport is closed: a refusal ends it with `error`; the others have no packet of their own. */
export type Ending = Refusal | { code: "left" } | { code: "newer-poll" } | { code: "stopped" };

/** The write side of what carries a session; a door implements it and does the reading. */
export interface Transport {
  readonly kind: "websocket" | "long-poll" | "tcp";
  /** False while the receiver can take nothing: its buffer is not empty, no poll is parked, or it is closed. */
  readonly writable: boolean;
  /** True once nothing can be written any more. */
  readonly closed: boolean;
  /** How many octets one piece of a replay may have. */
  readonly pieceOctets: number;
  /** Takes the payloads whole, as one write. What is lost on the way is asked for again by offset, not resent from here. */
  write(payload: Payload, then?: Payload): void;
  /** Calls `run` once, as soon as it is writable. Only the newest `run` counts. */
  whenWritable(run: () => void): void;
  /** Says why, and closes. A second call does nothing. */
  close(ending: Ending): void;
}

/** A transport that also carries packets in, as a stream that can be held back. */
export interface StreamTransport extends Transport {
  readonly kind: "websocket" | "tcp";
  /** Stops reading from the peer, so that what it sends waits at its own end. */
  pause(): void;
  resume(): void;
}
