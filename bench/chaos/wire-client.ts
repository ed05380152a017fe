import { randomBytes } from "node:crypto";
import { concatOctets } from "../../shared/octets.ts";
import { encodeChat, encodeService, type Packet } from "../../shared/packet.ts";
import { parseServerService, type ServerService } from "../../shared/service.ts";
import type { HeardPacket } from "../history/record.ts";
import { type Line, openLine, PONG } from "./line.ts";
import type { Random } from "./random.ts";
import type { LineKind, Recorder } from "./recorder.ts";
import { ROOM } from "./stay.ts";
import { WireOutbox } from "./wire-outbox.ts";

export type WireOptions = {
  readonly nick: string;
  /** Where each kind of line goes. A kind that is not there is not used. */
  readonly ports: Partial<Record<LineKind, number>>;
  readonly kind: LineKind;
  readonly recorder: Recorder;
  readonly random: Random;
};

/** How long `hello` may go unanswered, ms. */
const WELCOME_WITHIN_MS = 10_000;
/** Source: S32. */
const SILENCE_MS = 10_000;

type Carrier = {
  line: Line;
  turn: number;
  asked: { log: string; offset: number } | undefined;
  wire: number;
  timer: NodeJS.Timeout | undefined;
  heardMs: number;
};

/**
 * One session on the wire, by the protocol's rules and without the product's client: hears every counted packet, `clock` too, says hello again from
 * where it is when a line breaks, and moves to another line while the old one goes on.
 */
export class WireClient {
  readonly #options: WireOptions;
  readonly #session = randomBytes(18).toString("base64url");
  readonly #outbox: WireOutbox;
  readonly #lines = new Set<Carrier>();
  #carrier: Carrier | undefined;
  #kind: LineKind;
  #nick: string;
  #turn = 0;
  #log: string | undefined;
  #offset = 0;
  /** The last place of which the server has said the same. */
  #sure = 0;
  #heartbeatMs = 25_000;
  #roster: string[] = [];
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #over = false;
  #onWelcome: (() => void) | undefined;

  constructor(options: WireOptions) {
    this.#options = options;
    this.#kind = options.kind;
    this.#nick = options.nick;
    this.#outbox = new WireOutbox(options.recorder);
  }

  get settled(): boolean {
    return this.#over || (this.#carrier !== undefined && this.unsent === 0);
  }

  /** True while it waits to try again. */
  get waiting(): boolean {
    return !this.#over && this.#lines.size === 0;
  }

  /** What it said and has neither been told of nor heard. */
  get unsent(): number {
    return this.#outbox.unheard;
  }

  get over(): boolean {
    return this.#over;
  }

  get offset(): number {
    return this.#offset;
  }

  get kind(): LineKind {
    return this.#kind;
  }

  begin(): void {
    this.#open(this.#kind);
  }

  says(text: string): void {
    if (this.#over) return;
    this.#options.recorder.sent(text);
    this.#outbox.add(text);
    this.#pump();
  }

  /** Goes on over another kind of line, while the present one is still there. Resolves at the next `welcome`. */
  move(kind: LineKind): Promise<void> {
    this.#kind = kind;
    clearTimeout(this.#retry);
    return new Promise((resolve) => {
      this.#onWelcome = resolve;
      this.#open(kind);
    });
  }

  /** Comes back at once where it was waiting to. */
  probe(): void {
    if (this.#over || this.#lines.size > 0) return;
    clearTimeout(this.#retry);
    this.#open(this.#kind);
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#retry);
    for (const carrier of [...this.#lines]) this.#drop(carrier);
  }

  #open(kind: LineKind): void {
    const port = this.#options.ports[kind];
    if (this.#over || port === undefined) return;
    const place = () => ({ session: this.#session, turn: this.#turn, offset: this.#offset });
    const line = openLine(kind, port, place, {
      opened: () => this.#hello(carrier),
      received: (packets, after) => this.#received(carrier, packets, after),
      closed: () => this.#gone(carrier),
    });
    const carrier: Carrier = { line, turn: 0, asked: undefined, wire: 0, timer: undefined, heardMs: 0 };
    this.#lines.add(carrier);
    carrier.timer = setTimeout(() => this.#gone(carrier), WELCOME_WITHIN_MS);
  }

  #hello(carrier: Carrier): void {
    const { nick, recorder } = this.#options;
    // What no ping has confirmed may have been counted wrong: where messages vanish it is asked for again.
    if (recorder.loses && this.#carrier === undefined && this.#offset > this.#sure) {
      recorder.void(this.#sure);
      this.#offset = this.#sure;
    }
    const asked = this.#log === undefined ? undefined : { log: this.#log, offset: this.#offset };
    carrier.asked = asked;
    carrier.line.send(
      encodeService({ type: "hello", session: this.#session, nick, room: ROOM, ...(asked ?? { history: 20 }), seq: this.#outbox.knownSeq }),
    );
  }

  #received(carrier: Carrier, packets: readonly Packet[], after: number | undefined): void {
    if (this.#over || !this.#lines.has(carrier)) return;
    carrier.heardMs = performance.now();
    if (after !== undefined) carrier.wire = after;
    for (const packet of packets) {
      carrier.turn = this.#outbox.read(carrier.turn, packet);
      if (packet.kind === "chat") this.#count(carrier, { kind: "chat", nick: packet.nick, text: packet.message });
      else {
        const parsed = parseServerService(packet);
        if (parsed.kind === "service") this.#read(carrier, parsed.service);
        else this.#options.recorder.fault(`heard a ${packet.type} that is ${parsed.kind}`);
      }
      if (!this.#lines.has(carrier)) return;
    }
    this.#pump();
  }

  #read(carrier: Carrier, service: ServerService): void {
    const { recorder } = this.#options;
    switch (service.type) {
      case "welcome":
        return this.#welcome(carrier, service);
      case "ping":
        if (service.offset !== carrier.wire) return this.#miscounted(carrier);
        this.#sure = service.offset;
        return carrier.line.send(PONG);
      case "roster":
        this.#roster.push(...service.nicks);
        if (service.more === true) return;
        if (carrier === this.#carrier) recorder.roster(this.#roster, service.online);
        this.#roster = [];
        return;
      case "gap":
        if (service.to > this.#offset) recorder.gap(Math.max(service.from, this.#offset + 1), service.to);
        carrier.wire = service.to;
        this.#sure = service.to;
        this.#offset = Math.max(this.#offset, service.to);
        return;
      case "you":
        this.#nick = service.nick;
        return;
      case "error":
        // By ourselves, on the line that we left; or a hello of ours that arrived late.
        if (service.code === "nick-taken" || service.code === "removed") {
          recorder.fault(`ended: ${service.code}`);
          recorder.ended(service.code);
          this.stop();
        }
        return;
      case "joined":
      case "left":
      case "renamed":
      case "notice":
      case "clock":
        return this.#count(carrier, heardOf(service));
      default: // `ack` and `refused` were read; `stopping`: the line is closed next
    }
  }

  #welcome(carrier: Carrier, welcome: ServerService & { type: "welcome" }): void {
    if (welcome.turn < this.#turn) return this.#drop(carrier);
    const { log, offset, resumed, nick, seq, turn } = welcome;
    const goesOn = log === this.#log && (carrier.asked === undefined ? offset <= this.#offset : carrier.asked.offset === offset);
    clearTimeout(carrier.timer);
    this.#turn = turn;
    this.#outbox.welcome(seq);
    // Going on from what was counted confirms nothing of it.
    this.#sure = goesOn && this.#options.recorder.loses ? Math.min(this.#sure, offset) : offset;
    this.#nick = nick;
    this.#heartbeatMs = welcome.heartbeat;
    this.#roster = [];
    this.#log = log;
    carrier.wire = offset;
    if (!goesOn) this.#offset = offset;
    this.#options.recorder.welcomed({ over: carrier.line.kind, log, offset: this.#offset, fresh: !goesOn, resumed, nick, seq });
    const before = this.#carrier;
    this.#carrier = carrier;
    if (before !== undefined && before !== carrier) this.#drop(before);
    this.#failures = 0;
    this.#watch(carrier);
    const told = this.#onWelcome;
    this.#onWelcome = undefined;
    told?.();
  }

  #watch(carrier: Carrier): void {
    const silenceMs = this.#heartbeatMs + SILENCE_MS;
    carrier.timer = setTimeout(() => {
      if (performance.now() - carrier.heardMs >= silenceMs) this.#gone(carrier);
      else this.#watch(carrier);
    }, silenceMs / 4);
  }

  /** Something was lost on the way: what was counted since both agreed stands at wrong places. Source: S33. */
  #miscounted(carrier: Carrier): void {
    this.#options.recorder.void(this.#sure);
    this.#offset = Math.min(this.#offset, this.#sure);
    this.#gone(carrier);
  }

  #count(carrier: Carrier, packet: HeardPacket): void {
    const offset = ++carrier.wire;
    if (offset <= this.#offset) return;
    if (offset !== this.#offset + 1) this.#options.recorder.fault(`offset ${offset} came after ${this.#offset}`);
    this.#offset = offset;
    if (packet.kind === "chat") this.#outbox.heard(packet.text);
    this.#options.recorder.heard(offset, packet);
  }

  #pump(): void {
    const carrier = this.#carrier;
    if (carrier === undefined || this.#over || !carrier.line.ready) return;
    const outgoing = this.#outbox.take(carrier.turn, () => this.#pump());
    if (outgoing === undefined) return;
    const { texts, first } = outgoing;
    carrier.line.say(concatOctets(texts.map((text) => encodeChat(this.#nick, text))), first);
  }

  #drop(carrier: Carrier): void {
    clearTimeout(carrier.timer);
    this.#lines.delete(carrier);
    if (this.#carrier === carrier) this.#carrier = undefined;
    carrier.line.close();
  }

  #gone(carrier: Carrier): void {
    if (!this.#lines.has(carrier)) return;
    this.#drop(carrier);
    if (this.#over || this.#lines.size > 0) return;
    this.#failures++;
    const delayMs = this.#options.random.next() * Math.min(4000, 125 * 2 ** this.#failures);
    this.#retry = setTimeout(() => this.#open(this.#kind), delayMs);
  }
}

function heardOf(service: ServerService & { type: "joined" | "left" | "renamed" | "notice" | "clock" }): HeardPacket {
  switch (service.type) {
    case "joined":
      return { kind: "joined", nicks: service.nicks };
    case "left":
      return { kind: "left", nicks: service.nicks, why: service.why };
    case "renamed":
      return { kind: "renamed", from: service.from, to: service.to };
    case "notice":
      return { kind: "notice", text: service.text };
    case "clock":
      return { kind: "clock", atMs: service.at };
    default:
      return service satisfies never;
  }
}
