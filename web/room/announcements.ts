import { type ReadonlySignal, signal } from "@preact/signals";
import type { Code } from "../../shared/codes.ts";
import type { ConnectionEvent } from "../../shared/connection/connection-event.ts";
import type { ConnectionClock } from "../../shared/connection/environment.ts";
import type { OutboxEntry } from "../../shared/connection/outbox.ts";
import { nicknameKey } from "../../shared/nickname.ts";

/** Something to be read aloud to whoever does not see it come. */
export type Announcement = { readonly id: number } & Spoken;
type Spoken =
  | { readonly kind: "message"; readonly nick: string; readonly message: string }
  | { readonly kind: "notice"; readonly text: string }
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "refused"; readonly code: Code };

type Clock = Pick<ConnectionClock, "after">;

/** More messages than these at once are counted instead of read. */
const FEW = 3;
/** What comes together is said together. */
const GATHER_MS = 250;
/** After a welcome: what comes so soon was missed rather than is new. */
const CATCH_UP_MS = 1500;
/** Where the roster, which ends the history, does not come. */
const HISTORY_MS = 10_000;
/** Some twenty characters a second are read. What comes meanwhile is gathered, so that the voice never falls far behind the talk. */
const READ_MS = 50;
const SHORTEST_MS = 1000;
const LONGEST_MS = 6000;

/**
 * What is announced: what others say while the page is in front, each once; a count where it is much, or was missed. Not the history, not one's
 * own words (but that they were refused), and nothing while the page is hidden.
 */
export class Announcements {
  readonly #clock: Clock;
  readonly #listening: ReadonlySignal<boolean>;
  readonly #current = signal<readonly Announcement[]>([]);
  /** `history`: what comes was said before this person came. `missed`: while they had no connection. */
  #phase: "outside" | "history" | "missed" | "live" = "outside";
  #interrupted = false;
  #end = 0;
  #gathered: Spoken[] = [];
  #messages = 0;
  #missed = false;
  #refused: ReadonlySet<number> = new Set();
  #nextId = 1;
  #endPhase = () => {};
  #callOff: (() => void) | undefined;

  /** `listening`: the page is in front. */
  constructor(clock: Clock, listening: ReadonlySignal<boolean>) {
    this.#clock = clock;
    this.#listening = listening;
  }

  /** What is being said now. An announcement keeps its `id`, and is gone when there was time to read it. */
  get current(): ReadonlySignal<readonly Announcement[]> {
    return this.#current;
  }

  /** What one payload brought. `self`: the person's nickname before it. */
  take(events: readonly ConnectionEvent[], self: string): void {
    let own = nicknameKey(self);
    for (const event of events) {
      switch (event.kind) {
        case "welcome":
          own = nicknameKey(event.nick);
          this.#enter(event.fresh, event.offset);
          break;
        case "nick":
          own = nicknameKey(event.nick);
          break;
        case "roster":
          // It follows the replay.
          if (this.#phase === "history") this.#goOn();
          break;
        case "message":
          if (event.offset <= this.#end) break;
          this.#end = event.offset;
          if (nicknameKey(event.nick) !== own) this.#message(event.nick, event.message);
          break;
        case "notice":
          if (event.offset <= this.#end) break;
          this.#end = event.offset;
          if (this.#phase !== "history") this.#gather({ kind: "notice", text: event.text });
          break;
      }
    }
  }

  /** There is no connection at the moment. */
  interrupt(): void {
    this.#interrupted = true;
  }

  /** The outbox as it is now: a refusal is said once, and again where the same was sent again and refused again. */
  watch(entries: readonly OutboxEntry[]): void {
    const refused = new Set<number>();
    for (const { id, state } of entries) {
      if (state.kind !== "refused") continue;
      refused.add(id);
      if (this.#phase !== "outside" && !this.#refused.has(id)) this.#refusal(state.code);
    }
    this.#refused = refused;
  }

  /** The person is out of the room. */
  reset(): void {
    this.#endPhase();
    this.#drop();
    this.#hush();
    this.#phase = "outside";
    this.#interrupted = false;
    this.#end = 0;
    this.#refused = new Set();
    this.#current.value = [];
  }

  #enter(fresh: boolean, offset: number): void {
    if (fresh) this.#end = offset;
    // A page that was reloaded was away, too.
    const missed = this.#interrupted || this.#phase === "outside";
    this.#interrupted = false;
    if (!fresh && !missed) return;
    this.#endPhase();
    this.#phase = fresh ? "history" : "missed";
    if (fresh) this.#drop();
    this.#endPhase = this.#clock.after(fresh ? HISTORY_MS : CATCH_UP_MS, () => this.#goOn());
  }

  #goOn(): void {
    this.#endPhase();
    this.#phase = "live";
    if (this.#messages > 0 || this.#gathered.length > 0) this.#saySoon();
  }

  #message(nick: string, message: string): void {
    if (this.#phase === "history" || !this.#listening.peek()) return;
    this.#messages++;
    if (this.#phase === "missed") this.#missed = true;
    else if (this.#messages <= FEW) this.#gathered.push({ kind: "message", nick, message });
    this.#saySoon();
  }

  #refusal(code: Code): void {
    if (!this.#gathered.some((spoken) => spoken.kind === "refused" && spoken.code === code)) this.#gather({ kind: "refused", code });
  }

  #gather(spoken: Spoken): void {
    if (!this.#listening.peek()) return;
    this.#gathered.push(spoken);
    this.#saySoon();
  }

  #saySoon(): void {
    if (this.#phase !== "missed") this.#callOff ??= this.#clock.after(GATHER_MS, () => this.#say());
  }

  /** Says what was gathered; where nothing was, what was said last is gone. */
  #say(): void {
    this.#hush();
    const counted = this.#missed || this.#messages > FEW;
    const spoken: Spoken[] = this.#gathered.filter(({ kind }) => !(counted && kind === "message"));
    if (counted) spoken.push({ kind: "count", count: this.#messages });
    this.#drop();
    if (!this.#listening.peek()) spoken.length = 0;
    this.#current.value = spoken.map((each) => ({ ...each, id: this.#nextId++ }));
    if (spoken.length > 0) this.#callOff = this.#clock.after(readingMs(spoken), () => this.#say());
  }

  #drop(): void {
    this.#gathered = [];
    this.#messages = 0;
    this.#missed = false;
  }

  #hush(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }
}

function readingMs(spoken: readonly Spoken[]): number {
  const characters = spoken.reduce(
    (sum, each) => sum + ("message" in each ? each.message.length : "text" in each ? each.text.length : 0),
    0,
  );
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, characters * READ_MS));
}
