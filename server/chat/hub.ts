import { createHash } from "node:crypto";
import type { Refusal } from "../../shared/codes.ts";
import { DEFAULT_ROOM } from "../../shared/limits.ts";
import { checkNickname } from "../../shared/nickname.ts";
import type { ChatPacket } from "../../shared/packet.ts";
import { parseRoomName, type RoomName } from "../../shared/room-name.ts";
import type { Hello, Leave, LeftWhy } from "../../shared/service.ts";
import type { Clock } from "../clock.ts";
import type { Engine, NumberedRefusal, Offset, SessionId } from "../engine/engine.ts";
import { Addresses } from "./addresses.ts";
import { Adoption } from "./adoption.ts";
import { Backlog } from "./backlog.ts";
import type { Entry } from "./entrance.ts";
import type { HubContext, HubLimits } from "./hub-context.ts";
import { encodeReply, isRefusal, refuse } from "./replies.ts";
import { Rooms } from "./rooms.ts";
import { checkPost } from "./said.ts";
import type { Session } from "./session.ts";
import type { Transport } from "./transport.ts";
import { type Claim, Visits } from "./visits.ts";
import { Wheel } from "./wheel.ts";

/** What the hub writes down: a line for each coming, going, refusal and ending. Never a secret, never what somebody said. */
export interface HubLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type HubOptions = {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: HubLog;
  readonly limits: HubLimits;
  /** Evenly spread over 0 ≤ x < 1. */
  readonly random?: () => number;
};

const TIDY_EVERY_MS = 3_600_000;
/** How often rooms in which nobody is are put away. */
const PUT_AWAY_EVERY_MS = 60_000;
/** When clients are to come back after a stop in good order, ms. Source: D3. */
const RECONNECT_IN_MS = 1000;
const REFUSAL_LOG_MS = 1000;
/** How often a failure is written down that the engine has not written down itself. */
const FAILURE_LOG_MS = 5000;

/** The rooms, and who may come in. */
export class Hub {
  readonly limits: HubLimits;
  readonly clock: Clock;
  readonly backlog = new Backlog();
  readonly #engine: Engine;
  readonly #log: HubLog;
  readonly #addresses: Addresses;
  readonly #wheel: Wheel;
  readonly #context: HubContext;
  readonly #rooms: Rooms;
  readonly #visits: Visits;
  readonly #sessions = new Map<SessionId, Session>();
  readonly #adoption: Adoption;
  #stopTidying: (() => void) | undefined;
  #stopping = false;
  #failureToldAtMs = Number.NEGATIVE_INFINITY;

  constructor({ engine, clock, log, limits, random = Math.random }: HubOptions) {
    this.limits = limits;
    this.clock = clock;
    this.#engine = engine;
    this.#log = log;
    this.#addresses = new Addresses(clock, limits);
    this.#wheel = new Wheel(clock, Math.max(5, Math.min(1000, Math.min(limits.heartbeatMs, limits.graceMs) / 20)));
    this.#context = {
      engine,
      clock,
      wheel: this.#wheel,
      backlog: this.backlog,
      limits,
      random,
      admitted: (session) => void this.#sessions.set(session.id, session),
      entered: (session, by, resumed) => this.#entered(session, by, resumed),
      refused: (session, refusal) => this.#refused(session, refusal),
      dismissed: (session, why) => this.#dismissed(session, why),
      dropped: (session) => this.#dropped(session),
      visitor: (id, room) => this.#visits.take(id, room),
      lost: (room, how) => {
        this.#visits.forget(room);
        this.#rooms.giveUp(room, how);
      },
      broken: (room, cause) => this.#broken(room, cause),
    };
    this.#rooms = new Rooms(this.#context);
    this.#visits = new Visits(this.#context, this.#rooms, this.#sessions);
    this.#adoption = new Adoption(this.#context, this.#rooms, (orphans) =>
      log.info({ sessions: orphans }, "another node is gone; its sessions may come back here"),
    );
  }

  /** Takes over the sessions that no node looks after. */
  async start(): Promise<void> {
    const adopted = await this.#adoption.start();
    if (adopted > 0) this.#log.info({ sessions: this.#sessions.size }, "sessions of the last run may come back");
    await this.#engine.tidy();
    this.#tidyLater();
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** True while the engine keeps what it is given. */
  get well(): boolean {
    return this.#engine.well;
  }

  get sessions(): ReadonlyMap<SessionId, Session> {
    return this.#sessions;
  }

  /** The session, where this node looks after it. */
  session(secret: string): Session | undefined {
    return this.#sessions.get(sessionId(secret));
  }

  /** The session, so that this node looks after it: who polls may ask any node. Or why not. Source: H15. */
  async attend(secret: string, claim: Claim, address?: string): Promise<Session | Refusal> {
    const session = await this.#visits.attend(sessionId(secret), claim);
    if (!isRefusal(session) && address !== undefined) session.moveTo(address, this.#addresses);
    return session;
  }

  /** The session, whoever looks after it, as far as it can be dealt with in passing; or why not. Source: H15. */
  visit(secret: string, turn?: number): Promise<Session | Refusal> {
    return this.#visits.visit(sessionId(secret), turn);
  }

  /** Finds out what other nodes did with a session that is about to say something here. Gives why it may not, if so. */
  refresh(session: Session): Promise<Refusal | undefined> {
    return this.#visits.refresh(session);
  }

  /** Where the last numbers of the session are in the log, as far as that is known here. */
  offsets(session: Session): Promise<ReadonlyMap<number, Offset>> {
    return this.#engine.offsets(session.id).catch(() => new Map());
  }

  /** Resolves when all that other nodes had appended to the room is there. */
  catchUp(room: RoomName): Promise<void> {
    return this.#engine.catchUp(room);
  }

  /** Joins or resumes by what `hello` says; `transport` gets `welcome` and what follows. Gives the session, or why not. */
  async hello(hello: Hello, transport: Transport, address: string): Promise<Session | Refusal> {
    const entered = await this.#hello(hello, transport, address);
    // While the engine is not well, it has said so, and everybody who comes meets it.
    if (isRefusal(entered) && (entered.code !== "internal" || this.well))
      this.#log.info({ code: entered.code, address, transport: transport.kind }, "hello refused");
    return entered;
  }

  async #hello(hello: Hello, transport: Transport, address: string): Promise<Session | Refusal> {
    if (this.#stopping) return stoppingRefusal();
    const id = sessionId(hello.session);
    const session = this.#sessions.get(id);
    const found = session === undefined ? await this.#visits.find(id) : undefined;
    if (isRefusal(found)) return found;
    const known = session?.room.name ?? found?.room;
    const { rooms } = this.limits;
    const name = parseRoomName(hello.room ?? known ?? defaultRoom(rooms));
    if (name === undefined || (rooms !== undefined && !rooms.includes(name))) {
      return refuse("room-invalid", "There is no such room.");
    }
    if (known !== undefined && known !== name) return refuse("wrong-room", `The session is in the room ${known}.`);
    const entry: Entry = { id, hello, transport, address, ...(found === undefined ? {} : { known: found }) };
    if (session !== undefined) return session.room.speech.spend(session) ?? this.#enter(name, entry);
    // Who is in the room by another node comes back, and does not join.
    if (found?.held) return this.#rooms.use(name, (room) => room.speech.spend(this.#visits.visitor(found, room)) ?? room.enter(entry));
    const nick = hello.nick === undefined ? undefined : checkNickname(hello.nick);
    if (nick !== undefined && !nick.ok) return refuse("nick-invalid", `This is no nickname: ${nick.fault}.`);
    const refusal = this.#addresses.mayJoin(address);
    if (refusal !== undefined) return refusal;
    // Counted while it is under way, so that many at once do not pass the limit together.
    const release = this.#addresses.hold(address);
    try {
      return await this.#enter(name, entry);
    } finally {
      release();
    }
  }

  #enter(name: RoomName, entry: Entry): Promise<Session | Refusal> {
    return this.#rooms.use(name, (room) => room.enter(entry));
  }

  /** A message of somebody who is not in the room, under a name that nobody there holds. Gives where it is in the log; or why not. Source: T3, T5. */
  async post(packet: ChatPacket, address: string): Promise<{ offset: Offset } | Refusal> {
    if (this.#stopping) return stoppingRefusal();
    const checked = checkPost(packet);
    if (!checked.ok) return checked.refusal;
    const refusal = this.#addresses.mayPost(address);
    return refusal ?? this.#rooms.use(parseRoomName(defaultRoom(this.limits.rooms)) as RoomName, (room) => room.speech.post(checked));
  }

  /** Ends a session at its own word, now or in `lingerMs`, also one that another node looks after. */
  leave(session: Session, lingerMs: number | undefined): Promise<void> {
    return this.#visits.leave(session, lingerMs);
  }

  /** The last word of somebody who says who they were. One of an earlier turn ends nothing. Source: H10, H11. */
  async farewell(secret: string, { linger }: Leave, turn?: number): Promise<void> {
    const session = await this.attend(secret, { turn });
    if (!isRefusal(session) && (turn === undefined || turn === session.turn)) await this.leave(session, linger);
  }

  /** From here on nobody comes in and nothing is taken in. Resolves when what was taken in is dealt with, and everybody is told. */
  async stop(reason: string): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#stopTidying?.();
    this.#adoption.stop();
    this.#rooms.close(stoppingRefusal());
    const rooms = await this.#rooms.all();
    await Promise.all(rooms.map((room) => room.settle()));
    this.#wheel.stop();
    const packet = stoppingPacket(reason);
    for (const room of rooms) room.tell(packet);
  }

  #tidyLater(tidyAtMs = this.clock.now() + TIDY_EVERY_MS): void {
    this.#stopTidying = this.clock.after(PUT_AWAY_EVERY_MS, () => {
      const due = this.clock.now() >= tidyAtMs;
      this.#tidyLater(due ? undefined : tidyAtMs);
      this.#tidy(due).catch((cause) => this.#log.error({ err: cause }, "tidying failed; it is tried again in an hour"));
    });
  }

  async #tidy(logs: boolean): Promise<void> {
    this.#visits.sweep();
    await this.#rooms.putAway((room) => this.#visits.rooms().has(room));
    if (logs) await this.#engine.tidy();
  }

  #entered(session: Session, { transport, address }: { transport: Transport; address: string }, resumed: boolean): void {
    session.moveTo(address, this.#addresses);
    const { nick, room, turn } = session;
    this.#log.info({ nick, room: room.name, address, transport: transport.kind, turn }, resumed ? "came back" : "came in");
  }

  /** A line a second for each session at the most: whoever sends nonsense must not fill the disk. `more` came before it, unsaid. */
  #refused(session: Session, { code }: NumberedRefusal): void {
    const nowMs = this.clock.now();
    if (nowMs < session.refusalToldAtMs + REFUSAL_LOG_MS) {
      session.refusalsUntold++;
      return;
    }
    const more = session.refusalsUntold === 0 ? {} : { more: session.refusalsUntold };
    session.refusalToldAtMs = nowMs;
    session.refusalsUntold = 0;
    this.#log.info({ nick: session.nick, room: session.room.name, code, ...more }, "message refused");
  }

  #dismissed(session: Session, why: LeftWhy): void {
    this.#sessions.delete(session.id);
    session.moveTo(undefined, this.#addresses);
    this.#log.info({ nick: session.nick, room: session.room.name, why }, "left");
  }

  /** It may still say something here, in passing. */
  #dropped(session: Session): void {
    this.#sessions.delete(session.id);
    session.moveTo(undefined, this.#addresses);
    this.#visits.keep(session);
  }

  /** Something went wrong that nobody foresaw: it is written down, and only its own peer is disturbed. */
  failed(cause: unknown): void {
    this.#log.error({ err: cause }, "unexpected failure");
  }

  /** While the engine is not well, it says so itself, once. */
  #broken(room: RoomName, cause: unknown): void {
    const nowMs = this.clock.now();
    if (!this.well || nowMs < this.#failureToldAtMs + FAILURE_LOG_MS) return;
    this.#failureToldAtMs = nowMs;
    this.#log.error({ room, err: cause }, "the engine failed");
  }
}

/** Where somebody goes who names no room. */
function defaultRoom(rooms: readonly string[] | undefined): string {
  return rooms === undefined || rooms.includes(DEFAULT_ROOM) ? DEFAULT_ROOM : (rooms[0] ?? DEFAULT_ROOM);
}

/** What a server knows a session by. Source: S1. */
export function sessionId(secret: string): SessionId {
  return createHash("sha256").update(secret).digest("base64url") as SessionId;
}

export function stoppingRefusal(): Refusal {
  return refuse("stopping", "The server is going down. Come back in a moment.", RECONNECT_IN_MS);
}

/** `stopping`, as everybody gets it. Source: D3. */
export function stoppingPacket(reason: string): Uint8Array {
  return encodeReply({ type: "stopping", reason, reconnectIn: RECONNECT_IN_MS });
}
