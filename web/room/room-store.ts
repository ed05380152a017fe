import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { ChatConnection, ConnectionListener, ConnectionOptions, SavedConnection } from "../../shared/connection/chat-connection.ts";
import type { ConnectionEvent } from "../../shared/connection/connection-event.ts";
import type { ConnectionState } from "../../shared/connection/connection-state.ts";
import type { ConnectionClock } from "../../shared/connection/environment.ts";
import type { OutboxEntry } from "../../shared/connection/outbox.ts";
import { checkNickname } from "../../shared/nickname.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { SessionSecret } from "../../shared/session-secret.ts";
import { parseInput } from "./command.ts";
import { Countdown } from "./countdown.ts";
import type { Hint } from "./hint.ts";
import type { Keepsake, KeptSession, ReadingPlace } from "./keepsake.ts";
import { nicknameVariant } from "./nickname-variant.ts";
import type { Preferences } from "./preferences.ts";
import { after, answered, EMPTY_PICTURE, pictureFrom, type RoomPicture, read, snapshotOf, withOlder } from "./room-picture.ts";
import { isAboutNickname, type Screen, screenOf } from "./screen.ts";

export type Connection = Pick<
  ChatConnection,
  "start" | "send" | "sendAgain" | "discard" | "rename" | "history" | "leave" | "linger" | "probe" | "stop" | "save"
>;

/** What the room needs of the world. */
export type RoomParts = {
  readonly room: RoomName;
  connect(options: Omit<ConnectionOptions, "url">, listener: ConnectionListener): Connection;
  newSecret(): SessionSecret;
  readonly clock: ConnectionClock;
  readonly keepsake: Keepsake;
  readonly preferences: Preferences;
};

/** Whether there are older packets to scroll up to. */
export type Older = "more" | "loading" | "failed" | "none";

const HISTORY_PAGE = 200;
const KEEP_EVERY_MS = 1000;

/** One room as one person in one tab sees it: owns the connection, and every piece of state that the page shows. */
export class RoomStore {
  readonly room: RoomName;
  readonly #parts: RoomParts;
  readonly #countdown: Countdown;

  readonly #state = signal<ConnectionState>({ kind: "idle" });
  readonly #inside = signal(false);
  readonly #picture = signal<RoomPicture>(EMPTY_PICTURE);
  readonly #outbox = signal<readonly OutboxEntry[]>([]);
  readonly #older = signal<Older>("none");
  readonly #asked: { nick: string; refused: string[] } = { nick: "", refused: [] };
  readonly #suggestion = signal<string | undefined>(undefined);

  readonly state: ReadonlySignal<ConnectionState> = this.#state;
  readonly screen: ReadonlySignal<Screen> = computed(() => screenOf(this.#state.value, this.#inside.value));
  readonly nick = computed(() => this.#picture.value.nick);
  readonly timeline = computed(() => this.#picture.value.timeline);
  readonly roster = computed(() => this.#picture.value.roster);
  readonly unread = computed(() => this.#picture.value.unread);
  readonly outbox: ReadonlySignal<readonly OutboxEntry[]> = this.#outbox;
  readonly older: ReadonlySignal<Older> = this.#older;
  /** A nickname that may be free, where the one asked for is taken. */
  readonly suggestion: ReadonlySignal<string | undefined> = this.#suggestion;
  readonly draft = signal("");
  readonly hint = signal<Hint | undefined>(undefined);
  /** The page is in front; the browser has a network; the timeline shows its end. Set by who can know. */
  readonly visible = signal(true);
  readonly networked = signal(true);
  readonly atEnd = signal(true);
  /** Where the person reads: was, before the page was reloaded, and is. Kept, but not watched. */
  place: ReadingPlace;
  /** Counts what the person said, so that the timeline can follow. */
  readonly #said = signal(0);
  readonly said: ReadonlySignal<number> = this.#said;

  #connection: Connection | undefined;
  #secret: SessionSecret | undefined;
  #turn = 0;
  #left: Promise<void> = Promise.resolve();
  #asleep = false;
  #callOffKeeping: (() => void) | undefined;

  constructor(parts: RoomParts) {
    this.room = parts.room;
    this.#parts = parts;
    this.#countdown = new Countdown(parts.clock);
    this.draft.value = parts.keepsake.draft;
    this.place = parts.keepsake.place;
    effect(() => {
      if (this.visible.value && this.atEnd.value) this.#picture.value = read(this.#picture.peek());
    });
  }

  /** Seconds until the next attempt, where one is waited for. */
  get retryIn(): ReadonlySignal<number | undefined> {
    return this.#countdown.seconds;
  }

  /** The nickname to begin with in the form. */
  get usualNickname(): string {
    return this.#asked.nick || this.#parts.preferences.nickname;
  }

  /** Goes on where an earlier life of this page was, if there was one. */
  restore(): void {
    const kept = this.#parts.keepsake.session;
    if (!kept) return;
    this.#secret = kept.secret;
    const { snapshot, connection } = kept;
    if (snapshot) {
      this.#inside.value = true;
      this.#picture.value = pictureFrom(snapshot, connection.nick);
      this.#older.value = olderThan(snapshot.before);
    }
    this.#connect(connection.nick, connection);
  }

  /** Asks to come in under `typed`, which is a nickname already. */
  join(typed: string): void {
    const checked = checkNickname(typed);
    if (!checked.ok) return;
    this.#parts.preferences.nickname = checked.nick;
    this.#asked.nick = checked.nick;
    this.#suggestion.value = undefined;
    this.#state.value = { kind: "connecting", attempt: 1 };
    const saved = this.#connection?.save();
    // Who leaves and comes back at once must not meet their own name as taken.
    void this.#left.then(() => {
      if (this.#state.peek().kind !== "connecting") return;
      this.#secret ??= this.#parts.newSecret();
      this.#connect(checked.nick, saved && { ...saved, nick: checked.nick });
    });
  }

  /** Ends the session: leaves the room, or the wish to come in. `evenUnsent`: also where something typed would be lost with it. */
  leave(evenUnsent = false): void {
    const unsent = this.#outbox.peek().filter((entry) => entry.state.kind !== "accepted").length;
    if (unsent > 0 && !evenUnsent) {
      this.hint.value = { kind: "unsent", count: unsent };
      return;
    }
    const connection = this.#connection;
    this.startOver();
    if (connection) this.#left = connection.leave().catch(() => {});
  }

  /** Forgets the session, which has ended, and asks for a name again. */
  startOver(): void {
    this.#turn++;
    this.#connection = undefined;
    this.#secret = undefined;
    this.#callOffKeeping?.();
    this.#callOffKeeping = undefined;
    this.#parts.keepsake.session = undefined;
    this.place = "end";
    batch(() => {
      this.#countdown.until(undefined);
      this.#state.value = { kind: "idle" };
      this.#inside.value = false;
      this.#picture.value = EMPTY_PICTURE;
      this.#outbox.value = [];
      this.hint.value = undefined;
      this.atEnd.value = true;
    });
  }

  /** Takes the session up again after the server's last word: out of another tab, or in the hope of a better answer. */
  takeUp(): void {
    const saved = this.#connection?.save();
    if (saved) this.#connect(saved.nick, saved);
  }

  /** The network, the page or the person's patience came to an end: finds out now. */
  probe(): void {
    this.#connection?.probe();
  }

  rename(typed: string): void {
    const checked = checkNickname(typed);
    if (checked.ok) this.#connection?.rename(checked.nick);
    else this.hint.value = { kind: "nickname-fault", fault: checked.fault };
  }

  /** Does what was typed. True where the text is used up. */
  submit(text: string): boolean {
    this.hint.value = undefined;
    const input = parseInput(text);
    switch (input.kind) {
      case "say":
        this.#picture.value = answered(this.#picture.peek());
        this.#connection?.send(input.text);
        this.#said.value++;
        return true;
      case "nick":
        this.rename(input.nick);
        return this.hint.peek() === undefined;
      case "help":
        this.hint.value = { kind: "help" };
        return true;
      case "unknown":
        this.hint.value = { kind: "unknown-command", word: input.word };
        return false;
      case "nothing":
        return false;
      default:
        return input satisfies never;
    }
  }

  setDraft(text: string): void {
    this.draft.value = text;
    if (this.hint.peek()?.kind !== "help") this.hint.value = undefined;
    this.#parts.keepsake.draft = text;
  }

  sendAgain(id: number): void {
    this.#connection?.sendAgain(id);
  }

  discard(id: number): void {
    this.#connection?.discard(id);
  }

  /** Gets an older page of the log, if there is one and it is not under way. `again`: also where that failed. */
  async loadOlder(again = false): Promise<void> {
    const connection = this.#connection;
    const { before } = this.#picture.peek().timeline;
    const older = this.#older.peek();
    if (!connection || this.#state.peek().kind !== "open" || !(older === "more" || (again && older === "failed"))) return;
    this.#older.value = "loading";
    const page = await connection.history(before, HISTORY_PAGE).catch(() => undefined);
    if (this.#connection !== connection || this.#picture.peek().timeline.before !== before) return;
    batch(() => {
      if (page) this.#picture.value = withOlder(this.#picture.peek(), page);
      this.#older.value = !page ? "failed" : page.first < before ? olderThan(page.first) : "none";
    });
  }

  /** The page goes away, for a reload perhaps, perhaps for good. */
  sleep(): void {
    this.#keep();
    this.#asleep = true;
    this.#connection?.linger();
  }

  /** The page is in front again, as it was left or after a while. */
  wake(): void {
    if (!this.#asleep) this.probe();
    else if (this.#state.peek().kind !== "ended") this.takeUp();
    this.#asleep = false;
  }

  #connect(nick: string, saved: SavedConnection | undefined): void {
    const secret = this.#secret;
    if (!secret) return;
    this.#connection?.stop();
    this.#asked.nick = nick;
    const turn = ++this.#turn;
    // What a connection says after it was given up is not listened to.
    const ifCurrent = (run: () => void) => {
      if (this.#turn === turn) batch(run);
    };
    const connection = this.#parts.connect(
      { session: secret, nick, room: this.room, ...(saved && { saved }) },
      {
        events: (events) => ifCurrent(() => this.#onEvents(events)),
        state: (state) => ifCurrent(() => this.#onState(state)),
        outbox: (entries) => ifCurrent(() => this.#onOutbox(entries)),
      },
    );
    this.#connection = connection;
    connection.start();
    this.#keep();
  }

  #onEvents(events: readonly ConnectionEvent[]): void {
    this.#picture.value = after(this.#picture.peek(), events, this.visible.peek() && this.atEnd.peek());
    for (const event of events) {
      if (event.kind === "welcome") {
        this.#inside.value = true;
        this.#asked.refused = [];
        if (event.fresh) this.#older.value = olderThan(event.offset + 1);
      } else if (event.kind === "nick") this.#parts.preferences.nickname = this.#asked.nick = event.nick;
      else if (event.kind === "rename-refused") this.hint.value = { kind: "rename-refused", code: event.code };
    }
    this.#callOffKeeping ??= this.#parts.clock.after(KEEP_EVERY_MS, () => this.#keep());
  }

  #onState(state: ConnectionState): void {
    this.#state.value = state;
    this.#countdown.until(state.kind === "waiting" ? state.retryAtMs : undefined);
    if (state.kind !== "ended") return;
    const { code } = state.why;
    if (code !== "left" && isAboutNickname(code)) {
      this.#inside.value = false;
      this.#asked.refused.push(this.#asked.nick);
      this.#suggestion.value = code === "nick-taken" ? nicknameVariant(this.#asked.nick, this.#asked.refused) : undefined;
    }
  }

  #onOutbox(entries: readonly OutboxEntry[]): void {
    this.#outbox.value = entries;
    // At once: what is kept before it goes out is never said twice.
    this.#keep();
  }

  #keep(): void {
    this.#callOffKeeping?.();
    this.#callOffKeeping = undefined;
    if (!this.#connection || !this.#secret || this.#asleep) return;
    const session: KeptSession = { secret: this.#secret, connection: this.#connection.save() };
    this.#parts.keepsake.session = this.#inside.peek() ? { ...session, snapshot: snapshotOf(this.#picture.peek()) } : session;
    this.#parts.keepsake.place = this.place;
  }
}

function olderThan(before: number): Older {
  return before > 1 ? "more" : "none";
}
