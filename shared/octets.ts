const encoder = new TextEncoder();
// Without ignoreBOM a leading U+FEFF would be swallowed, and a packet would not come out as it went in.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The text, or undefined where the octets are not UTF-8. */
export function decodeUtf8(octets: Uint8Array): string | undefined {
  try {
    return decoder.decode(octets);
  } catch {
    return undefined;
  }
}

/** How many octets `text` has in UTF-8. A lone surrogate counts as the three octets of U+FFFD, which is what it is encoded as. */
export function octetLength(text: string): number {
  let octets = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) octets += 1;
    else if (unit >= 0xd800 && unit <= 0xdbff && isLowSurrogate(text.charCodeAt(at + 1))) {
      octets += 2; // four octets for two units
      at++;
    } else octets += 2;
  }
  return octets;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff; // false for NaN, the unit after the end
}

const ELLIPSIS_OCTETS = 3;

/** Cuts `text` to at most `limit` octets, never inside a code point; where it was cut, an ellipsis stands at the end (if `limit` has room for one). */
export function truncateOctets(text: string, limit: number): string {
  if (octetLength(text) <= limit) return text;
  if (limit < ELLIPSIS_OCTETS) return "";
  let octets = ELLIPSIS_OCTETS;
  let kept = "";
  for (const character of text) {
    octets += octetLength(character);
    if (octets > limit) return `${kept}…`;
    kept += character;
  }
  return kept;
}

export function concatOctets(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
