/** Takes whole messages out of a stream of WebSocket frames, and leaves the others, and all control frames, as they are. Source: RFC 6455 §5.2. */
export class MessageDropper {
  readonly #drops: () => boolean;
  readonly #dropped: () => void;
  #header: Buffer = Buffer.alloc(0);
  /** Octets of the frame's payload that are still to come. */
  #rest = 0;
  /** The frame that is passing, and the message that is (a control frame may stand within it). */
  #droppingFrame = false;
  #droppingMessage = false;
  #endsMessage = false;
  #plain = false;

  /** `drops` is asked at the start of each message, `dropped` is told at the end of each that vanished. */
  constructor(drops: () => boolean, dropped: () => void) {
    this.#drops = drops;
    this.#dropped = dropped;
  }

  /** What is left of `octets`. The octets of a header are kept until it is whole. */
  pass(octets: Buffer): Buffer {
    const kept: Buffer[] = [];
    let rest = octets;
    while (rest.length > 0) {
      if (this.#plain) {
        kept.push(rest);
        break;
      }
      if (this.#rest > 0) {
        const payload = rest.subarray(0, this.#rest);
        this.#rest -= payload.length;
        rest = rest.subarray(payload.length);
        if (!this.#droppingFrame) kept.push(payload);
        if (this.#rest === 0) this.#frameEnds();
        continue;
      }
      const missing = headerOctets(this.#header) - this.#header.length;
      this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (this.#header.length < headerOctets(this.#header)) continue;
      this.#frameBegins(this.#header);
      if (!this.#droppingFrame) kept.push(this.#header);
      this.#header = Buffer.alloc(0);
      if (this.#rest === 0 && !this.#plain) this.#frameEnds();
    }
    return Buffer.concat(kept);
  }

  #frameBegins(header: Buffer): void {
    const [first = 0] = header;
    const opcode = first & 0x0f;
    this.#rest = payloadOctets(header);
    this.#droppingFrame = false;
    this.#endsMessage = false;
    if ((first & 0x70) !== 0 || (opcode > 2 && opcode < 8) || opcode > 10) {
      this.#plain = true; // an extension, or no WebSocket at all
      return;
    }
    if (opcode >= 8) return;
    if (opcode !== 0) this.#droppingMessage = this.#drops();
    this.#droppingFrame = this.#droppingMessage;
    this.#endsMessage = (first & 0x80) !== 0;
  }

  #frameEnds(): void {
    if (!this.#endsMessage) return;
    this.#endsMessage = false;
    if (this.#droppingMessage) this.#dropped();
    this.#droppingMessage = false;
  }
}

/** How long the header is that begins so, as far as that shows: each time more of it is there, it may be more. */
function headerOctets(start: Buffer): number {
  const second = start[1];
  if (second === undefined) return 2;
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) !== 0 ? 4 : 0);
}

function payloadOctets(header: Buffer): number {
  const length = (header[1] ?? 0) & 0x7f;
  if (length === 126) return header.readUInt16BE(2);
  return length === 127 ? Number(header.readBigUInt64BE(2)) : length;
}
