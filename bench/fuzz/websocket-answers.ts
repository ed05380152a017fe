import { CODES } from "../../shared/codes.ts";
import { judgePackets } from "./packet-judge.ts";
import type { Known } from "./script.ts";

const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
/** Going down is not what it does here, and nothing may go wrong inside. Whoever closes hears its own code and reason back, which are others. Source: W6. */
const FORBIDDEN_ENDS: ReadonlySet<string> = new Set([`${CODES.internal.close} internal`, `${CODES.stopping.close} stopping`]);

/** Reads what comes after the handshake, frame by frame, and finds what no server should send. */
export class WebSocketAnswers {
  fault: string | undefined;
  /** How many frames came, of whatever kind. */
  frames = 0;
  /** A pong came: all that was sent before its ping was read. */
  ponged = false;
  readonly #known: Known;
  #rest: Buffer = Buffer.alloc(0);

  constructor(known: Known) {
    this.#known = known;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.fault === undefined && this.#readFrame());
  }

  #readFrame(): boolean {
    const octets = this.#rest;
    if (octets.length < 2) return false;
    const [first = 0, second = 0] = octets;
    const short = second & 0x7f;
    const headOctets = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (octets.length < headOctets) return false;
    const length = short < 126 ? short : short === 126 ? octets.readUInt16BE(2) : Number(octets.readBigUInt64BE(2));
    if (octets.length < headOctets + length) return false;
    if ((first & 0xf0) !== 0x80 || second >= 0x80) this.fault = "a frame is masked, in pieces or has reserved bits";
    this.#rest = octets.subarray(headOctets + length);
    this.frames++;
    this.fault ??= this.#judge(first & 0x0f, octets.subarray(headOctets, headOctets + length));
    return true;
  }

  #judge(opcode: number, payload: Buffer): string | undefined {
    if (opcode === BINARY) return judgePackets(payload, this.#known);
    if (opcode === PONG) this.ponged = true;
    if (opcode === PING || opcode === PONG) return undefined;
    if (opcode !== CLOSE) return `a frame of kind ${opcode}`;
    const end = payload.length < 2 ? "" : `${payload.readUInt16BE(0)} ${payload.subarray(2)}`;
    return FORBIDDEN_ENDS.has(end) ? `closed with ${end}` : undefined;
  }
}
