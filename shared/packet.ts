import { HEADER_OCTETS, MAX_MESSAGE_OCTETS, MAX_NICK_OCTETS } from "./limits.ts";
import { concatOctets, decodeUtf8, encodeUtf8 } from "./octets.ts";

/** What somebody said. `octets` is the whole packet as it was on the wire. */
export type ChatPacket = { kind: "chat"; nick: string; message: string; octets: Uint8Array };
/** A JSON object with a `type`; which types there are and what they hold is `service.ts`. */
export type ServicePacket = {
  kind: "service";
  type: string;
  fields: Readonly<Record<string, unknown>>;
  octets: Uint8Array;
};
export type Packet = ChatPacket | ServicePacket;

export type PacketFault = "bad-header" | "empty-packet" | "nick-not-utf8" | "message-not-utf8" | "not-json" | "not-an-object" | "no-type";

/**
 * What was read. `packets` came whole before the end or the fault: what was said before a fault was said.
 * `rest` is the unfinished tail, under 1,103 octets, a view into what was read.
 */
export type Decoded = { ok: true; packets: Packet[]; rest: Uint8Array } | { ok: false; packets: Packet[]; fault: PacketFault };

const ZERO = 0x30;

/** Reads every whole packet at the front of `octets`. Never throws. Source: P1 to P4. */
export function decode(octets: Uint8Array): Decoded {
  const packets: Packet[] = [];
  let at = 0;
  while (at < octets.length) {
    const packet = decodeAt(octets, at);
    if (packet === undefined) break;
    if (typeof packet === "string") return { ok: false, packets, fault: packet };
    packets.push(packet);
    at += packet.octets.length;
  }
  return { ok: true, packets, rest: octets.subarray(at) };
}

/** The packet that starts at `at`, or what is wrong with it; undefined while it is not all there. */
export function decodeAt(octets: Uint8Array, at: number): Packet | PacketFault | undefined {
  const length = packetLength(octets, at);
  if (length === undefined) return "bad-header";
  if (length === HEADER_OCTETS) return "empty-packet";
  if (length === 0 || at + length > octets.length) return undefined;
  return decodeOne(octets.subarray(at, at + length));
}

/**
 * The length of the packet that starts at `at`, its header included: 0 while the header is not all there, undefined where it is
 * no header. Good for walking over packets that are known to be well formed, without decoding them.
 */
export function packetLength(octets: Uint8Array, at: number): number | undefined {
  const end = Math.min(at + HEADER_OCTETS, octets.length);
  let digits = 0;
  for (let index = at; index < end; index++) {
    const digit = (octets[index] as number) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    digits = digits * 10 + digit;
  }
  if (end - at < HEADER_OCTETS) return 0;
  return HEADER_OCTETS + Math.trunc(digits / 1000) + (digits % 1000);
}

function decodeOne(octets: Uint8Array): Packet | PacketFault {
  const nickOctets = ((octets[0] as number) - ZERO) * 10 + (octets[1] as number) - ZERO;
  const message = decodeUtf8(octets.subarray(HEADER_OCTETS + nickOctets));
  if (nickOctets === 0) {
    if (message === undefined) return "message-not-utf8";
    return decodeService(message, octets);
  }
  const nick = decodeUtf8(octets.subarray(HEADER_OCTETS, HEADER_OCTETS + nickOctets));
  if (nick === undefined) return "nick-not-utf8";
  if (message === undefined) return "message-not-utf8";
  return { kind: "chat", nick, message, octets };
}

function decodeService(json: string, octets: Uint8Array): Packet | PacketFault {
  let fields: unknown;
  try {
    fields = JSON.parse(json);
  } catch {
    return "not-json";
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return "not-an-object";
  const { type } = fields as { type?: unknown };
  if (typeof type !== "string") return "no-type";
  return { kind: "service", type, fields: fields as Record<string, unknown>, octets };
}

/** A chat packet on the wire. Throws RangeError where the nick is empty or either is too long: callers check first. Source: P1, P2. */
export function encodeChat(nick: string, message: string): Uint8Array<ArrayBuffer> {
  const nickOctets = encodeUtf8(nick);
  if (nickOctets.length < 1 || nickOctets.length > MAX_NICK_OCTETS) throw new RangeError(`a nickname of ${nickOctets.length} octets`);
  return encodeParts(nickOctets, encodeUtf8(message));
}

/** A service packet on the wire. Throws RangeError above 999 octets: callers split lists and cut texts. Source: P3. */
export function encodeService(service: { readonly type: string; readonly [field: string]: unknown }): Uint8Array<ArrayBuffer> {
  return encodeParts(NO_NICK, encodeUtf8(JSON.stringify(service)));
}

const NO_NICK = new Uint8Array(0);

function encodeParts(nick: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  if (message.length > MAX_MESSAGE_OCTETS) throw new RangeError(`a message of ${message.length} octets`);
  const octets = new Uint8Array(HEADER_OCTETS + nick.length + message.length);
  const digits = nick.length * 1000 + message.length;
  for (let index = HEADER_OCTETS - 1, left = digits; index >= 0; index--, left = Math.trunc(left / 10)) octets[index] = ZERO + (left % 10);
  octets.set(nick, HEADER_OCTETS);
  octets.set(message, HEADER_OCTETS + nick.length);
  return octets;
}

/** Reads packets from a byte stream in any chunking, and keeps the unfinished one for the next chunk. After a fault it reads no more: every push answers that fault. Source: P5, P8. */
export class PacketDecoder {
  #rest: Uint8Array = NO_NICK;
  #fault: PacketFault | undefined;

  /** Takes the next chunk; gives what it completed. `packets` may be views into `chunk`. */
  push(chunk: Uint8Array): Decoded {
    if (this.#fault !== undefined) return { ok: false, packets: [], fault: this.#fault };
    const decoded = decode(this.#rest.length === 0 ? chunk : concatOctets([this.#rest, chunk]));
    if (decoded.ok) {
      // A copy: the tail of a chunk must not keep the whole chunk in memory.
      this.#rest = decoded.rest.length === 0 ? NO_NICK : new Uint8Array(decoded.rest);
    } else {
      this.#rest = NO_NICK;
      this.#fault = decoded.fault;
    }
    return decoded;
  }
}
