/** What was heard at each offset of a room's log, by whoever heard it first: everybody else has to have heard the same. */
export class Transcript {
  readonly #packets: (Buffer | undefined)[] = [];
  #last = 0;
  log: string | undefined;

  /** The highest offset that somebody heard. */
  get last(): number {
    return this.#last;
  }

  /** True where the packet at `offset` is the one that others heard, or where nobody did yet. */
  agrees(offset: number, octets: Buffer, start: number, end: number): boolean {
    const known = this.#packets[offset];
    if (known !== undefined) return known.compare(octets, start, end) === 0;
    this.#packets[offset] = Buffer.from(octets.subarray(start, end));
    if (offset > this.#last) this.#last = offset;
    return true;
  }

  at(offset: number): Buffer | undefined {
    return this.#packets[offset];
  }

  /** The packets after `after`, each with its offset; those that nobody heard are passed over. */
  *after(after: number): Generator<[offset: number, packet: Buffer]> {
    for (let offset = after + 1; offset <= this.#last; offset++) {
      const packet = this.#packets[offset];
      if (packet !== undefined) yield [offset, packet];
    }
  }
}

/** How many packets after `after` are of a service type, such as `joined`. */
export function countServices(transcript: Transcript, type: string, after = 0): number {
  let count = 0;
  for (const [, packet] of transcript.after(after)) {
    if (packet[0] === 0x30 && packet[1] === 0x30 && JSON.parse(packet.toString("utf8", 5)).type === type) count++;
  }
  return count;
}
