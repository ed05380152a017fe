import type { Refusal } from "../../shared/codes.ts";
import { DEFAULT_ROOM } from "../../shared/limits.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { SessionId, SessionRecord } from "../engine/engine.ts";
import type { HubContext } from "./hub-context.ts";
import { isRefusal, refuse } from "./replies.ts";
import type { Room } from "./room.ts";
import { internalRefusal, type Rooms } from "./rooms.ts";
import type { Session } from "./session.ts";

/** How long what is known of a visitor is kept after it last asked for something, ms: what it may still spend, and how it was answered. */
const KEPT_MS = 60_000;
/** How long the node that let somebody in may take to say so, ms. */
const INTRODUCED_WITHIN_MS = 2000;
const LOOK_EVERY_MS = 50;
/** So often a session is asked for that goes on elsewhere each time. */
const TRIES = 3;

/** What a request of a session asks to be true of it. */
export type Claim = {
  /** The `hello` that it belongs to; the last one, where it does not say. */
  readonly turn?: number | undefined;
  /** It is of a session that polls. */
  readonly polls?: boolean;
};

/**
 * Sessions that another node looks after, and that ask for something here. Who polls may send each request to another node; what it says is dealt with
 * where it arrives, in passing, and what it listens to makes that node look after it.
 */
export class Visits {
  readonly #context: HubContext;
  readonly #rooms: Rooms;
  readonly #here: ReadonlyMap<SessionId, Session>;
  readonly #visitors = new Map<SessionId, { session: Session; seenAtMs: number }>();

  /** `here`: the sessions that this node looks after. */
  constructor(context: HubContext, rooms: Rooms, here: ReadonlyMap<SessionId, Session>) {
    this.#context = context;
    this.#rooms = rooms;
    this.#here = here;
  }

  /** What is kept of a session, wherever it is. */
  async find(id: SessionId): Promise<SessionRecord | Refusal | undefined> {
    try {
      return await this.#context.engine.find(id);
    } catch (cause) {
      this.#context.broken(DEFAULT_ROOM as RoomName, cause);
      return internalRefusal();
    }
  }

  /** The session, so that this node looks after it; or why not. */
  async attend(id: SessionId, claim: Claim): Promise<Session | Refusal> {
    const here = await this.#stillHere(id, claim.turn);
    if (here !== undefined) return here;
    for (let tries = 0; ; tries++) {
      const record = await this.#held(id);
      if (isRefusal(record)) return record;
      const refusal = refusalOf(record, claim);
      if (refusal !== undefined) return refusal;
      const session = await this.#rooms.use(record.room, (room) => room.attend(record));
      // It may have said hello meanwhile, or ended.
      if (!isRefusal(session)) return refusalOf(session, claim) ?? session;
      if (session.code !== "unknown-session" || tries === TRIES) return session;
    }
  }

  /** The session, as far as it can be dealt with in passing; or why not. */
  async visit(id: SessionId, turn?: number): Promise<Session | Refusal> {
    const known = (await this.#stillHere(id, turn)) ?? this.#seen(id);
    if (known !== undefined) return known;
    const record = await this.#held(id);
    return isRefusal(record) ? record : this.#rooms.use(record.room, (room) => this.visitor(record, room));
  }

  /** Somebody of whom `record` was just found. */
  visitor(record: SessionRecord, room: Room): Session {
    const id = record.session;
    const here = this.#here.get(id);
    if (here !== undefined) return here;
    const seen = this.#seen(id);
    if (seen?.room === room) return seen;
    const session = room.visit(record);
    this.keep(session);
    return session;
  }

  /** Finds out what other nodes did with a session that is about to say something here. Gives why it may not, if so. */
  async refresh(session: Session): Promise<Refusal | undefined> {
    const { clock } = this.#context;
    const untilMs = clock.now() + INTRODUCED_WITHIN_MS;
    for (;;) {
      const record = await this.#held(session.id);
      if (isRefusal(record)) return record;
      if (!session.visiting) {
        if (record.turn === session.turn && record.seq >= session.seq && session.queuedSeq === session.seq) session.recall(record);
        return undefined;
      }
      // Nobody speaks before it was said that they came.
      if (record.announced) {
        session.catchUp(record);
        return undefined;
      }
      if (clock.now() >= untilMs) return internalRefusal();
      await new Promise<void>((resolve) => clock.after(LOOK_EVERY_MS, resolve));
    }
  }

  /** Ends a session at its own word, now or in `lingerMs`, also one that another node looks after. */
  async leave(session: Session, lingerMs: number | undefined): Promise<void> {
    const { turn } = session;
    let here: Session | Refusal = session;
    for (let tries = 0; tries < TRIES; tries++) {
      if (here.visiting) here = await this.attend(here.id, { turn });
      if (isRefusal(here)) break;
      const { room }: Session = here;
      const ended = lingerMs === undefined ? await room.end(here, "left", { code: "left" }) : await room.linger(here, lingerMs);
      if (ended === "elsewhere") continue;
      if (lingerMs !== undefined && here.carrier === "stream") here.transport?.close({ code: "left" });
      return;
    }
    // It ended already, or went on in a later turn.
    if (isRefusal(here) && here.code === "internal") throw new Error(here.message);
  }

  /** Another node looks after it from now on; it may be back in a moment. */
  keep(session: Session): void {
    this.#visitors.set(session.id, { session, seenAtMs: this.#context.clock.now() });
  }

  /** Gives up what is known of a visitor: this node looks after it from now on. */
  take(id: SessionId, room: Room): Session | undefined {
    const session = this.#visitors.get(id)?.session;
    this.#visitors.delete(id);
    return session?.room === room ? session : undefined;
  }

  /** Forgets those who were not seen for a while. */
  sweep(): void {
    const sinceMs = this.#context.clock.now() - KEPT_MS;
    for (const [id, { seenAtMs }] of this.#visitors) if (seenAtMs < sinceMs) this.#visitors.delete(id);
  }

  /** The rooms that visitors are in. */
  rooms(): ReadonlySet<Room> {
    return new Set([...this.#visitors.values()].map(({ session }) => session.room));
  }

  /** Forgets all that it knows of a room's visitors. */
  forget(room: Room): void {
    for (const [id, { session }] of this.#visitors) if (session.room === room) this.#visitors.delete(id);
  }

  /** The session, where this node looks after it, also in the eyes of who knows of `turn`. */
  async #stillHere(id: SessionId, turn: number | undefined): Promise<Session | Refusal | undefined> {
    const here = this.#here.get(id);
    if (here === undefined || turn === undefined || turn <= here.turn) return here;
    try {
      // It said hello at another node, and that was not heard here yet.
      await this.#context.engine.catchUp(here.room.name);
      return this.#here.get(id);
    } catch (cause) {
      this.#context.broken(here.room.name, cause);
      return internalRefusal();
    }
  }

  #seen(id: SessionId): Session | undefined {
    const visitor = this.#visitors.get(id);
    if (visitor !== undefined) visitor.seenAtMs = this.#context.clock.now();
    return visitor?.session;
  }

  async #held(id: SessionId): Promise<SessionRecord | Refusal> {
    const record = await this.find(id);
    if (isRefusal(record)) return record;
    return record?.held ? record : refuse("unknown-session", "There is no such session. Say hello again.");
  }
}

/** Why a request is not of the session as it is now. Source: S7, H11. */
function refusalOf(session: { readonly turn: number; readonly carrier?: Session["carrier"] }, { turn, polls }: Claim): Refusal | undefined {
  const current = turn === undefined || turn === session.turn;
  return current && !(polls && session.carrier === "stream") ? undefined : refuse("replaced", "The session went on elsewhere.");
}
