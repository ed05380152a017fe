import type { Refusal } from "../codes.ts";
import { MAX_NICK_OCTETS, MAX_ROSTER_NICKS } from "../limits.ts";
import { octetLength, truncateOctets } from "../octets.ts";
import { encodeService, type Packet } from "../packet.ts";
import type { RoomName } from "../room-name.ts";
import { parseServerService, type ServerService, type Welcome } from "../service.ts";
import type { SessionSecret } from "../session-secret.ts";
import type { ConnectionEvent } from "./connection-event.ts";
import type { TransportKind } from "./connection-state.ts";
import type { Outbox, Outgoing } from "./outbox.ts";
import { Pace } from "./pace.ts";
import { type Place, RoomReader, type Said, type Unconfirmed } from "./room-reader.ts";

/** The identity of a log is short; a longer one would not fit into `hello`. */
const MAX_LOG_OCTETS = 200;

export type ClientSessionOptions = {
  readonly secret: SessionSecret;
  readonly room: RoomName;
  readonly nick: string;
  readonly history: number;
  readonly outbox: Outbox;
  /** What was known of the room in an earlier life, and the time there. */
  readonly known?: { place: Place; at: number; unconfirmed?: Unconfirmed };
};

/** How a payload came. */
export type Way = {
  readonly kind: TransportKind;
  /** What the last `hello` on it said. */
  readonly asked: Place | undefined;
  /** False until it has brought its first `welcome`. */
  readonly welcomed: boolean;
  /** The payload is the answer to "what comes after this offset?". */
  readonly after: number | undefined;
  readonly nowMs: number;
};

/** What one payload said. */
export type Reading = {
  readonly events: ConnectionEvent[];
  welcome?: Welcome;
  /** `error`: the transport is about to be closed. */
  refusal?: Refusal;
  stopping?: { reason: string; reconnectInMs: number };
  /** A `pong` is due. */
  pinged: boolean;
  /** Packets were lost on the way: `hello` is to be said again. */
  outOfStep: boolean;
  /** It could not be read to its end. */
  malformed: boolean;
};

/** One person in one room as their own end knows it: what is sent, what was read, how far. It has no transport and no time of its own. */
export class ClientSession {
  readonly #options: ClientSessionOptions;
  readonly #outbox: Outbox;
  readonly #reader = new RoomReader();
  readonly #pace = new Pace();
  #nick: string;
  #turn = 0;
  #heartbeatMs = 25_000;
  #online: number | undefined;
  #roster: string[] = [];
  /** The name that is wanted, and the one that was asked for and not answered yet. */
  #wanted: string | undefined;
  #renaming: string | undefined;

  constructor(options: ClientSessionOptions) {
    this.#options = options;
    this.#outbox = options.outbox;
    this.#nick = options.nick;
    if (options.known !== undefined) this.#reader.restore(options.known.place, options.known.at, options.known.unconfirmed);
  }

  get nick(): string {
    return this.#nick;
  }

  /** The number of the last `hello` that was answered. */
  get turn(): number {
    return this.#turn;
  }

  get heartbeatMs(): number {
    return this.#heartbeatMs;
  }

  /** The last room packet that was handed over, the time there and its log. */
  get known(): { log: string | undefined; offset: number; at: number; unconfirmed: Unconfirmed } {
    const { log, known: offset, at, unconfirmed } = this.#reader;
    return { log, offset, at, unconfirmed };
  }

  /** What the transport that is listened to brings next follows this offset. */
  get reached(): number {
    return this.#reader.reached;
  }

  /** `hello`, as it is true now. Source: S9 to S12, S20. */
  hello(nowMs: number): { octets: Uint8Array<ArrayBuffer>; asked: Place | undefined } {
    const { secret, room, history } = this.#options;
    const asked = this.#reader.place;
    this.#pace.spend(1, nowMs);
    const octets = encodeService({
      type: "hello",
      session: secret,
      nick: truncateOctets(this.#nick, MAX_NICK_OCTETS),
      room,
      ...(asked === undefined ? { history } : asked),
      seq: this.#outbox.knownSeq,
    });
    return { octets, asked };
  }

  /** Reads one payload. */
  read(packets: readonly Packet[], way: Way): Reading {
    const reading: Reading = { events: [], pinged: false, outOfStep: false, malformed: false };
    let welcomed = way.welcomed;
    let caughtUp = false;
    if (way.after !== undefined && welcomed) this.#reader.goTo(way.after);
    for (const packet of packets) {
      if (packet.kind === "chat") {
        if (!welcomed) {
          reading.malformed = true;
          break;
        }
        this.#readSaid(packet, reading);
        continue;
      }
      const parsed = parseServerService(packet);
      if (parsed.kind === "ignored") continue;
      if (parsed.kind === "malformed" || !isPossible(parsed.service, welcomed)) {
        reading.malformed = true;
        break;
      }
      const { service } = parsed;
      if (service.type === "welcome") {
        welcomed = true;
        this.#readWelcome(service, way, reading);
      } else if (service.type === "ping") {
        reading.pinged = true;
        if (this.#reader.agrees(service.offset)) caughtUp = true;
        this.#tellOnline(service.online, reading);
      } else if (service.type === "roster") {
        // In the answer to a poll it may stand before the end of the replay.
        if (way.kind === "websocket" && service.more !== true) caughtUp = true;
        this.#readRoster(service, reading);
      } else this.#readService(service, way.nowMs, reading);
    }
    if (reading.welcome !== undefined && !reading.malformed) this.#outbox.settle();
    // Its transport has held the answer against what the server says it comes to.
    if (way.kind === "long-poll" && welcomed && !reading.malformed) this.#reader.confirm();
    reading.outOfStep = welcomed && this.#reader.outOfStep;
    const { known } = this.#reader;
    // Only here a `refused` can be lost by itself: it comes before a higher `ack`, which comes before what it names (S19).
    if (way.kind === "websocket" && welcomed && !reading.malformed && this.#outbox.doubts(known)) reading.outOfStep = true;
    this.#outbox.read(known);
    if (caughtUp && !reading.malformed && !reading.outOfStep) this.#outbox.caughtUp();
    return reading;
  }

  #readSaid(said: Said, reading: Reading): void {
    const event = this.#reader.read(said);
    if (event === undefined) return;
    if (event.kind === "message") this.#outbox.heard(event.nick, event.message, this.#nick);
    reading.events.push(event);
  }

  #readWelcome(welcome: Welcome, way: Way, reading: Reading): void {
    const { nick, room, resumed, online } = welcome;
    reading.welcome = welcome;
    const fresh = this.#reader.enter(welcome, way.asked);
    if (fresh) this.#outbox.forgetOffsets();
    this.#outbox.welcome(welcome.seq);
    this.#pace.limit(welcome.limits.rate, way.nowMs);
    this.#turn = welcome.turn;
    this.#heartbeatMs = welcome.heartbeat;
    this.#nick = nick;
    this.#online = online;
    this.#roster = [];
    reading.events.push({ kind: "welcome", nick, room, resumed, fresh, offset: this.#reader.known, online });
    if (this.#renaming === undefined) return;
    // Whether the answer was lost, or the question, shows in the name.
    if (this.#renaming === nick) reading.events.push({ kind: "nick", nick });
    else this.#wanted ??= this.#renaming;
    this.#renaming = undefined;
  }

  #readRoster(roster: ServerService & { type: "roster" }, reading: Reading): void {
    this.#roster.push(...roster.nicks.slice(0, MAX_ROSTER_NICKS - this.#roster.length));
    if (roster.more === true) return;
    this.#online = roster.online;
    reading.events.push({ kind: "roster", nicks: this.#roster, online: roster.online });
    this.#roster = [];
  }

  #readService(service: Exclude<ServerService, { type: "welcome" | "ping" | "roster" }>, nowMs: number, reading: Reading): void {
    const { events } = reading;
    switch (service.type) {
      case "you":
        this.#nick = service.nick;
        this.#renaming = undefined;
        events.push({ kind: "nick", nick: service.nick });
        return;
      case "ack":
        return this.#outbox.ack(service.seq, service.offset);
      case "refused": {
        const { seq, of, code, message, retryAfter } = service;
        if (code === "rate-limited") this.#pace.block(retryAfter ?? 1000, nowMs);
        if (seq !== undefined) this.#outbox.refuse(seq, { code, message }, this.#nick);
        else if (of === "rename") this.#renameRefused({ code, message }, events);
        return;
      }
      case "gap": {
        const gap = this.#reader.skip(service);
        if (gap === undefined) return;
        this.#outbox.missed();
        events.push({ kind: "gap", ...gap });
        return;
      }
      case "stopping": {
        const { reason, reconnectIn: reconnectInMs } = service;
        reading.stopping = { reason, reconnectInMs };
        events.push({ kind: "stopping", reason, reconnectInMs });
        return;
      }
      case "error": {
        const { code, message, retryAfter } = service;
        reading.refusal = retryAfter === undefined ? { code, message } : { code, message, retryAfterMs: retryAfter };
        return;
      }
      default:
        return this.#readSaid(service, reading);
    }
  }

  #tellOnline(online: number, { events }: Reading): void {
    if (online !== this.#online) events.push({ kind: "online", online });
    this.#online = online;
  }

  rename(nick: string): void {
    this.#wanted = nick;
  }

  /** A refusal that only asks to wait is nobody's business. */
  #renameRefused(refusal: Refusal, events: ConnectionEvent[]): void {
    if (refusal.code === "rate-limited") this.#wanted ??= this.#renaming;
    else events.push({ kind: "rename-refused", code: refusal.code, message: refusal.message });
    this.#renaming = undefined;
  }

  /** The `rename` that is to be sent now. */
  takeRename(nowMs: number): Uint8Array<ArrayBuffer> | undefined {
    const nick = this.#wanted;
    if (nick === undefined || this.#renaming !== undefined || this.#pace.allowance(nowMs) < 1) return undefined;
    this.#wanted = undefined;
    this.#renaming = nick;
    this.#pace.spend(1, nowMs);
    return encodeService({ type: "rename", nick: truncateOctets(nick, MAX_NICK_OCTETS) });
  }

  /** The chat packets that are to be sent now; from here on they count as sent. */
  takeChats(nowMs: number): Outgoing | undefined {
    const outgoing = this.#outbox.take(this.#nick, this.#pace.allowance(nowMs));
    if (outgoing !== undefined) this.#pace.spend(outgoing.count, nowMs);
    return outgoing;
  }

  /** After how long there may be something to send, ms; undefined where nothing waits for time to pass. */
  sendsInMs(nowMs: number): number | undefined {
    if (!this.#outbox.waiting && this.#wanted === undefined) return undefined;
    const waitMs = this.#pace.waitMs(nowMs);
    return waitMs > 0 ? waitMs : undefined;
  }
}

/** Before `welcome` there is nothing but a refusal; and what we say again must fit into what we say. */
function isPossible(service: ServerService, welcomed: boolean): boolean {
  if (service.type === "welcome") return isSpeakable(service.nick) && writtenOctets(service.log) <= MAX_LOG_OCTETS;
  if (service.type === "you" && !isSpeakable(service.nick)) return false;
  return welcomed || service.type === "error" || service.type === "stopping";
}

/** Good for a chat packet, and for `hello`: of what JSON spells in six octets no nickname has any. */
function isSpeakable(nick: string): boolean {
  const octets = octetLength(nick);
  return octets > 0 && octets <= MAX_NICK_OCTETS && writtenOctets(nick) <= 2 * MAX_NICK_OCTETS;
}

function writtenOctets(text: string): number {
  return octetLength(JSON.stringify(text));
}
