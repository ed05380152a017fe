import type { TransportKind } from "../../shared/connection/connection-state.ts";
import type { Doing, Doings } from "./doings.ts";
import type { Entrance } from "./proxy/fault-proxy.ts";
import type { Random } from "./random.ts";
import type { Chronicle } from "./recorder.ts";
import { Stay } from "./stay.ts";

export type PersonOptions = {
  readonly name: string;
  readonly only: TransportKind | undefined;
  readonly entrance: Entrance;
  /** Its way through the network loses messages. */
  readonly loses: boolean;
  /** When the network last kept a POST of this client or sent it twice, ms of `performance.now()`. */
  readonly lastStrayMs: () => number;
  readonly doings: Doings;
  readonly chronicle: Chronicle;
  readonly random: Random;
};

/** Why a session may end by itself without anything being wrong: somebody else has the name. */
const LEGITIMATE_ENDS = new Set(["nick-taken"]);

/**
 * A `hello` that was sent twice, or arrives late, takes the session from where it is, and nobody can tell it from another tab's. A connection forgives one that it
 * gave up itself; it knows nothing of those that a proxy repeats, nor of those of the page before it.
 */
const STRAY_MS = 30_000;
const RELOAD_MS = 10_000;

/** Somebody at a page: does what is planned, over one session after the other. */
export class Person {
  readonly #options: PersonOptions;
  #stay: Stay;
  #stays = 0;
  #names = 0;
  #webSocketsWork = true;
  #busy = false;
  #stopped = false;
  #next: NodeJS.Timeout | undefined;

  constructor(options: PersonOptions) {
    this.#options = options;
    this.#stay = this.#newStay(options.name);
  }

  get name(): string {
    return this.#options.name;
  }

  get stay(): Stay {
    return this.#stay;
  }

  get settled(): boolean {
    return !this.#busy && this.#stay.settled;
  }

  begin(): void {
    this.#stay.begin();
  }

  /** Does as planned until `rest`. */
  live(): void {
    if (this.#stopped) return;
    const { afterMs, doing } = this.#options.doings.next();
    this.#next = setTimeout(() => {
      if (!this.#busy) this.#do(doing);
      this.live();
    }, afterMs);
  }

  /** Says and does nothing more, but stays, or comes back where it was on the way. */
  rest(): void {
    this.#stopped = true;
    this.#webSocketsWork = true;
    clearTimeout(this.#next);
  }

  stop(): void {
    this.rest();
    this.#stay.stop();
  }

  #do(doing: Doing): void {
    const stay = this.#stay;
    switch (doing.kind) {
      case "say":
        for (const text of doing.texts) stay.says(text);
        return;
      case "rename":
        return stay.rename(doing.to ?? this.#newName());
      case "probe":
        return stay.probe();
      case "web-sockets":
        this.#webSocketsWork = doing.work;
        if (!doing.work) this.#options.entrance.cut();
        return;
      case "reload":
        return this.#after(doing.awayMs, stay.closePage(doing.how));
      case "switch":
        return this.#after(doing.awayMs, stay.closePage("switch"));
      case "leave": {
        const name = doing.sameNick ? this.#lastName : this.#newName();
        void stay.leave().then(() => this.#after(doing.awayMs, () => this.#come(name)));
        this.#busy = true;
        return;
      }
      default:
        return doing satisfies never;
    }
  }

  #after(delayMs: number, run: () => void): void {
    this.#busy = true;
    setTimeout(() => {
      this.#busy = false;
      run();
    }, delayMs);
  }

  #come(nick: string): void {
    this.#stay = this.#newStay(nick);
    this.#stay.begin();
  }

  get #lastName(): string {
    return this.#names === 0 ? this.name : `${this.name}_${this.#names}`;
  }

  #newName(): string {
    this.#names++;
    return this.#lastName;
  }

  #newStay(nick: string): Stay {
    const { name, only, entrance, loses, chronicle, random, lastStrayMs } = this.#options;
    const recorder = chronicle.recorder(this.#stays === 0 ? name : `${name}/${this.#stays}`, { complete: false, loses });
    this.#stays++;
    const strays = () => performance.now() - lastStrayMs() < STRAY_MS;
    const stay = new Stay({
      url: entrance.url,
      nick,
      only,
      recorder,
      random,
      webSocketsWork: () => this.#webSocketsWork,
      helloMayBeLate: () => strays() || stay.page.ageMs < STRAY_MS,
    });
    stay.onReplaced = () => {
      const { ageMs, how } = stay.page;
      const explained = strays() || (how !== "first" && ageMs < RELOAD_MS);
      if (explained) chronicle.takenUp++;
      else recorder.fault(`told that it went on elsewhere, ${Math.round(ageMs)} ms after its page began (${how})`);
      this.#after(500, () => stay.takeUp());
    };
    stay.onEnded = (code) => {
      if (!LEGITIMATE_ENDS.has(code)) recorder.fault(`ended by itself: ${code}`);
      if (this.#stay === stay) this.#after(500, () => this.#come(this.#newName()));
    };
    return stay;
  }
}
