import type { Refusal } from "../../shared/codes.ts";
import { checkNickname } from "../../shared/nickname.ts";
import { type ChatPacket, encodeService } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { Hello, LeftWhy } from "../../shared/service.ts";
import {
  type Committed,
  type LogState,
  type NumberedRefusal,
  type Offset,
  type Operation,
  type Outcome,
  type SessionId,
  type SessionRecord,
  USUAL_GRACE_MS,
} from "../engine/engine.ts";
import { Announcer } from "./announcer.ts";
import { ChatOffsets } from "./chat-offsets.ts";
import { CommitQueue, type Queued } from "./commit-queue.ts";
import { Delivery } from "./delivery.ts";
import { type HistoryPage, readHistory } from "./history.ts";
import type { HubContext } from "./hub-context.ts";
import { dueMs, dueNow } from "./lifetime.ts";
import { refuse } from "./replies.ts";
import { Roster } from "./roster.ts";
import { checkSaid } from "./said.ts";
import { Session } from "./session.ts";
import { timeAt } from "./tail.ts";
import type { Ending, Transport } from "./transport.ts";
import { oweWelcome } from "./welcome.ts";

/** Who is told what became of the numbers that a session sent. */
export interface Sender {
  accepted(session: Session, seq: number, offset: Offset | undefined): void;
  refused(session: Session, refusal: NumberedRefusal): void;
  /** The number was not dealt with, and what was queued after it is not either. */
  failed(session: Session, refusal: Refusal): void;
}

/** A `hello` that passed every check that needs no engine. */
export type Entry = {
  readonly id: SessionId;
  readonly hello: Hello;
  readonly transport: Transport;
  readonly address: string;
};

const FULL_RETRY_MS = 3000;

/** One log, and who is in it. */
export class Room {
  readonly name: RoomName;
  readonly roster = new Roster();
  readonly #context: HubContext;
  readonly #sessions = new Map<SessionId, Session>();
  readonly #queue: CommitQueue;
  readonly #delivery: Delivery;
  readonly #announcer: Announcer;
  readonly #chats: ChatOffsets;
  #log: LogState;
  /** Whose answers are ready to go out. */
  readonly #answering = new Set<Session>();

  private constructor(name: RoomName, context: HubContext, log: LogState, chats: ChatOffsets) {
    this.name = name;
    this.#context = context;
    this.#log = log;
    this.#chats = chats;
    this.#queue = new CommitQueue(name, context.engine, context.clock, () => this.#announcer.sayDue(), this.#committed);
    this.#announcer = new Announcer({
      queue: this.#queue,
      clock: context.clock,
      session: (id) => this.#sessions.get(id),
      broken: (cause) => void this.#broken(cause),
    });
    this.#delivery = new Delivery({
      room: name,
      engine: context.engine,
      roster: this.roster,
      end: () => this.#log,
      written: this.#written,
      failed: (session, cause) => this.#unreadable(session, cause),
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
    const { id, hello, transport } = entry;
    const before = this.#sessions.get(id);
    if (before !== undefined) {
      before.listening = transport;
      before.entering++;
    }
    const nick = hello.nick === undefined ? undefined : checkNickname(hello.nick);
    const operation: Operation = {
      kind: "hello",
      session: id,
      maxHeld: this.#context.limits.maxClients,
      graceMs: USUAL_GRACE_MS,
      ...(nick?.ok ? { nick: nick.nick, key: nick.key } : {}),
    };
    return new Promise((resolve) => {
      this.#queue.push({
        operation,
        settle: (outcome) => {
          if (before !== undefined) before.entering--;
          if (outcome.kind === "refused") return resolve(withRetry(outcome.refusal));
          if (outcome.kind !== "welcomed") return resolve(refuse("internal", `The engine answered hello with ${outcome.kind}.`));
          resolve(this.#entered(entry, outcome));
        },
        fail: (cause) => {
          const refusal = this.#broken(cause);
          if (before !== undefined) {
            before.entering--;
            // What it said meanwhile was not listened to: its numbers would be off by that, so it has to say hello again too.
            if (before.carrier === "stream") before.transport?.close(refusal);
          }
          resolve(refusal);
        },
      });
    });
  }

  #entered(entry: Entry, outcome: Outcome & { kind: "welcomed" }): Promise<Session | Refusal> {
    const { transport } = entry;
    const { record } = outcome;
    let session = this.#sessions.get(entry.id);
    if (session === undefined) {
      session = this.#admit(record);
      // Where its last `left` is still to be said, that comes first, and `joined` after it.
      this.#join(session);
    }
    const old = session.transport;
    if (old !== undefined) {
      this.#delivery.detach(session);
      session.transport = undefined;
      session.forgetOwed();
      if (old !== transport) old.close(replacedBy(old, transport));
    }
    session.recall(record);
    session.listening = transport;
    session.carrier = transport.kind === "long-poll" ? "poll" : "stream";
    session.lingerUntilMs = Number.POSITIVE_INFINITY;
    session.blockedUntilMs = 0;
    session.rosterOwed = false;
    session.happens({ kind: "greeted", atMs: this.#context.clock.now() });
    this.#schedule(session);
    this.#context.entered(session, entry, outcome.resumed);
    // Until it is welcomed nothing else may carry it.
    session.entering++;
    return this.#welcome(session, entry, outcome).finally(() => session.entering--);
  }

  async #welcome(
    session: Session,
    { hello, transport }: Entry,
    { record, resumed }: Outcome & { kind: "welcomed" },
  ): Promise<Session | Refusal> {
    const { log, last } = this.#log;
    const byOffset = hello.offset !== undefined && hello.log === log && hello.offset <= last;
    const after = byOffset ? (hello.offset as Offset) : this.#chats.before(hello.history, this.#log);
    let at = this.#log.at;
    if (after !== last) {
      try {
        const chunks = await this.#delivery.chunks(after, 1);
        at = timeAt(chunks, after) ?? chunks[0]?.before ?? at;
      } catch (cause) {
        return this.#broken(cause);
      }
    }
    // While that was read it may have gone on elsewhere, ended, or its peer may be gone.
    if (session.turn !== record.turn || session.gone) return refuse("replaced", "The session went on elsewhere.");
    if (transport.closed) return session;
    session.transport = transport;
    session.cursor = after;
    session.rosterOwed = !(resumed && byOffset);
    session.heardAtMs = this.#context.clock.now();
    oweWelcome(session, { resumed, offset: after, at, log, knownSeq: hello.seq ?? 0 }, this.#context.limits);
    if (session.carrier === "stream") {
      session.happens({ kind: "heard" });
      session.pingAtMs = session.heardAtMs + session.heartbeatMs;
      this.#schedule(session);
    }
    this.#delivery.attach(session);
    return session;
  }

  /** A chat packet of the session's, as the next of its numbers; those of one `group` are kept together or not at all. Source: S14 to S23. */
  say(session: Session, packet: ChatPacket, sender: Sender, group?: object): void {
    const seq = ++session.queuedSeq;
    const { turn } = session;
    const said = checkSaid(session, packet);
    const retryAfterMs = this.spend(session);
    const refusal = said.ok ? (retryAfterMs === 0 ? undefined : refuse("rate-limited", "Too much at once.", retryAfterMs)) : said.refusal;
    if (refusal !== undefined) return this.#refuse(session, { ...refusal, seq }, sender, group);
    this.#announcer.introduce(session);
    this.#queue.push({
      operation: { kind: "chat", session: session.id, turn, seq, packet: (said as { packet: Uint8Array }).packet },
      ...(group === undefined ? {} : { group }),
      settle: (outcome) => {
        if (outcome.kind === "appended") {
          session.seq = seq;
          this.#chats.add(outcome.offset);
          sender.accepted(session, seq, outcome.offset);
        } else if (outcome.kind === "duplicate") sender.accepted(session, seq, undefined);
        else sender.failed(session, unsettled(outcome));
        this.#answering.add(session);
      },
      fail: (cause) => sender.failed(session, this.#broken(cause)),
    });
  }

  #refuse(session: Session, refusal: NumberedRefusal, sender: Sender, group?: object): void {
    this.#queue.push({
      operation: { kind: "refuse", session: session.id, turn: session.turn, refusal },
      ...(group === undefined ? {} : { group }),
      settle: (outcome) => {
        if (outcome.kind === "noted") {
          session.note(refusal);
          this.#context.refused(session, refusal);
          sender.refused(session, refusal);
        } else if (outcome.kind === "duplicate") sender.accepted(session, refusal.seq, undefined);
        else sender.failed(session, unsettled(outcome));
        this.#answering.add(session);
      },
      fail: (cause) => sender.failed(session, this.#broken(cause)),
    });
  }

  /** Takes one from the session's budget: 0, or after how many ms there is one again. Past it all is refused until then. Source: S21, S22. */
  spend(session: Session): number {
    const nowMs = this.#context.clock.now();
    if (nowMs < session.blockedUntilMs) return Math.ceil(session.blockedUntilMs - nowMs);
    const retryAfterMs = session.budget.spend(nowMs);
    if (retryAfterMs > 0) session.blockedUntilMs = nowMs + retryAfterMs;
    return retryAfterMs;
  }

  /** Another nickname, if it is free. Source: S41. */
  rename(session: Session, text: string): Promise<{ nick: string } | Refusal> {
    const retryAfterMs = this.spend(session);
    if (retryAfterMs > 0) return Promise.resolve(refuse("rate-limited", "Too much at once.", retryAfterMs));
    const checked = checkNickname(text);
    if (!checked.ok) return Promise.resolve(refuse("nick-invalid", `This is no nickname: ${checked.fault}.`));
    const { nick, key } = checked;
    const { nick: from, key: fromKey } = session;
    if (nick === from) return Promise.resolve({ nick });
    this.#announcer.introduce(session);
    const packet = this.#announcer.quiet ? {} : { packet: encodeService({ type: "renamed", from, to: nick }) };
    return new Promise((resolve) => {
      this.#queue.push({
        operation: { kind: "rename", session: session.id, turn: session.turn, nick, key, ...packet },
        settle: (outcome) => {
          if (outcome.kind === "refused") return resolve(outcome.refusal);
          if (outcome.kind !== "renamed") return resolve(unsettled(outcome));
          this.roster.remove(fromKey);
          this.roster.add(key, nick);
          session.rename(nick, key);
          resolve({ nick });
        },
        fail: (cause) => resolve(this.#broken(cause)),
      });
    });
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

  #join(session: Session): void {
    if (this.#sessions.size > this.#context.limits.noticeLimit) this.#announcer.quiet = true;
    this.#announcer.joined(session);
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

function replacedBy(old: Transport, now: Transport): Ending {
  if (old.kind === "long-poll" && now.kind === "long-poll") return { code: "newer-poll" };
  return refuse("replaced", "The session went on elsewhere.");
}

/** Somebody who waits for a place asks again every now and then. */
function withRetry(refusal: Refusal): Refusal {
  return refusal.code === "full" ? { ...refusal, retryAfterMs: FULL_RETRY_MS } : refusal;
}

function unsettled(outcome: Outcome): Refusal {
  if (outcome.kind === "stale") return refuse("replaced", "The session went on elsewhere.");
  return refuse("seq-gap", `An earlier number was not dealt with (${outcome.kind}).`);
}
