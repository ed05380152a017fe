import { decode, type Packet } from "../../shared/packet.ts";
import type { Ending, Payload, StreamTransport } from "../chat/transport.ts";

/** A transport that only listens: what is written to it is there to be looked at. It can be made to take nothing for a while. */
export class Hearer implements StreamTransport {
  readonly kind = "websocket";
  readonly pieceOctets: number;
  readonly packets: Packet[] = [];
  readonly payloads: Payload[] = [];
  ending: Ending | undefined;
  /** True while what it sends is not wanted. */
  paused = false;
  /** Called when it is closed, by either side. */
  onClose: (() => void) | undefined;
  #blocked = false;
  #whenWritable: (() => void) | undefined;

  /** `pieceOctets`: how large a piece of a replay may be. */
  constructor(pieceOctets = 64 * 1024) {
    this.pieceOctets = pieceOctets;
  }

  get closed(): boolean {
    return this.ending !== undefined;
  }

  get writable(): boolean {
    return !this.#blocked && !this.closed;
  }

  write(...payloads: Payload[]): void {
    if (!this.writable) throw new Error("written to while it takes nothing");
    for (const payload of payloads) {
      const decoded = decode(payload.octets);
      if (!decoded.ok || decoded.rest.length > 0) throw new Error("half a packet was written");
      this.payloads.push(payload);
      this.packets.push(...decoded.packets);
    }
  }

  whenWritable(run: () => void): void {
    this.#whenWritable = run;
  }

  block(): void {
    this.#blocked = true;
  }

  unblock(): void {
    this.#blocked = false;
    const run = this.#whenWritable;
    this.#whenWritable = undefined;
    run?.();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(ending: Ending): void {
    if (this.ending !== undefined) return;
    this.ending = ending;
    this.onClose?.();
  }
}
