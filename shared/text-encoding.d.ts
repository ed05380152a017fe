/**
 * The one thing outside ECMAScript that the agreement needs: UTF-8 (WHATWG Encoding). Browsers and Node both have it;
 * declared here by hand so that neither DOM nor Node types are let in.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label: "utf-8", options: { fatal: boolean; ignoreBOM: boolean });
  /** Throws a TypeError where `fatal` and `octets` are not UTF-8. */
  decode(octets: Uint8Array): string;
}
