import { packetLength } from "../../shared/packet.ts";

const CLOSE = 0x8;

/** Takes the WebSocket frames off. What they hold is whole packets each, so their payloads, joined, are a stream of packets. */
export class FrameStream {
  /** The code of the close frame that came; undefined before. */
  closeCode: number | undefined;
  readonly #payload: (octets: Buffer) => void;
  #header: Buffer = Buffer.alloc(0);
  #left = 0;
  #opcode = 0;

  constructor(payload: (octets: Buffer) => void) {
    this.#payload = payload;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const end = Math.min(chunk.length, at + this.#left);
        this.#left -= end - at;
        this.#take(chunk.subarray(at, end));
        at = end;
        continue;
      }
      const seen = this.#header.length;
      const header = seen === 0 ? chunk.subarray(at, at + 10) : Buffer.concat([this.#header, chunk.subarray(at, at + 10 - seen)]);
      const size = headerOctets(header);
      if (header.length < size) {
        this.#header = Buffer.from(header);
        return;
      }
      at += size - seen;
      this.#header = Buffer.alloc(0);
      this.#opcode = (header[0] as number) & 0x0f;
      this.#left = payloadOctets(header);
    }
  }

  #take(octets: Buffer): void {
    if (this.#opcode !== CLOSE) this.#payload(octets);
    else if (octets.length >= 2) this.closeCode ??= octets.readUInt16BE(0);
  }
}

function headerOctets(header: Buffer): number {
  const short = (header[1] ?? 0) & 0x7f;
  return short < 126 ? 2 : short === 126 ? 4 : 10;
}

function payloadOctets(header: Buffer): number {
  const short = (header[1] as number) & 0x7f;
  return short < 126 ? short : short === 126 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
}

/** Cuts a stream into packets, without decoding them. `take` gets where one lies; the octets are good only until it returns. */
export class PacketStream {
  readonly #take: (octets: Buffer, start: number, end: number) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(take: (octets: Buffer, start: number, end: number) => void) {
    this.#take = take;
  }

  push(chunk: Buffer): void {
    const octets = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const length = packetLength(octets, at);
      if (length === undefined) throw new Error(`what came is no packet: ${octets.toString("latin1", at, at + 40)}`);
      if (length === 0 || at + length > octets.length) break;
      this.#take(octets, at, at + length);
      at += length;
    }
    this.#rest = at === octets.length ? Buffer.alloc(0) : Buffer.from(octets.subarray(at));
  }

  /** What was cut off on the way is not completed by what comes on another one. */
  restart(): void {
    this.#rest = Buffer.alloc(0);
  }
}
