import { randomBytes } from "node:crypto";
import { nodeEnvironment } from "../../server/testing/node-environment.ts";
import { ChatConnection, type SavedConnection } from "../../shared/connection/chat-connection.ts";
import type { ConnectionEvent } from "../../shared/connection/connection-event.ts";
import type { ConnectionState, TransportKind } from "../../shared/connection/connection-state.ts";
import type { Environment } from "../../shared/connection/environment.ts";
import type { OutboxEntry } from "../../shared/connection/outbox.ts";
import type { RoomName } from "../../shared/room-name.ts";
import { encodeSessionSecret, type SessionSecret } from "../../shared/session-secret.ts";
import { Answers } from "./answers.ts";
import type { Random } from "./random.ts";
import type { Recorder } from "./recorder.ts";
import { tapped } from "./tapped-environment.ts";

export const ROOM = "lobby" as RoomName;

export type StayOptions = {
  readonly url: string;
  readonly nick: string;
  readonly only: TransportKind | undefined;
  readonly recorder: Recorder;
  /** For what is left to chance while it lasts; not for the plan. */
  readonly random: Random;
  /** False while the network lets no WebSocket through. */
  readonly webSocketsWork: () => boolean;
  /** True where the network may still bring a `hello` that was said a while ago. */
  readonly helloMayBeLate: () => boolean;
};

/** One session of the product's own client, over as many lives of its page as it takes. */
export class Stay {
  readonly #options: StayOptions;
  readonly #environment: Environment;
  readonly #secret: SessionSecret = encodeSessionSecret(randomBytes(18));
  #only: TransportKind | undefined;
  #connection: ChatConnection | undefined;
  /** What the page kept the last time that it kept something. */
  #kept: SavedConnection | undefined;
  #life = 0;
  #state: ConnectionState = { kind: "idle" };
  #outbox: readonly OutboxEntry[] = [];
  readonly #judged = new Set<number>();
  /** The next `welcome` begins at a place where this session was before. */
  #goesBack = false;
  #over = false;
  #bornMs = 0;
  #how: "first" | "linger" | "crash" | "switch" = "first";
  /** Called when it ended by itself, with the server's last word. */
  onEnded: ((code: string) => void) | undefined;
  /** Called when the page says that the session went on elsewhere, which it did not: `takeUp` is the button below that. */
  onReplaced: (() => void) | undefined;

  constructor(options: StayOptions) {
    this.#options = options;
    this.#only = options.only;
    const { recorder, random, webSocketsWork } = options;
    const node = nodeEnvironment({ random: () => random.next() });
    const passes = () => this.#only !== undefined || webSocketsWork();
    const answers = new Answers({
      acknowledged: (text, offset) => recorder.acknowledged(text, offset),
      refused: (text, code) => recorder.turnedDown(text, code), // given up only where the outbox says so
      unsaid: () => {},
      fault: (what) => recorder.fault(what),
    });
    this.#environment = tapped(
      {
        ...node,
        connectWebSocket(url, protocol) {
          if (!passes()) throw new Error("no WebSocket gets through here");
          if (node.connectWebSocket === undefined) throw new Error("there is no WebSocket");
          return node.connectWebSocket(url, protocol);
        },
      },
      answers,
    );
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** True when nothing more is to be expected of it: it is over, or in the room with nothing left to say. */
  get settled(): boolean {
    return this.#over || (this.#state.kind === "open" && this.unsent === 0);
  }

  /** True while it waits to try again. */
  get waiting(): boolean {
    return this.#state.kind === "waiting";
  }

  get unsent(): number {
    return this.#outbox.length;
  }

  get over(): boolean {
    return this.#over;
  }

  /** How far it has read. */
  get offset(): number {
    return this.#connection?.save().offset ?? 0;
  }

  /** How old the page is, and how it came to be. */
  get page(): { readonly ageMs: number; readonly how: string } {
    return { ageMs: performance.now() - this.#bornMs, how: this.#how };
  }

  takeUp(): void {
    const connection = this.#connection;
    if (this.#state.kind === "ended" && connection !== undefined) this.#live(connection.save());
  }

  begin(): void {
    this.#live(undefined);
  }

  says(text: string): void {
    if (this.#over || this.#connection === undefined) return;
    this.#options.recorder.sent(text);
    this.#connection.send(text);
  }

  rename(nick: string): void {
    if (!this.#over) this.#connection?.rename(nick);
  }

  probe(): void {
    this.#connection?.probe();
  }

  /** The page goes. Gives how it comes back. */
  closePage(how: "linger" | "crash" | "switch"): () => void {
    const connection = this.#connection;
    const saved = how === "crash" ? this.#kept : connection && asKept(connection.save());
    const carried = this.#state.kind === "open" ? this.#state.transport : this.#only;
    this.#life++;
    this.#connection = undefined;
    this.#state = { kind: "idle" };
    if (how === "linger") connection?.linger();
    else connection?.stop();
    return () => {
      if (this.#over) return;
      this.#how = how;
      // Until it is welcomed, also where the page goes once more before.
      this.#goesBack ||= how === "crash";
      if (how === "switch") this.#only = this.#another(carried);
      this.#live(saved);
    };
  }

  async leave(): Promise<void> {
    const connection = this.#connection;
    this.#end("left");
    await connection?.leave();
  }

  stop(): void {
    this.#over = true;
    this.#life++;
    this.#connection?.stop();
  }

  #live(saved: SavedConnection | undefined): void {
    const { url, nick } = this.#options;
    const life = ++this.#life;
    this.#bornMs = performance.now();
    const ifCurrent = (run: () => void) => {
      if (this.#life === life && !this.#over) run();
    };
    const connection = new ChatConnection(
      {
        url,
        session: this.#secret,
        nick: saved?.nick ?? nick,
        room: ROOM,
        ...(saved === undefined ? {} : { saved }),
        ...(this.#only === undefined ? {} : { only: this.#only }),
      },
      this.#environment,
      {
        events: (events) => ifCurrent(() => this.#told(events)),
        state: (state) => ifCurrent(() => this.#changed(state)),
        outbox: (entries) => ifCurrent(() => this.#keep(entries)),
      },
    );
    this.#connection = connection;
    connection.start();
  }

  /** Another transport than the one that carried until now; or the race, for who may. */
  #another(carried: TransportKind | undefined): TransportKind | undefined {
    const { only, random } = this.#options;
    if (only === undefined && random.chance(0.3)) return undefined;
    return (carried ?? random.pick(["websocket", "long-poll"])) === "websocket" ? "long-poll" : "websocket";
  }

  #changed(state: ConnectionState): void {
    this.#state = state;
    if (state.kind !== "ended") return;
    if (state.why.code === "replaced") return this.onReplaced?.();
    this.#end(state.why.code);
    this.onEnded?.(state.why.code);
  }

  #end(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.recorder.ended(why);
  }

  #keep(entries: readonly OutboxEntry[]): void {
    this.#outbox = entries;
    this.#kept = this.#connection && asKept(this.#connection.save());
    for (const { id, text, state } of entries) {
      if (state.kind !== "refused") this.#judged.delete(id);
      if (state.kind !== "refused" || this.#judged.has(id)) continue;
      this.#judged.add(id);
      const again = this.#options.random.chance(0.5);
      if (!again) this.#options.recorder.refused(text, state.code);
      queueMicrotask(() => (again ? this.#connection?.sendAgain(id) : this.#connection?.discard(id)));
    }
  }

  #told(events: readonly ConnectionEvent[]): void {
    const { recorder } = this.#options;
    for (const event of events) {
      switch (event.kind) {
        case "welcome": {
          // Starting over, and not because its page did: it found out that it had miscounted since there.
          if (event.fresh && !this.#goesBack && recorder.welcomes > 0) recorder.startsOver(event.offset, this.#options.helloMayBeLate());
          const fresh = event.fresh || this.#goesBack;
          this.#goesBack = false;
          const over = this.#connection?.state.kind === "open" ? this.#connection.state.transport : "long-poll";
          const log = this.#connection?.save().log;
          const { offset, resumed, nick } = event;
          recorder.welcomed({ over, ...(log === undefined ? {} : { log }), offset, fresh, resumed, nick });
          break;
        }
        case "message":
          recorder.heard(event.offset, { kind: "chat", nick: event.nick, text: event.message });
          break;
        case "joined":
          recorder.heard(event.offset, { kind: "joined", nicks: event.nicks });
          break;
        case "left":
          recorder.heard(event.offset, { kind: "left", nicks: event.nicks, why: event.why });
          break;
        case "renamed":
          recorder.heard(event.offset, { kind: "renamed", from: event.from, to: event.to });
          break;
        case "notice":
          recorder.heard(event.offset, { kind: "notice", text: event.text });
          break;
        case "gap":
          recorder.gap(event.from, event.to);
          break;
        case "roster":
          recorder.roster(event.nicks, event.online);
          break;
        default: // what is only shown, and proves nothing
      }
    }
  }
}

/** As it comes out of the browser's storage. */
function asKept(saved: SavedConnection): SavedConnection {
  return JSON.parse(JSON.stringify(saved)) as SavedConnection;
}
