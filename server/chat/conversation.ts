import type { Refusal } from "../../shared/codes.ts";
import type { Packet, ServicePacket } from "../../shared/packet.ts";
import { type Hello, type Leave, parseClientService } from "../../shared/service.ts";
import type { NumberedRefusal, Offset } from "../engine/engine.ts";
import { type Hub, stoppingRefusal } from "./hub.ts";
import { Inbox } from "./inbox.ts";
import { encodeRenameRefused, encodeReply, isRefusal, refuse } from "./replies.ts";
import type { Session } from "./session.ts";
import type { Sender } from "./speech.ts";
import type { Ending, StreamTransport } from "./transport.ts";

/** How long a stream may be silent before its first `hello`, ms. Source: W5. */
export const HELLO_WITHIN_MS = 10_000;
/** Numbers of one stream that are on their way into the log, a whole commit's worth: more wait at the sender's end. */
const MAX_IN_FLIGHT = 1024;
/** Answers that wait for who does not read them. */
const MAX_OWED = 64;

/** What one stream says, packet by packet, whatever door it came through. */
export class Conversation implements Sender {
  readonly #hub: Hub;
  readonly #transport: StreamTransport;
  readonly #address: string;
  #callOffTimeout: (() => void) | undefined;
  #session: Session | undefined;
  #turn = 0;
  readonly #inbox = new Inbox();
  #busy = false;
  #inFlight = 0;
  #paused = false;
  /** True when the peer says nothing more. */
  #ended = false;
  #lastWord: Ending = { code: "left" };

  constructor(hub: Hub, transport: StreamTransport, address: string) {
    this.#hub = hub;
    this.#transport = transport;
    this.#address = address;
    this.#callOffTimeout = hub.clock.after(HELLO_WITHIN_MS, () => transport.close(refuse("timeout", "No hello came within 10 s.")));
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** Takes what arrived: a message of whole packets (`whole`), or a piece of a stream. After a fault nothing more is read. */
  receive(octets: Uint8Array, whole: boolean): void {
    if (this.#session !== undefined) this.#session.heardAtMs = this.#hub.clock.now();
    this.#inbox.push(octets, whole);
    this.#goOn();
  }

  /** Nothing more will come: where it breaks off within a packet, that is malformed. */
  ends(): void {
    this.#inbox.ends();
    this.#goOn();
  }

  /** The peer says nothing more, and may still listen: what it said is dealt with, it is told all there is, and the transport is closed. */
  ended(): void {
    this.#ended = true;
    this.#inbox.end();
    this.#goOn();
  }

  /** The transport is gone. */
  closed(): void {
    this.#callOffTimeout?.();
    this.#inbox.clear();
    const session = this.#session;
    if (session === undefined) return;
    if (session.relieved === this.#relieved) session.relieved = undefined;
    session.room.lost(session, this.#transport);
  }

  accepted(session: Session, seq: number, offset: Offset | undefined): void {
    this.#inFlight--;
    if (this.#listenedTo) session.accepted(seq, offset);
  }

  refused(session: Session, refusal: NumberedRefusal): void {
    this.#inFlight--;
    if (this.#listenedTo) session.refused(refusal);
  }

  failed(_session: Session, refusal: Refusal): void {
    this.#inFlight--;
    this.#transport.close(refusal);
  }

  /** False once the session went on elsewhere: then nothing more is taken from here. */
  get #listenedTo(): boolean {
    return this.#session?.listening === this.#transport && this.#session.turn === this.#turn;
  }

  #take(packet: Packet): void {
    if (this.#transport.closed) return;
    if (this.#hub.stopping) {
      if (packet.kind === "service" && packet.type === "hello") this.#transport.close(stoppingRefusal());
      return;
    }
    if (this.#session !== undefined && !this.#listenedTo) return;
    if (packet.kind === "service") return this.#takeService(packet);
    if (this.#session === undefined) return this.#tooEarly();
    this.#inFlight++;
    this.#session.room.speech.say(this.#session, packet, this);
  }

  #takeService(packet: ServicePacket): void {
    const parsed = parseClientService(packet);
    if (parsed.kind === "malformed") return this.#transport.close(refuse("malformed", parsed.why));
    if (parsed.kind === "ignored") {
      if (this.#session !== undefined) this.#session.room.speech.spend(this.#session);
      return;
    }
    const { service } = parsed;
    switch (service.type) {
      case "hello":
        return this.#work(this.#hello(service));
      case "leave":
        return this.#work(this.#leave(service));
      case "rename":
        return this.#session === undefined ? this.#tooEarly() : this.#work(this.#rename(this.#session, service.nick));
      case "pong":
        return this.#session === undefined ? this.#tooEarly() : undefined;
      default:
        return service satisfies never;
    }
  }

  #tooEarly(): void {
    this.#transport.close(refuse("hello-first", "Say hello first."));
  }

  async #hello(hello: Hello): Promise<void> {
    const entered = await this.#hub.hello(hello, this.#transport, this.#address);
    if (isRefusal(entered)) return this.#transport.close(entered);
    this.#callOffTimeout?.();
    this.#callOffTimeout = undefined;
    this.#session = entered;
    this.#turn = entered.turn;
    this.#inFlight = 0;
    entered.relieved = this.#relieved;
    // The peer may have gone while hello was worked on: then the session is away from now on.
    if (this.#transport.closed) this.closed();
  }

  async #leave(leave: Leave): Promise<void> {
    if (this.#session !== undefined) await this.#hub.leave(this.#session, leave.linger);
    else if (leave.session !== undefined) await this.#hub.farewell(leave.session, leave);
    else return this.#tooEarly();
    this.#transport.close({ code: "left" });
  }

  async #rename(session: Session, nick: string): Promise<void> {
    const renamed = await session.room.speech.rename(session, nick);
    if (!this.#listenedTo || this.#transport.closed) return;
    session.owe(isRefusal(renamed) ? encodeRenameRefused(renamed) : encodeReply({ type: "you", nick: renamed.nick }));
    session.room.flush(session);
  }

  /** What comes after waits, so that a stream is dealt with in its order. */
  #work(work: Promise<void>): void {
    this.#busy = true;
    work
      .catch((cause) => {
        this.#hub.failed(cause);
        this.#transport.close(refuse("internal", "That could not be done. Come back in a moment.", 1000));
      })
      .finally(() => {
        this.#busy = false;
        this.#goOn();
      });
  }

  /** Takes what waits, in its order, as far as there is room for it. */
  #goOn(): void {
    while (!this.#full) {
      const next = this.#inbox.take();
      if (next === undefined) break;
      if (typeof next === "string") {
        this.#inbox.clear();
        this.#lastWord = refuse("malformed", next);
        if (!this.#ended) this.#transport.close(this.#lastWord);
      } else this.#take(next);
    }
    this.#holdBack();
    if (this.#ended && this.#nothingIsLeft) this.#transport.close(this.#lastWord);
  }

  /** True when all that came is dealt with, and answered, and there is nothing to be told. */
  get #nothingIsLeft(): boolean {
    if (this.#full || this.#inFlight > 0) return false;
    const session = this.#session;
    return session === undefined || (!session.owes && !session.rosterOwed && session.cursor >= session.room.log.last);
  }

  /** Whoever sends faster than it is dealt with, or does not read its answers, is read no further for a while. */
  #holdBack(): void {
    const full = this.#full;
    if (full === this.#paused) return;
    this.#paused = full;
    // Who does not read its answers is silent by itself; who waits for the engine is not.
    this.#session?.holdBack(full && this.#session.owedCount < MAX_OWED, this.#hub.clock.now());
    if (full) this.#transport.pause();
    else this.#transport.resume();
  }

  get #full(): boolean {
    const mayWait = this.#hub.backlog.full ? 1 : MAX_IN_FLIGHT;
    return this.#busy || this.#inFlight >= mayWait || (this.#session?.owedCount ?? 0) >= MAX_OWED;
  }

  readonly #relieved = (): void => {
    if (this.#paused || this.#ended) this.#goOn();
  };
}
