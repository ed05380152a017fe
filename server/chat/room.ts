import type { Refusal } from "../../shared/codes.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { LeftWhy } from "../../shared/service.ts";
import {
  type Committed,
  EngineError,
  type LogState,
  type News,
  type Offset,
  type Outcome,
  type SessionId,
  type SessionRecord,
  USUAL_GRACE_MS,
} from "../engine/engine.ts";
import { Announcer } from "./announcer.ts";
import { ChatOffsets } from "./chat-offsets.ts";
import { CommitQueue, type Queued } from "./commit-queue.ts";
import { Delivery } from "./delivery.ts";
import { Departure, type Ended } from "./departure.ts";
import { Entrance, type Entry } from "./entrance.ts";
import { type HistoryPage, readHistory } from "./history.ts";
import type { HubContext } from "./hub-context.ts";
import { dueMs, dueNow } from "./lifetime.ts";
import { letGo, Neighbours } from "./neighbours.ts";
import { refuse } from "./replies.ts";
import { Residents } from "./residents.ts";
import { Roster } from "./roster.ts";
import type { Session } from "./session.ts";
import { Speech } from "./speech.ts";
import type { Ending, Transport } from "./transport.ts";

const LOST = "The room's log is not what it was: the room is opened anew.";

/** One log, and who is in it. */
export class Room {
  readonly name: RoomName;
  readonly roster = new Roster();
  readonly speech: Speech;
  readonly #context: HubContext;
  readonly #residents: Residents;
  readonly #queue: CommitQueue;
  readonly #delivery: Delivery;
  readonly #announcer: Announcer;
  readonly #entrance: Entrance;
  readonly #departure: Departure;
  readonly #neighbours: Neighbours;
  #unfollow: () => void = () => {};
  #isLost = false;
  #log: LogState;
  /** Whose answers are ready to go out. */
  readonly #answering = new Set<Session>();

  private constructor(name: RoomName, context: HubContext, log: LogState, chats: ChatOffsets) {
    this.name = name;
    this.#context = context;
    this.#log = log;
    const broken = (cause: unknown) => this.#broken(cause);
    this.#queue = new CommitQueue(name, context, () => this.#announcer.sayDue(), this.#committed);
    this.#announcer = new Announcer({
      queue: this.#queue,
      clock: context.clock,
      session: (id) => this.#residents.get(id),
      broken,
    });
    this.#delivery = new Delivery({
      room: name,
      engine: context.engine,
      roster: this.roster,
      end: () => this.#log,
      written: this.#written,
      failed: (session, cause) => this.#unreadable(session, cause),
    });
    const answered = (session: Session) => this.#answering.add(session);
    const shared = { context, roster: this.roster, delivery: this.#delivery, announcer: this.#announcer };
    const isUnderWay = (id: SessionId) => this.#entrance.isUnderWay(id);
    this.#residents = new Residents({ ...shared, room: this, isUnderWay, answered });
    const parts = { ...shared, residents: this.#residents, queue: this.#queue, chats, log: () => this.#log, broken };
    this.speech = new Speech({ ...parts, answered });
    this.#departure = new Departure(parts);
    this.#entrance = new Entrance({ ...parts, vanished: (session) => this.#departure.vanished(session) });
    this.#neighbours = new Neighbours({
      ...parts,
      moved: (log) => {
        this.#log = log;
      },
      isUnderWay,
      vanished: (session) => this.#departure.vanished(session),
      adopt: (record) => this.adopt(record),
      flush: () => this.#flush(),
      lost: () => this.#lose(),
    });
  }

  static async open(name: RoomName, context: HubContext): Promise<Room> {
    const early: News[] = [];
    let hear = (news: News): void => void early.push(news);
    const unfollow = context.engine.follow(name, (news) => hear(news));
    try {
      const log = await context.engine.open(name);
      const room = new Room(name, context, log, await ChatOffsets.read(name, context.engine, log));
      room.#unfollow = unfollow;
      hear = (news) => {
        if (!room.#isLost) room.#neighbours.hear(news);
      };
      for (const news of early) hear(news);
      return room;
    } catch (cause) {
      unfollow();
      throw cause;
    }
  }

  /** Hears no more of what others do in it. Only when it is idle, and forgotten. */
  close(): void {
    this.#unfollow();
  }

  get log(): LogState {
    return this.#log;
  }

  /** True when nobody is in it and nothing is under way: it can be forgotten, and opened again. */
  get idle(): boolean {
    return this.#residents.sessions.size === 0 && this.#queue.idle && !this.#announcer.waiting && !this.#neighbours.adopting;
  }

  /** Resolves when all that was taken in is dealt with. */
  async settle(): Promise<void> {
    this.#announcer.sayNow();
    await this.#queue.settled();
  }

  /** Takes in a session that lost its node: away from now on, with its full grace; what its log does not say yet is said. */
  adopt(record: SessionRecord): void {
    if (this.#isLost) return;
    if (!record.held) {
      if (record.announced) this.#announcer.left({ id: record.session, nick: record.nick, key: record.key }, record.why ?? "lost");
      return;
    }
    if (this.#residents.sessions.has(record.session)) return;
    const session = this.#residents.admit(record);
    session.lingerUntilMs = record.graceMs === USUAL_GRACE_MS ? Number.POSITIVE_INFINITY : this.#context.clock.now() + record.graceMs;
    if (!record.announced) this.#announcer.joined(session);
    this.#residents.schedule(session);
  }

  /** Takes over a session that another node let in. Gives it; or why not. */
  attend(record: SessionRecord): Promise<Session | Refusal> {
    return this.#entrance.attend(record);
  }

  /** A session that another node looks after, and that asks for something here in passing. */
  visit(record: SessionRecord): Session {
    return this.#residents.visit(record);
  }

  /** Joins or resumes. Gives the session once its `welcome` is written; or why not. */
  enter(entry: Entry): Promise<Session | Refusal> {
    return this.#entrance.enter(entry);
  }

  /** Ends the session now. Its transport is closed with `ending`. */
  end(session: Session, why: LeftWhy, ending: Ending): Promise<Ended> {
    return this.#departure.end(session, why, ending);
  }

  /** Ends the session in `lingerMs` unless it says `hello` before. Source: S27. */
  linger(session: Session, lingerMs: number): Promise<Ended> {
    return this.#departure.linger(session, lingerMs);
  }

  /** The session's transport is gone, or its poll was answered: it is away from now on. */
  lost(session: Session, transport: Transport): void {
    if (session.transport !== transport) return;
    if (session.carrier === "stream") {
      session.transport = undefined;
      session.forgetOwed();
      this.#delivery.detach(session);
    }
    session.happens({ kind: "lost", atMs: this.#context.clock.now() });
    this.#residents.schedule(session);
  }

  /** After a restart polls simply go on: nothing but the session is kept of them. */
  pollsOn(session: Session, transport: Transport): void {
    session.carrier = "poll";
    session.transport = transport;
    session.listening = transport;
    this.#delivery.attach(session);
  }

  /** A poll of the session is parked, and wants what follows `after`. */
  parked(session: Session, after: Offset): void {
    const nowMs = this.#context.clock.now();
    session.cursor = after;
    session.heardAtMs = nowMs;
    session.pingAtMs = nowMs + session.heartbeatMs;
    session.happens({ kind: "heard" });
    this.#residents.schedule(session);
    this.#delivery.pump(session);
  }

  /** Writes what the session is owed as soon as its transport takes it. */
  flush(session: Session): void {
    this.#delivery.pump(session);
  }

  /** Says something to everyone who listens, outside of the log. */
  tell(packet: Uint8Array): void {
    for (const session of this.#delivery.live) {
      session.owe(packet);
      this.#delivery.pump(session);
    }
  }

  /** The packets before `before`, oldest first, at most `limit`. */
  history(before: Offset, limit: number): Promise<HistoryPage> {
    return readHistory(this.#delivery, this.#log, before, limit);
  }

  /** Does what has come due for a session, and says when to look again. Called by the wheel. */
  due(session: Session, nowMs: number): number {
    if (session.visiting) return Number.POSITIVE_INFINITY;
    const due = dueNow(session, nowMs);
    if (due.do === "end")
      this.end(session, due.why, { code: "left" }).catch(() => {}); // told by #broken; its grace starts again
    else if (due.do === "give-up") session.transport?.close(refuse("timeout", "Nothing was heard for two heartbeats."));
    else if (due.do === "ping") {
      session.pingAtMs = nowMs + session.heartbeatMs;
      session.pingOwed = true;
      this.#delivery.pump(session);
    }
    return dueMs(session, nowMs);
  }

  /** What was kept may not be there any more: everybody comes back, and finds out. */
  #lose(): void {
    const deserted = this.#residents.sessions.size === 0 && !this.#neighbours.adopting;
    if (this.#isLost) return;
    this.#isLost = true;
    this.#unfollow();
    this.#announcer.stop();
    for (const session of [...this.#residents.sessions.values()]) this.#residents.drop(session, letGo);
    const settled = this.#queue.abandon(new EngineError(LOST));
    this.#context.lost(this, { settled, deserted });
  }

  readonly #committed = (committed: Committed, batch: readonly Queued[]): void => {
    const { chunk } = committed;
    // Never what does not follow on what they have: everybody counts.
    if (chunk !== undefined && chunk.first !== this.#log.last + 1) this.#lose();
    if (this.#isLost) {
      for (const queued of batch) queued.fail(new EngineError(LOST));
      return;
    }
    if (chunk !== undefined) this.#delivery.append(chunk);
    this.#log = { log: this.#log.log, first: committed.first, last: chunk?.last ?? this.#log.last, at: chunk?.at ?? this.#log.at };
    this.#delivery.trim(committed.first);
    for (let index = 0; index < batch.length; index++) batch[index]?.settle(committed.outcomes[index] as Outcome);
    if (chunk !== undefined) {
      this.#neighbours.handOut();
      this.#delivery.broadcast(chunk);
    }
    this.#flush();
  };

  #flush(): void {
    for (const session of this.#answering) this.#delivery.pump(session);
    this.#answering.clear();
  }

  readonly #written = (session: Session): void => {
    if (session.carrier === "poll") {
      session.happens({ kind: "lost", atMs: this.#context.clock.now() });
      this.#residents.schedule(session);
    }
    session.relieved?.();
  };

  #unreadable(session: Session, cause: unknown): void {
    session.transport?.close(this.#broken(cause));
  }

  #broken(cause: unknown): Refusal {
    this.#context.broken(this.name, cause);
    return refuse("internal", "The room cannot keep messages at the moment. Nothing that was acknowledged is lost.", 1000);
  }
}
