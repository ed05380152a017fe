import { MAX_INPUT_OCTETS } from "../../shared/limits.ts";
import { concatOctets, encodeUtf8 } from "../../shared/octets.ts";
import { encodeChat, encodeService } from "../../shared/packet.ts";
import type { Random } from "../chaos/random.ts";
import { HOSTILE_OCTETS, HOSTILE_TEXTS } from "./hostile.ts";
import { mutate, randomOctets } from "./mutation.ts";
import type { Script, Step } from "./script.ts";
import { CORPUS, hello, type Identity, pickIdentity, utterance } from "./utterance.ts";

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

type FrameOptions = { opcode?: number; final?: boolean; reserved?: number; masked?: boolean; says?: number; long?: 0 | 126 | 127 };

/** A frame as clients send it, but for what `options` change. `says` is the length that it claims. Source: RFC 6455, section 5.2. */
export function clientFrame(random: Random, payload: Uint8Array, options: FrameOptions = {}): Uint8Array<ArrayBuffer> {
  const { opcode = BINARY, final = true, reserved = 0, masked = true, says = payload.length } = options;
  const long = options.long ?? (says < 126 ? 0 : says < 0x10000 ? 126 : 127);
  const head = Buffer.alloc(2 + (long === 0 ? 0 : long === 126 ? 2 : 8));
  head[0] = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (long === 0 ? says & 0x7f : long);
  if (long === 126) head.writeUInt16BE(says & 0xffff, 2);
  if (long === 127) head.writeBigUInt64BE(BigInt.asUintN(64, BigInt(says)), 2);
  if (!masked) return concatOctets([head, payload]);
  const mask = randomOctets(random, 4);
  // A mark has to stay readable: it is filled in before the frame is sent.
  if (payload.includes(0x7e)) mask.fill(0);
  return concatOctets([head, mask, payload.map((octet, at) => octet ^ (mask[at & 3] as number))]);
}

const CLOSE_CODES = [0, 999, 1000, 1001, 1002, 1004, 1005, 1006, 1007, 1011, 1012, 1015, 1016, 2999, 3000, 4999, 5000, 65535];

function closePayload(random: Random): Uint8Array {
  const code = Buffer.alloc(2);
  code.writeUInt16BE(random.pick(CLOSE_CODES));
  return random.chance(0.2)
    ? code.subarray(0, random.between(0, 1))
    : concatOctets([code, oddOctets(random).subarray(0, random.pick([0, 20, 123, 130]))]);
}

function oddOctets(random: Random): Uint8Array {
  return random.chance(0.5) ? encodeUtf8(random.pick(HOSTILE_TEXTS)) : random.pick(HOSTILE_OCTETS);
}

/** What a broken or a rude WebSocket library sends: one to many frames. */
function oddFrames(random: Random, who: Identity): Uint8Array {
  const payload = utterance(random, who, 0.2).octets;
  const half = random.between(0, payload.length);
  const frame = (octets: Uint8Array, options?: FrameOptions) => clientFrame(random, octets, options);
  switch (random.between(0, 14)) {
    case 0: // in pieces, which is allowed, with a ping between them
      return concatOctets([
        frame(payload.subarray(0, half), { final: false }),
        frame(new Uint8Array(3), { opcode: PING }),
        frame(payload.subarray(half), { opcode: 0 }),
      ]);
    case 1: // in pieces, and never finished
      return concatOctets([frame(payload.subarray(0, half), { final: false }), frame(payload, {})]);
    case 2: // the end of something that has no beginning
      return frame(payload, { opcode: 0, final: random.chance(0.5) });
    case 3:
      return frame(payload, { masked: false });
    case 4:
      return frame(payload, { reserved: random.between(1, 7) });
    case 5:
      return frame(payload, { opcode: random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) });
    case 6: // a length that it has not
      return frame(payload, {
        says: random.pick([payload.length + 1, payload.length - 1, MAX_INPUT_OCTETS, MAX_INPUT_OCTETS + 1, 0xffff, 2 ** 31, 2 ** 53]),
      });
    case 7: // a length that is all ones
      return concatOctets([Uint8Array.of(0x82, 0xff), Uint8Array.from(Array(8).fill(0xff)), payload]);
    case 8:
      return frame(payload, { opcode: random.pick([CLOSE, PING, PONG]), long: 126 });
    case 9:
      return frame(payload.subarray(0, 100), { opcode: random.pick([CLOSE, PING, PONG]), final: false });
    case 10:
      return concatOctets(
        Array.from({ length: random.between(1, 60) }, () => frame(randomOctets(random, random.pick([0, 1, 125])), { opcode: PING })),
      );
    case 11:
      return frame(closePayload(random), { opcode: CLOSE });
    case 12:
      return frame(concatOctets([payload, oddOctets(random)]), { opcode: TEXT });
    case 13: // in very many pieces
      return concatOctets([
        frame(payload, { final: false }),
        ...Array.from({ length: random.between(1, 300) }, () => frame(new Uint8Array(random.between(0, 1)), { opcode: 0, final: false })),
      ]);
    default: // a length in more octets than it needs
      return frame(payload, { long: random.pick([126, 127]) });
  }
}

/** As much as is allowed, an octet less, an octet more. */
function large(random: Random, who: Identity): Uint8Array {
  const packet = encodeChat(who.nick, "y".repeat(900));
  const whole = concatOctets(Array<Uint8Array>(80).fill(packet)).subarray(0, MAX_INPUT_OCTETS + random.pick([-1, 0, 1]));
  return clientFrame(random, whole, { opcode: random.pick([BINARY, TEXT]) });
}

const HANDSHAKE = [
  "GET /ws HTTP/1.1",
  "Host: fuzz.test",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
];

const ODD_LINES = [
  "Sec-WebSocket-Version: 99",
  "Sec-WebSocket-Version: 8",
  "Sec-WebSocket-Key: short",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "Sec-WebSocket-Protocol: palabre.v1",
  "Sec-WebSocket-Protocol: palabre.v1, palabre.v1",
  "Sec-WebSocket-Protocol: ,,;",
  "Sec-WebSocket-Protocol: __proto__, constructor",
  "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99",
  "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover",
  "Sec-WebSocket-Extensions: =;=,",
  "Upgrade: h2c",
  "Upgrade: WebSocket, h2c",
  "Connection: keep-alive",
  "Origin: null",
  "Origin: https://elsewhere.example",
  "Origin: http://fuzz.test",
  "Content-Length: 5",
  "Transfer-Encoding: chunked",
  "Expect: 100-continue",
];

function handshake(random: Random, odd: boolean): Uint8Array {
  const lines = [...HANDSHAKE, ...(random.chance(0.5) ? ["Sec-WebSocket-Protocol: palabre.v1"] : [])];
  if (odd) {
    if (random.chance(0.5)) lines.splice(random.between(1, lines.length - 1), 1);
    for (let left = random.between(1, 3); left > 0; left--) lines.splice(random.between(1, lines.length), 0, random.pick(ODD_LINES));
    if (random.chance(0.2))
      lines[0] = random.pick([
        "POST /ws HTTP/1.1",
        "GET /ws?x=%zz HTTP/1.1",
        "GET /poll HTTP/1.1",
        "GET //ws HTTP/1.1",
        "GET /ws HTTP/1.0",
        "HEAD /ws HTTP/1.1",
      ]);
  }
  const octets = encodeUtf8(`${lines.join("\r\n")}\r\n\r\n`);
  return odd && random.chance(0.3) ? mutate(random, octets, CORPUS) : octets;
}

/** One WebSocket, from its handshake to its end. */
export function websocketScript(random: Random, seed: string): Script {
  const who = pickIdentity(random, seed);
  const odd = random.chance(0.08);
  const harsh = random.pick([0, 0, 0.1, 0.5]);
  const steps: Step[] = [{ octets: handshake(random, odd), awaits: odd ? "perhaps" : "answer" }];
  let sound = !odd;
  if (random.chance(0.85))
    steps.push({ octets: clientFrame(random, hello(who, random.chance(0.7))), awaits: sound ? "answer" : "nothing" });
  for (let left = random.between(1, 16); left > 0; left--) {
    // One that is to be heard to its end keeps its frames in order until then.
    const roll = harsh === 0 && left > 1 ? 1 : random.next();
    if (roll < 0.15) steps.push({ octets: oddFrames(random, who), awaits: "nothing" });
    else if (roll < 0.16) steps.push({ octets: large(random, who), awaits: "nothing" });
    else if (roll < 0.2)
      steps.push({ octets: mutate(random, clientFrame(random, utterance(random, who, harsh).octets), CORPUS), awaits: "nothing" });
    else {
      const said = utterance(random, who, harsh);
      steps.push({ octets: clientFrame(random, said.octets, { opcode: random.pick([TEXT, BINARY]) }), awaits: "nothing" });
      sound &&= said.valid;
      continue;
    }
    sound = false;
  }
  // Whatever was said before is dealt with when this is answered.
  steps.push({ octets: clientFrame(random, encodeService({ type: "pong" })), awaits: "nothing" });
  steps.push({ octets: clientFrame(random, new Uint8Array(4), { opcode: PING }), awaits: sound ? "answer" : "perhaps" });
  return { door: "websocket", steps, secret: who.secret, end: random.chance(0.8) ? "half-close" : "cut" };
}
