import { encodeService, type Packet } from "../packet.ts";
import type { Welcome } from "../service.ts";
import { Alarm } from "./alarm.ts";
import type { Carrier, Loss, Rider } from "./carrier.ts";
import type { TransportKind } from "./connection-state.ts";
import type { Environment } from "./environment.ts";
import { type Fallback, type FallbackEvent, nextFallback, planRace, RACE_MS, upgradeMs } from "./fallback.ts";
import type { Ending, Transport } from "./transport.ts";

/** How long a transport may take from its beginning to `welcome`, ms. */
const WELCOME_WITHIN_MS = 10_000;
/** The same for one that was opened beforehand, and may be dead: then a new one does better. */
const WARM_WELCOME_WITHIN_MS = 4_000;
/** Nothing heard for this long beyond the heartbeat, and the transport is given up. Source: S32. */
const SILENCE_MS = 10_000;
/** How long a `hello` on a transport that carries may go unanswered where something else was heard, ms. */
const ANSWER_WITHIN_MS = 10_000;
/** How soon something has to be heard after a probe, ms. */
const PROBE_WITHIN_MS = 1_500;
/** A `hello` that was given up may still reach the server, and take the session from where it is, for so long. */
const STRAY_MS = 30_000;

/** So often within so many ms `replaced` is put down to a proxy that repeats requests. */
const MAX_FORGIVEN = 3;
const FORGIVEN_WITHIN_MS = 60_000;

const PONG = encodeService({ type: "pong" });

/**
 * What carries the session: the race of the transports, the move from one to the other, and the watch over the one that won.
 * Coming back after all failed is its rider's business.
 */
export class Carriage {
  readonly #environment: Environment;
  readonly #only: TransportKind | undefined;
  readonly #rider: Rider;
  readonly #candidates = new Set<Carrier>();
  readonly #pollingJoins: Alarm;
  readonly #upgrade: Alarm;
  readonly #watchdog: Alarm;
  readonly #answerDue: Alarm;
  readonly #overdue: Alarm;
  #current: Carrier | undefined;
  #fallback: Fallback;
  #startedMs = 0;
  /** Long polling is still to join this race. */
  #pollingDue = false;
  /** WebSocket gave nothing in this race. */
  #webSocketFailed = false;
  /** Something else answered in this race, in the server's place: that says more than that nobody did. */
  #intercepted = false;
  #strayUntilMs = Number.NEGATIVE_INFINITY;
  /** When `replaced` was forgiven because a proxy may have repeated a `hello`. */
  #forgivenMs: number[] = [];
  #roundTripMs: number | undefined;
  #onLeft: (() => void) | undefined;

  constructor(environment: Environment, only: TransportKind | undefined, fallback: Fallback, rider: Rider) {
    this.#environment = environment;
    this.#only = only;
    this.#fallback = fallback;
    this.#rider = rider;
    this.#pollingJoins = new Alarm(environment.clock);
    this.#upgrade = new Alarm(environment.clock);
    this.#watchdog = new Alarm(environment.clock);
    this.#answerDue = new Alarm(environment.clock);
    this.#overdue = new Alarm(environment.clock);
  }

  /** What carries the session and takes what it says; undefined while nothing does, or `hello` is being answered. */
  get transport(): Transport | undefined {
    return this.#current?.helloMs === undefined ? this.#current?.transport : undefined;
  }

  /** What carries the session, or did until the `hello` that takes it elsewhere was said. */
  get kind(): TransportKind | undefined {
    return this.#current?.transport.kind;
  }

  /** What the last `hello` took, there and back. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  get fallback(): Fallback {
    return this.#fallback;
  }

  /** Begins the race, anew where one was under way. */
  attempt(): void {
    this.close();
    this.#startedMs = this.#now();
    this.#webSocketFailed = false;
    this.#intercepted = false;
    const plan = planRace(this.#fallback, { webSocket: this.#hasWebSocket, only: this.#only });
    this.#pollingDue = plan.pollingJoins;
    if (plan.pollingJoins) this.#pollingJoins.set(RACE_MS, () => this.#joinPolling());
    this.#open(plan.first);
  }

  get #hasWebSocket(): boolean {
    return this.#environment.connectWebSocket !== undefined;
  }

  #joinPolling(): void {
    this.#pollingJoins.clear();
    this.#pollingDue = false;
    this.#open("long-poll");
  }

  #open(kind: TransportKind): void {
    const transport = this.#rider.makeTransport(kind, {
      opened: (warm = false) => this.#opened(carrier, warm),
      received: (packets, after) => this.#received(carrier, packets, after),
      ready: (roundTripMs) => this.#rider.ready(roundTripMs),
      closed: (ending) => this.#gone(carrier, ending),
    });
    const carrier: Carrier = {
      transport,
      deadline: new Alarm(this.#environment.clock),
      opened: false,
      warm: false,
      helloMs: undefined,
      asked: undefined,
      heardMs: 0,
      welcomedMs: 0,
    };
    this.#candidates.add(carrier);
    carrier.deadline.set(WELCOME_WITHIN_MS, () => this.#gone(carrier, { kind: "silent" }));
    transport.start();
  }

  #opened(carrier: Carrier, warm: boolean): void {
    carrier.opened = true;
    carrier.warm = warm;
    if (warm) carrier.deadline.set(WARM_WELCOME_WITHIN_MS, () => this.#gone(carrier, { kind: "silent" }));
    this.#sayHello(carrier);
  }

  /** Says what is true at this moment: another transport may have brought more since the attempt began. */
  #sayHello(carrier: Carrier): void {
    const { octets, asked } = this.#rider.hello();
    carrier.helloMs = this.#now();
    carrier.asked = asked;
    carrier.transport.hello(octets);
  }

  #received(carrier: Carrier, packets: readonly Packet[], after: number | undefined): void {
    carrier.heardMs = this.#now();
    if (this.#isStale(carrier, packets)) {
      carrier.helloMs = undefined;
      this.#dismiss(carrier);
      if (carrier.transport.kind === "websocket") this.#planUpgrade();
      return;
    }
    const welcomed = carrier === this.#current;
    const reading = this.#rider.read(packets, { kind: carrier.transport.kind, asked: carrier.asked, welcomed, after });
    if (reading.welcome !== undefined) this.#adopt(carrier, reading.welcome);
    this.#rider.tell(reading);
    // Being told, the page may have ended it all.
    if (carrier !== this.#current && !this.#candidates.has(carrier)) return;
    if (reading.malformed) return this.#gone(carrier, { kind: "malformed" });
    if (reading.refusal !== undefined) return this.#gone(carrier, { kind: "refused", refusal: reading.refusal });
    if (reading.stopping !== undefined) return this.#lose({ kind: "stopping", ...reading.stopping, wasOpen: this.#current !== undefined });
    if (reading.pinged && carrier.transport.kind === "websocket") carrier.transport.serve(PONG);
    if (reading.outOfStep) this.#resync(carrier);
  }

  /** A `welcome` that the server gave before the one by which the session is carried: it has moved on since. */
  #isStale(carrier: Carrier, [first]: readonly Packet[]): boolean {
    const current = this.#current;
    if (current === undefined || current === carrier || carrier.helloMs === undefined || carrier.helloMs > current.welcomedMs) return false;
    const turn = first?.kind === "service" && first.type === "welcome" ? first.fields.turn : undefined;
    return typeof turn === "number" && turn < this.#rider.turn;
  }

  /** The session is carried by `carrier` from now on. */
  #adopt(carrier: Carrier, welcome: Welcome): void {
    const nowMs = this.#now();
    const before = this.#current;
    this.#candidates.delete(carrier);
    carrier.deadline.clear();
    this.#answerDue.clear();
    this.#roundTripMs = carrier.helloMs === undefined ? undefined : nowMs - carrier.helloMs;
    carrier.helloMs = undefined;
    carrier.welcomedMs = nowMs;
    this.#current = carrier;
    if (before !== undefined && before !== carrier) before.transport.close();
    this.#pollingJoins.clear();
    this.#pollingDue = false;
    this.#overdue.clear();
    if (carrier.transport.kind === "websocket") {
      this.#learn({ kind: "welcomed" });
      this.#upgrade.clear();
      this.#watch(carrier, welcome.heartbeat + SILENCE_MS);
    } else {
      this.#watchdog.clear();
      if (this.#webSocketFailed) this.#learn({ kind: "passed-by", nowMs });
      this.#webSocketFailed = false;
      this.#planUpgrade();
    }
  }

  #watch(carrier: Carrier, silenceMs: number): void {
    const look = (): void => {
      const leftMs = carrier.heardMs + silenceMs - this.#now();
      if (leftMs <= 0) this.#gone(carrier, { kind: "silent" });
      else this.#watchdog.set(leftMs, look);
    };
    this.#watchdog.set(silenceMs, look);
  }

  /** On polling, WebSocket is tried again in the background, unless it is being tried. */
  #planUpgrade(): void {
    if (this.#only !== undefined || !this.#hasWebSocket || this.#upgrade.isSet) return;
    if (this.#current?.transport.kind !== "long-poll" || this.#tries("websocket")) return;
    this.#upgrade.set(upgradeMs(this.#fallback), () => {
      if (!this.#tries("websocket")) this.#open("websocket");
    });
  }

  #tries(kind: TransportKind): boolean {
    for (const { transport } of this.#candidates) if (transport.kind === kind) return true;
    return false;
  }

  /** Says `hello` again on the transport that carries, and expects to hear something in `withinMs`. */
  #resync(carrier: Carrier, withinMs = ANSWER_WITHIN_MS): void {
    // Polling asks for what it lacks each time. Should it be out of step all the same, only a new beginning helps.
    if (carrier.transport.kind === "long-poll") return this.#gone(carrier, { kind: "lost" });
    if (carrier.helloMs !== undefined && this.#answerDue.isSet) return;
    const saidMs = this.#now();
    this.#sayHello(carrier);
    this.#answerDue.set(withinMs, () => {
      const leftMs = saidMs + ANSWER_WITHIN_MS - this.#now();
      if (carrier.heardMs <= saidMs || leftMs <= 0) this.#gone(carrier, { kind: "silent" });
      else this.#answerDue.set(leftMs, () => this.#gone(carrier, { kind: "silent" }));
    });
  }

  /** Finds out now whether what carries the session, or tries to, still lives. */
  probe(): void {
    const current = this.#current;
    if (current === undefined) {
      if (this.#candidates.size === 0) return;
      // One that has only just begun may do well yet; where it was lost with the old network, the next one must not wait for its deadline.
      const youngMs = RACE_MS - (this.#now() - this.#startedMs);
      if (youngMs <= 0) this.attempt();
      else if (!this.#pollingDue) this.#overdue.set(youngMs, () => this.attempt());
    } else if (current.transport.kind === "long-poll") current.transport.refresh();
    else if (current.helloMs === undefined) this.#resync(current, PROBE_WITHIN_MS);
  }

  #gone(carrier: Carrier, ending: Ending): void {
    const wasOpen = carrier === this.#current;
    const strays = this.#now() < this.#strayUntilMs;
    // A refusal is an answer.
    if (ending.kind === "refused") carrier.helloMs = undefined;
    this.#dismiss(carrier);
    if (this.#onLeft !== undefined) return this.#onLeft();
    if (carrier.warm && !wasOpen && isOver(ending)) return this.#open("websocket");
    const isWebSocket = carrier.transport.kind === "websocket";
    if (isWebSocket && carrier.opened && ending.kind === "lost") this.#learn({ kind: "cut", nowMs: this.#now() });
    if (ending.kind === "refused" && (wasOpen || this.#current === undefined)) {
      if (ending.refusal.code !== "replaced") return this.#lose({ ...ending, wasOpen });
      // By ourselves: the answer to that other hello of ours says more.
      if (this.#awaitsWelcome) return;
      if (!strays && !(wasOpen && this.#mayBeRepeated(carrier))) return this.#lose({ ...ending, wasOpen });
      this.#strayUntilMs = Number.NEGATIVE_INFINITY;
      return this.#lose({ kind: "lost", wasOpen });
    }
    if (wasOpen) return this.#lose({ ...ending, wasOpen });
    if (ending.kind === "intercepted") this.#intercepted = true;
    if (this.#current !== undefined) {
      if (!isWebSocket) return;
      this.#learn({ kind: "passed-by", nowMs: this.#now() });
      return this.#planUpgrade();
    }
    if (isWebSocket) this.#webSocketFailed = true;
    if (this.#pollingDue) return this.#joinPolling();
    if (this.#candidates.size === 0) this.#lose({ ...(this.#intercepted ? { kind: "intercepted" } : ending), wasOpen });
  }

  /**
   * True where what replaced us may be our own `hello`, which a proxy sent twice. Not too often: two pages that share a session must not
   * take it from each other for ever.
   */
  #mayBeRepeated(carrier: Carrier): boolean {
    const nowMs = this.#now();
    if (carrier.transport.kind !== "long-poll" || nowMs > carrier.welcomedMs + STRAY_MS) return false;
    this.#forgivenMs = this.#forgivenMs.filter((forgivenMs) => nowMs < forgivenMs + FORGIVEN_WITHIN_MS);
    if (this.#forgivenMs.length >= MAX_FORGIVEN) return false;
    this.#forgivenMs.push(nowMs);
    return true;
  }

  /** True while a `hello` of a candidate is unanswered. */
  get #awaitsWelcome(): boolean {
    for (const { helloMs } of this.#candidates) if (helloMs !== undefined) return true;
    return false;
  }

  /** Drops one transport without further ado. */
  #dismiss(carrier: Carrier): void {
    if (carrier.helloMs !== undefined) this.#strayUntilMs = this.#now() + STRAY_MS;
    carrier.deadline.clear();
    carrier.transport.close();
    this.#candidates.delete(carrier);
    if (carrier !== this.#current) return;
    this.#current = undefined;
    this.#watchdog.clear();
    this.#answerDue.clear();
  }

  #lose(loss: Loss): void {
    this.close();
    this.#rider.lost(loss);
  }

  #learn(event: FallbackEvent): void {
    this.#fallback = nextFallback(this.#fallback, event);
  }

  /** Says `leave` as the last word on what carries the session. Calls `done` when it was heard, or at once where nothing carries it: then gives false. */
  leave(octets: Uint8Array<ArrayBuffer>, done: () => void): boolean {
    const current = this.#current;
    for (const candidate of [...this.#candidates]) this.#dismiss(candidate);
    this.#pollingJoins.clear();
    this.#overdue.clear();
    this.#upgrade.clear();
    this.#watchdog.clear();
    this.#answerDue.clear();
    if (current === undefined) return false;
    this.#onLeft = done;
    current.transport.leave(octets);
    return true;
  }

  /** Drops everything, without a word. */
  close(): void {
    for (const candidate of [...this.#candidates]) this.#dismiss(candidate);
    if (this.#current !== undefined) this.#dismiss(this.#current);
    this.#pollingJoins.clear();
    this.#pollingDue = false;
    this.#overdue.clear();
    this.#upgrade.clear();
  }

  #now(): number {
    return this.#environment.clock.now();
  }
}

/** What becomes of a line that was opened beforehand, and was dead or given up by then: that says nothing about the next one. Source: W5. */
function isOver(ending: Ending): boolean {
  return ending.kind === "lost" || ending.kind === "silent" || (ending.kind === "refused" && ending.refusal.code === "timeout");
}
