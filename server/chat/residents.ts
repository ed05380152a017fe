import type { SessionId, SessionRecord } from "../engine/engine.ts";
import type { Announcer } from "./announcer.ts";
import type { Delivery } from "./delivery.ts";
import type { HubContext } from "./hub-context.ts";
import { dueMs } from "./lifetime.ts";
import type { Room } from "./room.ts";
import type { Roster } from "./roster.ts";
import { Session } from "./session.ts";
import type { Ending, Transport } from "./transport.ts";

export type ResidentsParts = {
  readonly room: Room;
  readonly context: HubContext;
  readonly roster: Roster;
  readonly delivery: Delivery;
  readonly announcer: Announcer;
  /** True while this node asks for the session. */
  isUnderWay(id: SessionId): boolean;
  /** The session's answers are ready to go out. */
  answered(session: Session): void;
};

/** The sessions of a room that this node looks after. */
export class Residents {
  readonly #parts: ResidentsParts;
  readonly sessions = new Map<SessionId, Session>();

  constructor(parts: ResidentsParts) {
    this.#parts = parts;
  }

  get(id: SessionId): Session | undefined {
    return this.sessions.get(id);
  }

  isHere(session: Session): boolean {
    return this.sessions.get(session.id) === session;
  }

  /** This node looks after it from now on. */
  admit(record: SessionRecord): Session {
    const { context, room, roster } = this.#parts;
    const visitor = context.visitor(record.session, room);
    visitor?.settle(record, context.clock.now());
    const session = visitor ?? this.#newSession(record);
    this.sessions.set(session.id, session);
    roster.add(session.key, session.nick);
    context.admitted(session);
    this.reckon();
    return session;
  }

  /** A session that another node looks after, and that asks for something here in passing. */
  visit(record: SessionRecord): Session {
    const session = this.#newSession(record);
    session.visiting = true;
    return session;
  }

  /** It is in this room no more. */
  forget(session: Session): void {
    this.sessions.delete(session.id);
    this.#parts.delivery.detach(session);
  }

  /** Another node looks after it from now on: here it ends without a word to anybody but its peer. */
  drop(session: Session, ending: (transport: Transport) => Ending): void {
    const { context, announcer, isUnderWay } = this.#parts;
    const { transport, listening } = session;
    this.forget(session);
    context.wheel.remove(session);
    announcer.forget(session.id);
    session.transport = undefined;
    session.forgetOwed();
    session.visiting = true;
    // Where it says hello here at this very moment it will be back.
    const returning = isUnderWay(session.id) ? listening : undefined;
    if (returning === undefined) session.listening = undefined;
    context.dropped(session);
    for (const each of new Set([transport, listening])) if (each !== undefined && each !== returning) each.close(ending(each));
  }

  /** When it is next to be looked at may have changed. */
  schedule(session: Session): void {
    const { wheel, clock } = this.#parts.context;
    wheel.schedule(session, dueMs(session, clock.now()));
  }

  /** Others are here now than before: above so many, coming and going is not said; well below that it is again. Source: L10. */
  reckon(): void {
    const { announcer, context, roster } = this.#parts;
    const { noticeLimit } = context.limits;
    if (roster.online > noticeLimit) announcer.quiet = true;
    else if (announcer.quiet && roster.online < noticeLimit * 0.8) this.#speakAgain();
  }

  /** From here on coming and going is said again, to people who have not been told for a while who is here. */
  #speakAgain(): void {
    const { announcer, delivery, answered } = this.#parts;
    announcer.sayNow();
    announcer.quiet = false;
    for (const session of delivery.live) {
      session.rosterOwed = true;
      answered(session);
    }
  }

  #newSession(record: SessionRecord): Session {
    const { clock, limits, random } = this.#parts.context;
    const heartbeatMs = Math.round(limits.heartbeatMs * (0.9 + 0.2 * random()));
    const times = { nowMs: clock.now(), wallMs: clock.wall(), heartbeatMs, graceMs: limits.graceMs };
    return new Session(this.#parts.room, record, times, limits.rate);
  }
}
