declare const brand: unique symbol;
/** What proves a session: at least 128 random bits in base64url, 22 to 64 characters. Never logged, never in a URL. Source: S1, H2. */
export type SessionSecret = string & { readonly [brand]: "SessionSecret" };

const SESSION_SECRET = /^[A-Za-z0-9_-]{22,64}$/;

export function parseSessionSecret(text: string): SessionSecret | undefined {
  return SESSION_SECRET.test(text) ? (text as SessionSecret) : undefined;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Writes `random` (16 to 48 octets from a cryptographic source) as base64url without padding. Throws RangeError for fewer or more. */
export function encodeSessionSecret(random: Uint8Array): SessionSecret {
  if (random.length < 16 || random.length > 48) throw new RangeError(`a session secret of ${random.length} octets, not 16 to 48`);
  let text = "";
  let bits = 0;
  let held = 0;
  for (const octet of random) {
    held = ((held << 8) | octet) & 0x3fff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += ALPHABET[(held >> bits) & 63];
    }
  }
  if (bits > 0) text += ALPHABET[(held << (6 - bits)) & 63];
  return text as SessionSecret;
}
