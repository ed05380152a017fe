/** A network that reads along, and blanks out a word: in a POST as it stands, in a WebSocket through its mask. For `Terms.rewrite`. */
export function blanksOut(word: string): (octets: Buffer) => Buffer {
  const blank = (octets: Buffer): Buffer => Buffer.from(octets.toString("latin1").replaceAll(word, " ".repeat(word.length)), "latin1");
  return (octets) => (/^[A-Z]+ \//.test(octets.toString("latin1", 0, 8)) ? blank(octets) : (withinFrames(octets, blank) ?? blank(octets)));
}

/** The masked frames of RFC 6455 that `octets` are made of, each payload changed; undefined where they are none. */
function withinFrames(octets: Buffer, change: (payload: Buffer) => Buffer): Buffer | undefined {
  const changed = Buffer.from(octets);
  let at = 0;
  while (at < octets.length) {
    if (octets.length < at + 6 || ((octets[at + 1] as number) & 0x80) === 0) return undefined;
    const short = (octets[at + 1] as number) & 0x7f;
    if (short === 127) return undefined;
    const maskAt = at + (short === 126 ? 4 : 2);
    const from = maskAt + 4;
    const to = from + (short === 126 ? octets.readUInt16BE(at + 2) : short);
    if (to > octets.length) return undefined;
    const unmask = (payload: Buffer): Buffer =>
      Buffer.from(payload.map((octet, index) => octet ^ (octets[maskAt + (index % 4)] as number)));
    unmask(change(unmask(octets.subarray(from, to)))).copy(changed, from);
    at = to;
  }
  return changed;
}
