import type { Refusal } from "../../shared/codes.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { LeftWhy } from "../../shared/service.ts";
import {
  type Committed,
  type LogState,
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
import { Entrance, type Entry } from "./entrance.ts";
import { type HistoryPage, readHistory } from "./history.ts";
import type { HubContext } from "./hub-context.ts";
import { dueMs, dueNow } from "./lifetime.ts";
import { refuse } from "./replies.ts";
import { Roster } from "./roster.ts";
import { Session } from "./session.ts";
import { Speech } from "./speech.ts";
import type { Ending, Transport } from "./transport.ts";

/** One log, and who is in it. */
export class Room {
  readonly name: RoomName;
  readonly roster = new Roster();
  readonly speech: Speech;
  readonly #context: HubContext;
  readonly #sessions = new Map<SessionId, Session>();
  readonly #queue: CommitQueue;
  readonly #delivery: Delivery;
  readonly #announcer: Announcer;
  readonly #entrance: Entrance;
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
      session: (id) => this.#sessions.get(id),
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
    const parts = { context, queue: this.#queue, announcer: this.#announcer, chats, broken };
    this.speech = new Speech({ ...parts, roster: this.roster, answered: (session) => this.#answering.add(session) });
    this.#entrance = new Entrance({
      ...parts,
      delivery: this.#delivery,
      log: () => this.#log,
      session: (id) => this.#sessions.get(id),
      join: (record) => this.#join(this.#admit(record)),
      schedule: (session) => this.#schedule(session),
    });
  }

  static async open(name: RoomName, context: HubContext): Promise<Room> {
    const log = await context.engine.open(name);
    return new Room(name, context, log, await ChatOffsets.read(name, context.engine, log));
  }

  get log(): LogState {
    return this.#log;
  }

  /** True when nobody is in it and nothing is under way: it can be forgotten, and opened again. */
  get idle(): boolean {
    return this.#sessions.size === 0 && this.#queue.idle && !this.#announcer.waiting;
  }

  /** Resolves when all that was taken in is dealt with. */
  async settle(): Promise<void> {
    this.#announcer.sayNow();
    await this.#queue.settled();
  }

  /** Takes in a session that lost its node: away from now on, with its full grace; what its log does not say yet is said. */
  adopt(record: SessionRecord): Session | undefined {
    if (!record.held) {
      if (record.announced) this.#announcer.left({ id: record.session, nick: record.nick, key: record.key }, record.why ?? "lost");
      return undefined;
    }
    const session = this.#admit(record);
    if (record.graceMs !== USUAL_GRACE_MS) session.lingerUntilMs = this.#context.clock.now() + record.graceMs;
    if (!record.announced) this.#join(session);
    this.#schedule(session);
    return session;
  }

  /** Joins or resumes. Gives the session once its `welcome` is written; or why not. */
  enter(entry: Entry): Promise<Session | Refusal> {
    return this.#entrance.enter(entry);
  }

  /** Ends the session now. Resolves when it is done; its transport is closed with `ending`. */
  end(session: Session, why: LeftWhy, ending: Ending): Promise<void> {
    if (session.gone) return Promise.resolve();
    session.happens({ kind: "ended", why });
    this.#context.wheel.remove(session);
    return new Promise((resolve, reject) => {
      this.#queue.push({
        operation: { kind: "release", session: session.id, why },
        settle: () => {
          // What it said before goes out first, with its answers.
          this.#delivery.pump(session);
          this.#dismiss(session, why);
          session.transport?.close(ending);
          resolve();
        },
        fail: (cause) => {
          // Not kept: it is still here, away, and the end of another grace will try again.
          session.state = { kind: "away", sinceMs: this.#context.clock.now() };
          session.lingerUntilMs = Number.POSITIVE_INFINITY;
          this.#schedule(session);
          this.#broken(cause);
          reject(cause);
        },
      });
    });
  }

  /** Ends the session in `lingerMs` unless it says `hello` before. Source: S27. */
  linger(session: Session, lingerMs: number): Promise<void> {
    const graceMs = Math.min(lingerMs, this.#context.limits.graceMs);
    session.lingerUntilMs = Math.min(session.lingerUntilMs, this.#context.clock.now() + graceMs);
    this.#schedule(session);
    return new Promise((resolve) => {
      this.#queue.push({ operation: { kind: "linger", session: session.id, graceMs }, settle: () => resolve(), fail: () => resolve() });
    });
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
    this.#schedule(session);
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
    this.#schedule(session);
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

  #schedule(session: Session): void {
    this.#context.wheel.schedule(session, dueMs(session, this.#context.clock.now()));
  }

  #admit(record: SessionRecord): Session {
    const { clock, limits, random } = this.#context;
    const heartbeatMs = Math.round(limits.heartbeatMs * (0.9 + 0.2 * random()));
    const times = { nowMs: clock.now(), wallMs: clock.wall(), heartbeatMs, graceMs: limits.graceMs };
    const session = new Session(this, record, times, limits.rate);
    this.#sessions.set(session.id, session);
    this.roster.add(session.key, session.nick);
    this.#context.admitted(session);
    return session;
  }

  #join(session: Session): Session {
    if (this.#sessions.size > this.#context.limits.noticeLimit) this.#announcer.quiet = true;
    this.#announcer.joined(session);
    return session;
  }

  #dismiss(session: Session, why: LeftWhy): void {
    this.#sessions.delete(session.id);
    this.roster.remove(session.key);
    this.#delivery.detach(session);
    this.#context.dismissed(session, why);
    this.#announcer.left(session, why);
    if (this.#announcer.quiet && this.#sessions.size < this.#context.limits.noticeLimit * 0.8) this.#speakAgain();
  }

  /** From here on coming and going is said again, to people who have not been told for a while who is here. */
  #speakAgain(): void {
    this.#announcer.sayNow();
    this.#announcer.quiet = false;
    for (const session of this.#delivery.live) {
      session.rosterOwed = true;
      this.#answering.add(session);
    }
  }

  readonly #committed = (committed: Committed, batch: readonly Queued[]): void => {
    const { chunk } = committed;
    if (chunk !== undefined) this.#delivery.append(chunk);
    this.#log = { log: this.#log.log, first: committed.first, last: chunk?.last ?? this.#log.last, at: chunk?.at ?? this.#log.at };
    this.#delivery.trim(committed.first);
    for (let index = 0; index < batch.length; index++) batch[index]?.settle(committed.outcomes[index] as Outcome);
    if (chunk !== undefined) this.#delivery.broadcast(chunk);
    for (const session of this.#answering) this.#delivery.pump(session);
    this.#answering.clear();
  };

  readonly #written = (session: Session): void => {
    if (session.carrier === "poll") {
      session.happens({ kind: "lost", atMs: this.#context.clock.now() });
      this.#schedule(session);
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
