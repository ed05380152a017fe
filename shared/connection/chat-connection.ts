import { CODES, type Code } from "../codes.ts";
import { DEFAULT_HISTORY } from "../limits.ts";
import { splitMessage } from "../message.ts";
import { encodeService, type Packet } from "../packet.ts";
import { type Addresses, addressesUnder } from "./address.ts";
import { Alarm } from "./alarm.ts";
import { Backoff, jitteredMs } from "./backoff.ts";
import { Carriage } from "./carriage.ts";
import type { Loss, Rider } from "./carrier.ts";
import { ClientSession, type Reading, type Way } from "./client-session.ts";
import type { HistoryPage } from "./connection-event.ts";
import type { ConnectionListener, ConnectionOptions } from "./connection-options.ts";
import type { ConnectionState, Outage, TransportKind } from "./connection-state.ts";
import type { Environment } from "./environment.ts";
import { firstFallback } from "./fallback.ts";
import { askHistory, HistoryError } from "./history.ts";
import { LEAVE_WITHIN_MS, sayLeft, sayLingering } from "./last-word.ts";
import { LongPollTransport } from "./long-poll-transport.ts";
import { Outbox } from "./outbox.ts";
import type { SavedConnection } from "./saved-connection.ts";
import type { Transport, TransportListener } from "./transport.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

export type { ConnectionListener, ConnectionOptions } from "./connection-options.ts";
export type { SavedEntry } from "./outbox.ts";
export type { SavedConnection } from "./saved-connection.ts";

/** One person in one room, for as long as they like, over whatever transport works. Source: S1 to S45. */
export class ChatConnection {
  readonly #options: ConnectionOptions;
  readonly #environment: Environment;
  readonly #listener: ConnectionListener;
  readonly #addresses: Addresses;
  readonly #outbox = new Outbox();
  readonly #session: ClientSession;
  readonly #carriage: Carriage;
  readonly #backoff = new Backoff();
  readonly #retry: Alarm;
  readonly #nextSending: Alarm;
  /** What is to be called off at the end. */
  readonly #running = new Set<() => void>();
  #state: ConnectionState = { kind: "idle" };
  #toldRevision = 0;
  #sending = false;
  #helloSaid = false;
  #left: (() => void) | undefined;
  #leaving: Promise<void> | undefined;

  constructor(options: ConnectionOptions, environment: Environment, listener: ConnectionListener) {
    const { url, session: secret, room, nick, history = DEFAULT_HISTORY, saved, only } = options;
    this.#options = options;
    this.#environment = environment;
    this.#listener = listener;
    this.#addresses = addressesUnder(url);
    this.#retry = new Alarm(environment.clock);
    this.#nextSending = new Alarm(environment.clock);
    if (saved !== undefined) this.#outbox.restore(saved.outbox, saved.knownSeq, saved.nextId);
    this.#toldRevision = this.#outbox.revision;
    const known = saved?.log === undefined ? {} : { known: { ...saved, place: { log: saved.log, offset: saved.offset } } };
    this.#session = new ClientSession({ secret, room, nick, history, outbox: this.#outbox, ...known });
    this.#carriage = new Carriage(environment, only, firstFallback(saved?.preferred), this.#rider());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get nick(): string {
    return this.#session.nick;
  }

  start(): void {
    if (this.#state.kind !== "idle") return;
    if (this.#outbox.entries().length > 0) this.#call(() => this.#listener.outbox(this.#outbox.entries()));
    this.#attempt(undefined);
  }

  /** Puts what was typed into the outbox, split into messages of one packet each; gives their ids. A blank text gives none. */
  send(text: string): number[] {
    const typedAt = this.#environment.clock.wall();
    const ids = splitMessage(text).map((message) => this.#outbox.add(message, typedAt));
    this.#send();
    return ids;
  }

  /** Puts a refused entry back in the outbox, at its end. */
  sendAgain(id: number): void {
    this.#outbox.sendAgain(id);
    this.#send();
  }

  /** Takes a refused entry out. */
  discard(id: number): void {
    this.#outbox.discard(id);
    this.#tellOutbox();
  }

  /** Asks for another nickname, now or as soon as there is a connection. Answered by the event `nick` or `rename-refused`. */
  rename(nick: string): void {
    this.#session.rename(nick);
    this.#send();
  }

  /** Pages of older packets, those before offset `before`. Rejects where the server could not be asked. */
  async history(before: number, limit = DEFAULT_HISTORY): Promise<HistoryPage> {
    if (this.#isEnded) throw new HistoryError("The connection is closed.");
    const request = { url: this.#addresses.history, secret: this.#options.session, before, limit };
    const { page, callOff } = askHistory(this.#environment, request);
    this.#running.add(callOff);
    try {
      return await page;
    } finally {
      this.#running.delete(callOff);
    }
  }

  /** Ends the session now. Resolves when the server knows, or could not be told within 2 s. State: ended/left. */
  leave(): Promise<void> {
    this.#leaving ??= this.#isEnded ? Promise.resolve() : this.#leave();
    return this.#leaving;
  }

  #leave(): Promise<void> {
    this.#stopTrying();
    return new Promise((resolve) => {
      const timeout = new Alarm(this.#environment.clock);
      const done = (): void => {
        timeout.clear();
        this.#left = undefined;
        this.#carriage.close();
        resolve();
      };
      this.#left = done;
      this.#running.add(done);
      timeout.set(LEAVE_WITHIN_MS, done);
      const said = this.#carriage.leave(encodeService({ type: "leave" }), done);
      if (!said && this.#helloSaid) this.#running.add(sayLeft(this.#environment, this.#addresses.poll, this.#options.session, done));
      else if (!said) done();
      this.#setState({ kind: "ended", why: { code: "left" } });
    });
  }

  /** The page is closing or being reloaded: says leave with linger, as a beacon, and stops. */
  linger(): void {
    // The turn ties it to this life of the page: coming late, after the next one's hello, it must not end that one.
    const { turn } = this.#session;
    const address = turn > 0 ? `${this.#addresses.poll}?turn=${turn}` : this.#addresses.poll;
    if (!this.#isEnded && this.#helloSaid) sayLingering(this.#environment, address, this.#options.session);
    this.stop();
  }

  /** The network or the page came back: find out now whether the connection still lives, and retry now if it was waiting. */
  probe(): void {
    if (this.#state.kind === "waiting") this.#attempt(this.#state.why);
    else if (this.#state.kind !== "idle" && !this.#isEnded) this.#carriage.probe();
  }

  /** Drops the connection without a word, for good (the session goes into its grace). The listener hears nothing more. */
  stop(): void {
    if (!this.#isEnded) this.#state = { kind: "ended", why: { code: "left" } };
    this.#stopTrying();
    for (const callOff of [...this.#running]) callOff();
    this.#running.clear();
    this.#carriage.close();
  }

  /** What a next life has to know. */
  save(): SavedConnection {
    const { log, offset, at, unconfirmed } = this.#session.known;
    return {
      ...(log === undefined ? {} : { log }),
      offset,
      at,
      unconfirmed,
      nick: this.#session.nick,
      knownSeq: this.#outbox.knownSeq,
      nextId: this.#outbox.nextId,
      outbox: this.#outbox.save(),
      ...(this.#carriage.fallback.failed ? { preferred: "long-poll" } : {}),
    };
  }

  get #isEnded(): boolean {
    return this.#state.kind === "ended";
  }

  #rider(): Rider {
    const connection = this;
    return {
      get turn() {
        return connection.#session.turn;
      },
      hello: () => this.#hello(),
      makeTransport: (kind, listener) => this.#makeTransport(kind, listener),
      read: (packets, way) => this.#read(packets, way),
      tell: (reading) => this.#tell(reading),
      ready: (roundTripMs) => this.#ready(roundTripMs),
      lost: (loss) => this.#lost(loss),
    };
  }

  #hello(): ReturnType<ClientSession["hello"]> {
    this.#helloSaid = true;
    return this.#session.hello(this.#now());
  }

  #makeTransport(kind: TransportKind, listener: TransportListener): Transport {
    const environment = this.#environment;
    if (kind === "websocket") return new WebSocketTransport(environment, this.#addresses.ws, listener);
    const place = () => ({ turn: this.#session.turn, offset: this.#session.reached, heartbeatMs: this.#session.heartbeatMs });
    return new LongPollTransport({ environment, url: this.#addresses.poll, secret: this.#options.session, place }, listener);
  }

  #read(packets: readonly Packet[], way: Omit<Way, "nowMs">): Reading {
    return this.#session.read(packets, { ...way, nowMs: this.#now() });
  }

  #tell({ welcome, events }: Reading): void {
    if (this.#isEnded) return;
    if (welcome !== undefined) {
      this.#backoff.opened(this.#now());
      this.#setOpen(this.#carriage.roundTripMs);
    }
    if (events.length > 0) this.#call(() => this.#listener.events(events));
    this.#tellOutbox();
    // What was refused may wait for another time now.
    this.#send();
  }

  #ready(roundTripMs: number): void {
    if (this.#isEnded) return;
    this.#setOpen(roundTripMs);
    this.#send();
  }

  #setOpen(roundTripMs: number | undefined): void {
    const { kind: transport } = this.#carriage;
    if (transport === undefined) return;
    this.#setState({ kind: "open", transport, ...(roundTripMs === undefined ? {} : { roundTripMs }) });
  }

  /** Hands over what may go out now, and looks again when more may. */
  #send(): void {
    this.#tellOutbox();
    // What a listener says while it is told of the outbox comes after what it is told of.
    if (this.#sending) return;
    this.#sending = true;
    try {
      this.#handOver();
    } finally {
      this.#sending = false;
    }
  }

  #handOver(): void {
    const { transport } = this.#carriage;
    if (this.#isEnded || transport === undefined) return;
    const nowMs = this.#now();
    const rename = this.#session.takeRename(nowMs);
    if (rename !== undefined) transport.serve(rename);
    if (transport.ready) {
      const outgoing = this.#session.takeChats(nowMs);
      // First it is said that these are on their way, then they are.
      this.#tellOutbox();
      if (outgoing !== undefined && !this.#isEnded) transport.say(outgoing.octets, outgoing.seq);
    }
    const inMs = transport.ready ? this.#session.sendsInMs(nowMs) : undefined;
    if (inMs === undefined || this.#isEnded) this.#nextSending.clear();
    else this.#nextSending.set(inMs, () => this.#send());
  }

  #lost(loss: Loss): void {
    this.#nextSending.clear();
    if (this.#left !== undefined) return this.#left();
    if (this.#isEnded) return;
    const nowMs = this.#now();
    const random = this.#environment.random();
    switch (loss.kind) {
      case "refused":
        return this.#refused(loss);
      case "stopping": {
        this.#backoff.failed(nowMs, random);
        return this.#wait(jitteredMs(loss.reconnectInMs, random), { code: "stopping", message: loss.reason });
      }
      default:
        return this.#wait(this.#backoff.failed(nowMs, random), { code: loss.kind === "intercepted" ? "intercepted" : "unreachable" });
    }
  }

  /** Does what the table of codes advises. Source: S44. */
  #refused({ refusal: { code, message, retryAfterMs }, wasOpen }: Loss & { kind: "refused" }): void {
    const nowMs = this.#now();
    const random = this.#environment.random();
    const { advice } = CODES[code];
    if (advice === "hello") return this.#wait(this.#backoff.failedOnce(nowMs, random), { code, message });
    // What was in the room and came out garbled on the way there can be said anew.
    if (advice === "backoff" || (code === "malformed" && wasOpen)) {
      return this.#wait(this.#backoff.failed(nowMs, random, retryAfterMs), { code, message });
    }
    this.#end(code, message);
  }

  #attempt(why: Outage | undefined): void {
    this.#retry.clear();
    this.#setState({ kind: "connecting", attempt: this.#backoff.attempt, ...(why === undefined ? {} : { why }) });
    if (!this.#isEnded) this.#carriage.attempt();
  }

  #wait(delayMs: number, why: Outage): void {
    if (delayMs === 0) return this.#attempt(why);
    this.#retry.set(delayMs, () => this.#attempt(why));
    this.#setState({ kind: "waiting", attempt: this.#backoff.attempt, retryAtMs: this.#now() + delayMs, why });
  }

  #end(code: Code, message: string): void {
    this.#stopTrying();
    this.#setState({ kind: "ended", why: { code, message } });
  }

  #stopTrying(): void {
    this.#retry.clear();
    this.#nextSending.clear();
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#call(() => this.#listener.state(state));
  }

  #tellOutbox(): void {
    if (this.#outbox.revision === this.#toldRevision) return;
    this.#toldRevision = this.#outbox.revision;
    this.#call(() => this.#listener.outbox(this.#outbox.entries()));
  }

  /** A listener that throws is a fault of the page: it comes up as one, and the connection goes on. */
  #call(run: () => void): void {
    try {
      run();
    } catch (fault) {
      this.#environment.clock.after(0, () => {
        throw fault;
      });
    }
  }

  #now(): number {
    return this.#environment.clock.now();
  }
}
