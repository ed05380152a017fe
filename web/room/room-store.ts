import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { SavedConnection } from "../../shared/connection/chat-connection.ts";
import type { ConnectionEvent } from "../../shared/connection/connection-event.ts";
import type { ConnectionState } from "../../shared/connection/connection-state.ts";
import type { OutboxEntry } from "../../shared/connection/outbox.ts";
import { checkNickname } from "../../shared/nickname.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { SessionSecret } from "../../shared/session-secret.ts";
import { type Announcement, Announcements } from "./announcements.ts";
import { Countdown } from "./countdown.ts";
import type { KeptSession, ReadingPlace } from "./keepsake.ts";
import { NicknameWish } from "./nickname-wish.ts";
import { OlderPages } from "./older-pages.ts";
import { Patience } from "./patience.ts";
import type { Connection, RoomParts } from "./room-parts.ts";
import { answered, EMPTY_PICTURE, pictureFrom, type RoomPicture, read, snapshotOf, withEvents, withOlder } from "./room-picture.ts";
import { isAboutNickname, type Screen, screenOf } from "./screen.ts";
import { SessionKeeper } from "./session-keeper.ts";
import { isFull } from "./timeline.ts";
import { Writing } from "./writing.ts";

/** One room as one person in one tab sees it: owns the connection, and every piece of state that the page shows. */
export class RoomStore {
  readonly room: RoomName;
  readonly #parts: RoomParts;
  readonly #countdown: Countdown;
  readonly #patience: Patience;
  readonly #wish: NicknameWish;
  readonly #keeper: SessionKeeper;
  readonly #older = new OlderPages();
  readonly #announcements: Announcements;

  readonly #state = signal<ConnectionState>({ kind: "idle" });
  readonly #inside = signal(false);
  readonly #picture = signal<RoomPicture>(EMPTY_PICTURE);
  readonly #outbox = signal<readonly OutboxEntry[]>([]);
  readonly #said = signal(0);

  readonly state: ReadonlySignal<ConnectionState> = this.#state;
  readonly screen: ReadonlySignal<Screen> = computed(() => screenOf(this.#state.value, this.#inside.value));
  readonly nick = computed(() => this.#picture.value.nick);
  readonly timeline = computed(() => this.#picture.value.timeline);
  readonly roster = computed(() => this.#picture.value.roster);
  readonly unread = computed(() => this.#picture.value.unread);
  /** How often the person was called by name in what is unread, and the last time that they were. */
  readonly calls = computed(() => this.#picture.value.calls);
  readonly call = computed(() => this.#picture.value.call);
  readonly outbox: ReadonlySignal<readonly OutboxEntry[]> = this.#outbox;
  /** How many messages the room's log does not have yet, as far as is known. */
  readonly unsent = computed(() => this.#outbox.value.filter((entry) => entry.state.kind !== "accepted").length);
  readonly older = this.#older.state;
  /** Counts what the person said, so that the timeline can follow. */
  readonly said: ReadonlySignal<number> = this.#said;
  /** In the room, this very moment. */
  readonly connected = computed(() => this.#state.value.kind === "open");
  readonly writing: Writing;
  /** The page is in front; the browser has a network; the timeline shows its end. Set by who can know. */
  readonly visible = signal(true);
  readonly networked = signal(true);
  readonly atEnd = signal(true);
  /** Where the person reads: was, before the page was reloaded, and is. Kept, but not watched. */
  place: ReadingPlace;

  #connection: Connection | undefined;
  #secret: SessionSecret | undefined;
  #turn = 0;
  #left: Promise<void> = Promise.resolve();
  #asleep = false;

  constructor(parts: RoomParts) {
    this.room = parts.room;
    this.#parts = parts;
    this.#countdown = new Countdown(parts.clock);
    this.#patience = new Patience(parts.clock);
    this.#wish = new NicknameWish(parts.preferences);
    this.#keeper = new SessionKeeper(parts.keepsake, parts.clock, () => this.#current());
    this.#announcements = new Announcements(parts.clock, this.visible);
    this.writing = new Writing(parts.keepsake, {
      say: (text) => this.#say(text),
      rename: (nick) => this.#connection?.rename(nick),
    });
    this.place = parts.keepsake.place;
    effect(() => {
      if (this.visible.value && this.atEnd.value) this.#picture.value = read(this.#picture.peek());
    });
    effect(() => this.#patience.watch(this.#state.value.kind === "connecting"));
    effect(() => {
      if (!this.visible.value) parts.warmSocket?.cool();
    });
  }

  /** Seconds until the next attempt, where one is waited for. */
  get retryIn(): ReadonlySignal<number | undefined> {
    return this.#countdown.seconds;
  }

  /** The attempt that is under way takes longer than people wait without a word. */
  get slow(): ReadonlySignal<boolean> {
    return this.#patience.over;
  }

  /** What is to be read aloud to whoever does not see it. */
  get announcements(): ReadonlySignal<readonly Announcement[]> {
    return this.#announcements.current;
  }

  /** The nickname to begin with in the form. */
  get usualNickname(): string {
    return this.#wish.nick;
  }

  /** A nickname that may be free, where the one asked for is taken. */
  get suggestion(): ReadonlySignal<string | undefined> {
    return this.#wish.suggestion;
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
      this.#older.begin(snapshot.before);
    }
    this.#connect(connection.nick, connection);
  }

  /** The person is about to come in, as far as one can see. To be said as often as one likes. */
  warm(): void {
    if (this.visible.peek() && this.screen.peek().kind === "join") this.#parts.warmSocket?.warm();
  }

  /** Asks to come in under `typed`, which is a nickname already. */
  join(typed: string): void {
    const checked = checkNickname(typed);
    if (!checked.ok) return;
    this.#wish.ask(checked.nick);
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
    const unsent = this.unsent.peek();
    if (unsent > 0 && !evenUnsent) {
      this.writing.hint.value = { kind: "unsent", count: unsent };
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
    this.#keeper.forget();
    this.place = "end";
    this.#announcements.reset();
    batch(() => {
      this.#countdown.until(undefined);
      this.#state.value = { kind: "idle" };
      this.#inside.value = false;
      this.#picture.value = EMPTY_PICTURE;
      this.#outbox.value = [];
      this.writing.hint.value = undefined;
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
    if (!connection || !this.connected.peek()) return;
    const page = await this.#older.load((offset, limit) => connection.history(offset, limit), before, again);
    if (!page || this.#connection !== connection || this.#picture.peek().timeline.before !== before) return;
    batch(() => {
      this.#picture.value = withOlder(this.#picture.peek(), page);
      this.#older.begin(page.first, !isFull(this.#picture.peek().timeline));
    });
  }

  /** The page goes away, for a reload perhaps, perhaps for good. */
  sleep(): void {
    this.#keeper.now();
    this.#parts.warmSocket?.cool();
    this.#parts.keepsake.place = this.place;
    this.#asleep = true;
    this.#connection?.linger();
  }

  /** The page is in front again, as it was left or after a while. */
  wake(): void {
    if (!this.#asleep) this.probe();
    else if (this.#state.peek().kind !== "ended") this.takeUp();
    this.#asleep = false;
  }

  #say(text: string): void {
    this.#picture.value = answered(this.#picture.peek());
    this.#connection?.send(text);
    this.#said.value++;
  }

  #connect(nick: string, saved: SavedConnection | undefined): void {
    const secret = this.#secret;
    if (!secret) return;
    this.#connection?.stop();
    this.#wish.ask(nick);
    // What was being asked of the old one is asked again.
    this.#older.interrupt();
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
    this.#keeper.now();
  }

  #onEvents(events: readonly ConnectionEvent[]): void {
    this.#announcements.take(events, this.nick.peek());
    const { before } = this.#picture.peek().timeline;
    this.#picture.value = withEvents(this.#picture.peek(), events, this.visible.peek() && this.atEnd.peek());
    for (const event of events) {
      if (event.kind === "welcome") {
        this.#inside.value = true;
        this.#wish.granted(event.nick);
        if (event.fresh) this.#older.begin(event.offset + 1);
      } else if (event.kind === "nick") this.#wish.granted(event.nick);
      else if (event.kind === "rename-refused") this.writing.hint.value = { kind: "rename-refused", code: event.code };
    }
    // What the timeline had to forget can be asked for again.
    const { timeline } = this.#picture.peek();
    if (timeline.before !== before) this.#older.begin(timeline.before);
    this.#keeper.soon();
  }

  #onState(state: ConnectionState): void {
    this.#state.value = state;
    if (state.kind !== "open") this.#announcements.interrupt();
    this.#countdown.until(state.kind === "waiting" ? state.retryAtMs : undefined);
    if (state.kind !== "ended") return;
    const { code } = state.why;
    if (code === "left" || !isAboutNickname(code)) return;
    this.#inside.value = false;
    this.#wish.refused(code);
  }

  #onOutbox(entries: readonly OutboxEntry[]): void {
    this.#outbox.value = entries;
    this.#announcements.watch(entries);
    // At once: what is kept before it goes out is never said twice.
    this.#keeper.now();
  }

  #current(): KeptSession | undefined {
    if (!this.#connection || !this.#secret || this.#asleep) return undefined;
    const session: KeptSession = { secret: this.#secret, connection: this.#connection.save() };
    return this.#inside.peek() ? { ...session, snapshot: snapshotOf(this.#picture.peek()) } : session;
  }
}
