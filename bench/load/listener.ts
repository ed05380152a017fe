import type { Told } from "../../server/testing/ask.ts";
import { newSecret } from "../../server/testing/member.ts";
import { encodeService } from "../../shared/packet.ts";
import type { Faults } from "./faults.ts";
import { PacketStream } from "./packet-stream.ts";
import type { Transcript } from "./transcript.ts";

const ZERO = 0x30;
/** What is counted in a room's log, beside chat packets. Source: L2. */
const COUNTED: ReadonlySet<string> = new Set(["joined", "left", "renamed", "clock", "notice"]);

export type ListenerParts = {
  readonly nick: string;
  readonly room: string;
  readonly faults: Faults;
  /** Where there is one, each packet is compared with what others heard at its offset. */
  readonly transcript?: Transcript;
  readonly secret?: string;
};

/**
 * One session that counts what it hears as L1 says, and checks it: light enough for thousands in one process, so chat packets are not decoded.
 * It does not know what carries it.
 */
export class Listener {
  readonly nick: string;
  readonly room: string;
  readonly secret: string;
  log = "";
  offset = 0;
  turn = 0;
  /** How many numbers the server has dealt with. */
  seq = 0;
  resumed = false;
  online = 0;
  /** All that came, octets of packets. */
  octets = 0;
  chats = 0;
  /** How many packets came of each service type. */
  readonly services: Record<string, number> = {};
  readonly gaps: { from: number; to: number }[] = [];
  /** Called for each service packet, after it was counted. */
  onService: ((told: Told) => void) | undefined;
  /** Called for each chat packet, after it was counted. The octets are good only until it returns. */
  onChat: ((octets: Buffer, start: number, end: number) => void) | undefined;
  readonly #faults: Faults;
  readonly #transcript: Transcript | undefined;
  readonly #packets = new PacketStream((octets, start, end) => this.#hear(octets, start, end));

  constructor({ nick, room, faults, transcript, secret = newSecret() }: ListenerParts) {
    this.nick = nick;
    this.room = room;
    this.secret = secret;
    this.#faults = faults;
    this.#transcript = transcript;
  }

  /** The first `hello`, or the one that resumes. */
  hello(): Uint8Array {
    this.#packets.restart();
    const { secret: session, nick, room, log, offset, seq } = this;
    return log === ""
      ? encodeService({ type: "hello", session, nick, room, history: 0 })
      : encodeService({ type: "hello", session, log, offset, seq });
  }

  /** Takes what came, in any pieces. */
  push(octets: Buffer): void {
    this.octets += octets.length;
    this.#packets.push(octets);
  }

  fault(what: string): void {
    this.#faults.add(`${this.nick}: ${what}`);
  }

  #hear(octets: Buffer, start: number, end: number): void {
    if (octets[start] !== ZERO || octets[start + 1] !== ZERO) {
      this.#count(octets, start, end);
      this.chats++;
      this.onChat?.(octets, start, end);
      return;
    }
    const told: Told = JSON.parse(octets.toString("utf8", start + 5, end));
    this.services[told.type] = (this.services[told.type] ?? 0) + 1;
    if (COUNTED.has(told.type)) this.#count(octets, start, end);
    else this.#note(told);
    this.onService?.(told);
  }

  #count(octets: Buffer, start: number, end: number): void {
    this.offset++;
    if (this.#transcript?.agrees(this.offset, octets, start, end) === false) {
      const other = this.#transcript.at(this.offset)?.toString("utf8", 0, 60);
      this.fault(`${this.offset} is ${octets.toString("utf8", start, Math.min(end, start + 60))}, but for others ${other}`);
    }
  }

  #note(told: Told): void {
    if (told.type === "welcome") this.#welcome(told);
    else if (told.type === "gap") {
      const [from, to] = [Number(told.from), Number(told.to)];
      if (from !== this.offset + 1 || to < from) this.fault(`a gap from ${from} to ${to} where ${this.offset + 1} comes next`);
      this.gaps.push({ from, to });
      this.offset = to;
    } else if (told.type === "ping" && told.offset !== this.offset) {
      this.fault(`a ping says ${told.offset}, but ${this.offset} were counted`);
    } else if (told.type === "roster" || told.type === "ping") this.online = Number(told.online);
  }

  #welcome({ log = "", offset = 0, turn = 0, seq = 0, online = 0, resumed = false }: Told): void {
    if (this.log !== "" && resumed && (log !== this.log || offset !== this.offset)) {
      this.fault(`welcomed at ${offset} of ${log} and not at ${this.offset} of ${this.log}`);
    }
    if (this.#transcript !== undefined) {
      this.#transcript.log ??= log;
      if (this.#transcript.log !== log) this.fault(`the log is ${log}, but for others ${this.#transcript.log}`);
    }
    Object.assign(this, { log, offset, turn, seq, online, resumed });
  }
}
