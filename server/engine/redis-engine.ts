import { randomBytes } from "node:crypto";
import type { RoomName } from "../../shared/room-name.ts";
import type { Clock } from "../clock.ts";
import { AgeSearch } from "./age-search.ts";
import { KEPT_LIMITS, type KeptLimits } from "./embedded.ts";
import { type EndedSession, forgottenSessions, rememberedSince } from "./ended-sessions.ts";
import {
  type Chunk,
  type Committed,
  type Engine,
  EngineError,
  type HistoryLimits,
  type LogState,
  type News,
  type Offset,
  type Operation,
  type SessionId,
  type SessionRecord,
} from "./engine.ts";
import { Follower } from "./redis/follower.ts";
import { allOf, HOUSE, type RoomKeys, roomKeys } from "./redis/keys.ts";
import { checkFormat, checkServer } from "./redis/redis-check.ts";
import { RedisConnection } from "./redis/redis-connection.ts";
import { NoAnswer, RedisTrouble, redisTrouble, unknownNode } from "./redis/redis-trouble.ts";
import type { RedisPlace } from "./redis/redis-url.ts";
import { SCRIPTS, type Script } from "./redis/script.ts";
import {
  type Argument,
  type CommitReply,
  type OpenedRoom,
  putOperation,
  type ReadChunk,
  type Reply,
  readChunks,
  readCommit,
  readOpened,
  readRecord,
  readTold,
  texts,
} from "./redis/wire.ts";
import { SteadyTime } from "./steady-time.ts";
import { type EngineLog, engineError, Trouble } from "./trouble.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long a session's `seq` and `turn` are remembered after it ended. Source: S29. */
const MEMORY_MS = DAY_MS;
/** Rooms of which nothing was heard for so long are nobody's. */
const UNUSED_FOR_MS = 10 * 60 * 1000;
/** A node of which nothing was heard for so long is dead: others look after its sessions. */
const LEASE_MS = 15_000;
const RENEW_EVERY_MS = 2000;
/** After so many rounds sessions that nobody looks after are looked for even if no node is known to have died. */
const LOOK_AGAIN_AFTER = 10;
/** How long a commit may take, from when it is asked for: what has no answer by then has failed, though it may be kept. */
const COMMIT_WITHIN_MS = 5000;
const ANSWER_WITHIN_MS = 5000;
/** How long replicas are waited for: nothing else is answered meanwhile. */
const REPLICATED_WITHIN_MS = 1000;
/** How long Redis may be silent before it is said to be in trouble. */
const PULSE_WITHIN_MS = 2000;
/** After so many pulses without an answer the connections are made anew. */
const RENEW_AFTER = 2;
const TRY_AGAIN_MS = 50;
/** Stands for all rooms where one line is kept for them; no room is called so. */
const PRESENCE = "" as RoomName;
/** How long a message from a channel may be on its way before what it says is looked up. */
const MISSING_AFTER_MS = 150;
const ADOPT_AT_ONCE = 500;
const FORGET_AT_ONCE = 500;
const AGES_AT_ONCE = 500;
const ENDED_AT_ONCE = 5000;
/** Places that are looked at together. */
const PLACES_AT_ONCE = 500;
/** After so many rounds a room that is followed is noted as used. */
const USED_AFTER = 100;
/** For so long it is known which nodes run. */
const KNOWN_FOR_MS = 100;
/** What is read of a log at once to fill a gap. */
const FILL_OCTETS = 1024 * 1024;

export type RedisEngineParts = {
  readonly place: RedisPlace;
  readonly clock: Clock;
  readonly log: EngineLog;
  readonly history: HistoryLimits;
  readonly limits?: KeptLimits;
  /** What an acknowledgement waits for beside the primary: so many replicas have it. */
  readonly replicas?: number;
  /** For how long it is taken for running after it last said so, and how often it says so, ms. */
  readonly lease?: { readonly forMs: number; readonly everyMs: number };
  /** Instead of Redis' own time, for tests that move it: ms since the epoch. */
  readonly wall?: () => number;
};

/**
 * The engine that several nodes share: everything is in Redis, and every change is one script there. This node only keeps what it needs to hand on, in
 * order, what the others do.
 */
export class RedisEngine implements Engine {
  readonly node = randomBytes(9).toString("base64url");
  readonly #parts: RedisEngineParts;
  readonly #clock: Clock;
  readonly #limits: KeptLimits;
  readonly #lease: { readonly forMs: number; readonly everyMs: number };
  readonly #trouble: Trouble;
  #connection!: RedisConnection;
  #time: SteadyTime | undefined;
  #others: readonly string[] = [];
  /** Nodes that look after sessions still, and do not run. */
  readonly #gone = new Set<string>();
  readonly #keys = new Map<RoomName, RoomKeys>();
  /** What is asked of a room one after the other. */
  readonly #turns = new Map<RoomName, Promise<unknown>>();
  readonly #numbers = new Map<RoomName, number>();
  readonly #followers = new Map<RoomName, Follower>();
  readonly #filling = new Set<RoomName>();
  /** Counts what it asks about places. */
  #reservations = 0;
  /** Sessions whose place is still to be noted: room, and how they stand. */
  readonly #unsettled = new Map<string, readonly [room: RoomName, stands: string]>();
  readonly #known = new Set<RoomName>();
  #orphansListener: ((records: readonly SessionRecord[]) => void) | undefined;
  #callOffRenewal: (() => void) | undefined;
  #renewals = 0;
  #renewedAtMs = 0;
  #rounds = 0;
  #deaf = 0;
  #pulsing = false;
  #unanswered = 0;
  #adoptsAtMs = 0;
  /** Rooms that something went wrong in: nothing is well before that is over. */
  readonly #failedRooms = new Set<RoomName>();
  readonly #pending = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  private constructor(parts: RedisEngineParts) {
    const { clock, log, limits = KEPT_LIMITS } = parts;
    this.#parts = parts;
    this.#clock = clock;
    this.#limits = limits;
    this.#lease = parts.lease ?? { forMs: LEASE_MS, everyMs: RENEW_EVERY_MS };
    this.#trouble = new Trouble({ clock, log, tryAgain: () => void this.#pulse() });
  }

  /** Rejects with EngineError where Redis cannot be used as it is. */
  static async start(parts: RedisEngineParts): Promise<RedisEngine> {
    const engine = new RedisEngine(parts);
    engine.#connection = await RedisConnection.open(parts.place, {
      // Whether it is back in a moment shows at once.
      failed: () => void (engine.#time === undefined || engine.#pulse()),
      back: () => engine.#time === undefined || engine.#lookAtAll(),
    });
    try {
      await checkServer(engine.#connection, parts.log);
      await checkFormat(engine.#connection);
      const nowMs = await engine.#renewLease(ANSWER_WITHIN_MS);
      const wall = parts.wall ?? (() => nowMs);
      engine.#time = new SteadyTime({ ...parts.clock, wall, now: () => parts.clock.now() });
      engine.#renewLater();
      await engine.tidy();
      return engine;
    } catch (error) {
      await engine.close();
      throw engineError("The log could not be opened", "Mend that, or give Palabre another REDIS_URL.", error);
    }
  }

  async open(room: RoomName): Promise<LogState> {
    this.#alive();
    return this.#inTurn(room, () => this.#open(room)).catch((error: unknown) => {
      throw this.#failed(error, room);
    });
  }

  async #open(room: RoomName): Promise<LogState> {
    await this.#remember(room);
    const follower = this.#followers.get(room);
    if (follower === undefined || follower.begun) return (await this.#look(room, false)).state;
    await this.#connection.subscribe(this.#keysOf(room).channel, (message) => follower.heard(readTold(message)), ANSWER_WITHIN_MS);
    const opened = await this.#look(room, true);
    follower.begin(opened);
    return opened.state;
  }

  async commit(room: RoomName, operations: readonly Operation[]): Promise<Committed> {
    this.#alive();
    const deadlineMs = performance.now() + COMMIT_WITHIN_MS;
    const presence = operations.some(({ kind }) => kind === "hello" || kind === "release");
    const reply = await this.#inTurn(room, () => this.#commit(room, operations, deadlineMs), presence);
    const { outcomes, chunk, first } = reply;
    if (reply.told) await this.#followers.get(room)?.turn({ ...reply, last: chunk?.last });
    return chunk === undefined ? { outcomes, first } : { outcomes, chunk, first };
  }

  async read(room: RoomName, after: Offset, maxOctets: number): Promise<Chunk[]> {
    const chunks = await this.#read(room, after, maxOctets);
    return chunks.map(({ revision: _, tag: __, ...chunk }) => chunk);
  }

  follow(room: RoomName, listener: (news: News) => void): () => void {
    const follower = new Follower({ node: this.node, listener, missing: () => this.#lookSoon(room) });
    this.#followers.get(room)?.end();
    this.#followers.set(room, follower);
    return () => {
      follower.end();
      if (this.#followers.get(room) === follower) this.#unfollow(room);
    };
  }

  async catchUp(room: RoomName): Promise<void> {
    const follower = this.#followers.get(room);
    if (follower === undefined) return;
    const { revision } = await this.#look(room, false);
    follower.note(revision);
    if (follower.behind) this.#lookSoon(room);
    await follower.upTo(revision);
  }

  async find(session: SessionId): Promise<SessionRecord | undefined> {
    this.#alive();
    const room = await this.#roomOf(session);
    return room === undefined ? undefined : this.#find(room, session);
  }

  async offsets(session: SessionId): Promise<ReadonlyMap<number, Offset>> {
    this.#alive();
    const room = await this.#roomOf(session);
    const runs = room === undefined ? [] : texts(await this.#run(SCRIPTS.offsets, [this.#keysOf(room).sessions], [session])).map(Number);
    const offsets = new Map<number, Offset>();
    for (let at = 0; at < runs.length; at += 3) {
      const [seq, offset, count] = runs.slice(at, at + 3) as [number, Offset, number];
      for (let index = 0; index < count; index++) offsets.set(seq + index, offset + index);
    }
    return offsets;
  }

  async adopt(): Promise<SessionRecord[]> {
    this.#alive();
    const records: SessionRecord[] = [];
    for (const room of await this.#rooms()) {
      // A node that began meanwhile is none that died.
      if (performance.now() - this.#renewedAtMs > KNOWN_FOR_MS) await this.#renewLease(ANSWER_WITHIN_MS);
      records.push(...(await this.#inTurn(room, () => this.#adopt(room))));
    }
    return records;
  }

  orphans(listener: (records: readonly SessionRecord[]) => void): () => void {
    this.#orphansListener = listener;
    return () => {
      this.#orphansListener = undefined;
    };
  }

  async tidy(): Promise<void> {
    this.#alive();
    const rooms = await this.#rooms();
    await this.#forgetSessions(rooms);
    for (const room of rooms) {
      await this.#trimByAge(room);
      await this.#forgetLog(room);
    }
    await this.#forgetNodes(rooms);
    await this.#mendPlaces(rooms);
  }

  get well(): boolean {
    return !this.#trouble.lasts;
  }

  async hasRoomFor(room: RoomName): Promise<boolean> {
    if (this.#followers.has(room)) return true;
    const [isKnown, logs] = await Promise.all([
      this.#send(HOUSE.logs, ["SISMEMBER", HOUSE.logs, room]),
      this.#send(HOUSE.logs, ["SCARD", HOUSE.logs]),
    ]);
    return Number(isKnown) === 1 || Number(logs) < this.#limits.rooms;
  }

  async held(): Promise<number> {
    return Number(await this.#send(HOUSE.places, ["SCARD", HOUSE.places]));
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#trouble.close();
      this.#callOffRenewal?.();
      await Promise.allSettled(this.#pending);
      for (const follower of this.#followers.values()) follower.end();
      // From here on others may look after its sessions: at once, and not only when its lease has run out.
      await this.#connection.send(HOUSE.nodes, ["ZREM", HOUSE.nodes, this.node], PULSE_WITHIN_MS).catch(() => {});
      this.#connection.close();
    })();
    return this.#closed;
  }

  async #commit(room: RoomName, operations: readonly Operation[], deadlineMs: number): Promise<CommitReply> {
    const hellos = operations.filter((operation) => operation.kind === "hello");
    let places = { held: 0, reserved: 0, foreign: new Set<SessionId>() };
    try {
      if (hellos.length > 0) places = await this.#claim(room, hellos, deadlineMs);
      const reply = await this.#carryOut(room, operations, places, deadlineMs);
      if (reply.made) await this.#remember(room, true).catch((error: unknown) => this.#failed(error));
      if (hellos.length > 0 || reply.places.length > 0) await this.#settle(room, reply.places);
      return reply;
    } catch (error) {
      if (hellos.length > 0) void this.#settle(room, []);
      throw this.#failed(error, room);
    }
  }

  /** Reserves places for newcomers. `foreign`: those who are in another room. */
  async #claim(room: RoomName, hellos: readonly (Operation & { kind: "hello" })[], deadlineMs: number) {
    const cap = Math.max(0, ...hellos.map(({ maxHeld }) => maxHeld));
    const sessions = hellos.map(({ session }) => session);
    const args = [room, this.node, `${++this.#reservations}`, `${hellos.length}`, `${cap}`, ...sessions];
    const reply = (await this.#insist(
      SCRIPTS.claim,
      [HOUSE.places, HOUSE.sessions, HOUSE.reserved, HOUSE.nodes],
      args,
      deadlineMs,
    )) as Reply[];
    const foreign = new Set<SessionId>();
    for (const [index, other] of texts(reply[2]).entries()) {
      if (other !== "" && (await this.#isIn(other as RoomName, sessions[index] as SessionId))) foreign.add(sessions[index] as SessionId);
    }
    return { held: Number(reply[0]), reserved: Number(reply[1]), foreign };
  }

  /** What is noted of a session's room may be old; or its `hello` there is being worked on at another node this very moment. */
  async #isIn(room: RoomName, session: SessionId): Promise<boolean> {
    for (let tries = 0; tries < 3; tries++) {
      if ((await this.#find(room, session)) !== undefined) return true;
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
    return false;
  }

  async #carryOut(
    room: RoomName,
    operations: readonly Operation[],
    { held, reserved, foreign }: { held: number; reserved: number; foreign: ReadonlySet<SessionId> },
    deadlineMs: number,
  ): Promise<CommitReply> {
    const keys = this.#keysOf(room);
    const number = (this.#numbers.get(room) ?? 0) + 1;
    this.#numbers.set(room, number);
    const wall = this.#parts.wall === undefined ? "" : `${this.#parts.wall()}`;
    const args: Argument[] = [this.node, `${number}`, newLogId(), wall, `${Math.round(this.#steadyMs)}`];
    args.push(`${this.#parts.history.packets}`, keys.channel, `${held}`, `${reserved}`);
    const asked: Argument[] = [];
    for (const operation of operations) putOperation(asked, operation, "session" in operation && foreign.has(operation.session));
    for (;;) {
      const nodes = [`${this.#others.length}`, ...this.#others, `${this.#gone.size}`, ...this.#gone];
      try {
        const reply = await this.#insist(SCRIPTS.commit, allOf(keys), [...args, ...nodes, ...asked], deadlineMs);
        await this.#replicated(keys.log, deadlineMs);
        return readCommit(reply, room, operations);
      } catch (error) {
        // It may have begun a moment ago, or have died before this one began.
        const node = unknownNode(error);
        if (node === undefined) throw error;
        await this.#renewLease(ANSWER_WITHIN_MS);
        if (!this.#others.includes(node)) this.#gone.add(node);
      }
    }
  }

  /** Waits until as many replicas have it as the operator wants. */
  async #replicated(key: string, deadlineMs: number): Promise<void> {
    const { replicas = 0 } = this.#parts;
    if (replicas === 0) return;
    const leftMs = Math.max(1, Math.min(REPLICATED_WITHIN_MS, Math.round(deadlineMs - performance.now())));
    const count = Number(await this.#connection.send(key, ["WAIT", `${replicas}`, `${leftMs}`], leftMs + ANSWER_WITHIN_MS));
    if (count < replicas)
      throw new RedisTrouble(`Only ${count} replicas of Redis answer, and REDIS_REPLICAS asks for ${replicas}.`, false, undefined);
  }

  /** What fails here is done with the next one: what was committed is kept all the same. */
  async #settle(room: RoomName, places: readonly string[]): Promise<void> {
    for (let at = 0; at < places.length; at += 2) this.#unsettled.set(places[at] as string, [room, places[at + 1] as string]);
    const settling = [...this.#unsettled];
    const args = [this.node, `${++this.#reservations}`, ...settling.flatMap(([id, stands]) => [id, ...stands])];
    try {
      await this.#run(SCRIPTS.settle, [HOUSE.places, HOUSE.sessions, HOUSE.reserved], args);
      for (const [id, stands] of settling) if (this.#unsettled.get(id) === stands) this.#unsettled.delete(id);
    } catch (error) {
      this.#failed(error, room);
    }
  }

  /** Again and again until it is done, or until the deadline. */
  async #insist(script: Script, keys: readonly string[], args: readonly Argument[], deadlineMs: number): Promise<Reply> {
    // What has waited for too long is not begun any more.
    if (performance.now() >= deadlineMs) throw redisTrouble(new NoAnswer());
    for (;;) {
      try {
        return await this.#connection.run(script, keys, args, Math.max(1, deadlineMs - performance.now()));
      } catch (error) {
        if (!(error as RedisTrouble).passes || performance.now() + TRY_AGAIN_MS > deadlineMs || this.#closed !== undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
      }
    }
  }

  #run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    return this.#connection.run(script, keys, args, ANSWER_WITHIN_MS);
  }

  #send(key: string, args: readonly string[]): Promise<unknown> {
    this.#alive();
    return this.#connection.send(key, args, ANSWER_WITHIN_MS);
  }

  async #read(room: RoomName, after: Offset, maxOctets: number): Promise<ReadChunk[]> {
    this.#alive();
    const { log, state } = this.#keysOf(room);
    return readChunks(await this.#run(SCRIPTS.read, [log, state], [`${after + 1}`, `${maxOctets}`]));
  }

  async #look(room: RoomName, people: boolean): Promise<OpenedRoom> {
    const { state, sessions, care, log } = this.#keysOf(room);
    const opened = readOpened(
      await this.#run(SCRIPTS.open, [state, sessions, care, log], [newLogId(), `${Math.round(this.#steadyMs)}`, people ? "1" : "0"]),
    );
    if (opened.made) await this.#remember(room, true);
    return opened;
  }

  async #roomOf(session: SessionId): Promise<RoomName | undefined> {
    return ((await this.#send(HOUSE.sessions, ["HGET", HOUSE.sessions, session])) as RoomName | null) ?? undefined;
  }

  async #find(room: RoomName, session: SessionId): Promise<SessionRecord | undefined> {
    const fields = await this.#run(SCRIPTS.find, [this.#keysOf(room).sessions], [session]);
    return fields === null ? undefined : readRecord(session, room, fields as Reply[]);
  }

  async #rooms(): Promise<RoomName[]> {
    return (await this.#send(HOUSE.rooms, ["SMEMBERS", HOUSE.rooms])) as RoomName[];
  }

  /** So that the room is found by whoever tidies, or adopts. */
  async #remember(room: RoomName, again = false): Promise<void> {
    if (this.#known.has(room) && !again) return;
    await this.#send(HOUSE.rooms, ["SADD", HOUSE.rooms, room]);
    await this.#send(HOUSE.logs, ["SADD", HOUSE.logs, room]);
    this.#known.add(room);
  }

  async #adopt(room: RoomName): Promise<SessionRecord[]> {
    const { state, sessions, care, channel } = this.#keysOf(room);
    const records: SessionRecord[] = [];
    for (;;) {
      const args = [this.node, `${ADOPT_AT_ONCE}`, channel, ...this.#others];
      const [revision, tag, ...found] = (await this.#run(SCRIPTS.adopt, [state, sessions, care], args)) as Reply[];
      const name = String(tag);
      if (Number(revision) > 0) void this.#followers.get(room)?.turn({ revision: Number(revision), before: name, tag: name });
      for (let at = 0; at < found.length; at += 2) records.push(readRecord(String(found[at]) as SessionId, room, found[at + 1] as Reply[]));
      if (found.length < 2 * ADOPT_AT_ONCE) return records;
    }
  }

  /** What is missing may still be on its way; else it is read. */
  #lookSoon(room: RoomName): void {
    const missing = this.#followers.get(room);
    if (missing === undefined || this.#filling.has(room)) return;
    this.#filling.add(room);
    const { revision } = missing;
    setTimeout(() => {
      this.#filling.delete(room);
      const follower = this.#followers.get(room);
      if (!follower?.behind) return;
      // What was missing then came by itself: now it is something else.
      if (follower === missing && follower.revision > revision && !follower.broken) this.#lookSoon(room);
      else void this.#fill(room);
    }, MISSING_AFTER_MS).unref();
  }

  #lookAtAll(): void {
    for (const room of this.#followers.keys()) void this.#fill(room);
  }

  async #fill(room: RoomName): Promise<void> {
    if (this.#closed !== undefined) return;
    await this.#inTurn(room, () => this.#fillNow(room)).catch((error: unknown) => this.#failed(error, room));
  }

  async #fillNow(room: RoomName): Promise<void> {
    const follower = this.#followers.get(room);
    if (follower === undefined || !follower.begun) return;
    // What is told meanwhile waits: it is compared with what is found.
    follower.hold();
    try {
      const opened = await this.#look(room, true);
      if (this.#followers.get(room) !== follower) return;
      if (follower.isLost(opened)) return await this.#lost(room, follower, opened);
      if (follower.isTooLate(opened)) return this.#tooLate(room, follower);
      const chunks = await this.#since(room, follower, opened.state.last);
      if (this.#followers.get(room) !== follower) return;
      if (chunks === "other") return await this.#lost(room, follower, opened);
      if (chunks === "trimmed") return this.#tooLate(room, follower);
      await follower.fill(opened, chunks);
    } finally {
      follower.goOn();
    }
  }

  /** What was appended since, up to `end`; or that it does not follow on what was handed out, or is trimmed already. */
  async #since(room: RoomName, { last, tag }: Follower, end: Offset): Promise<ReadChunk[] | "other" | "trimmed"> {
    const chunks: ReadChunk[] = [];
    if (end === last) return chunks;
    // From the last one that was handed out on: it has to be the one that is there.
    for (let after = Math.max(0, last - 1); after < end; ) {
      const read = await this.#read(room, after, FILL_OCTETS);
      const [oldest, newest] = [read[0], read.at(-1)];
      if (oldest === undefined || newest === undefined || oldest.first > Math.max(after, last) + 1) return "trimmed";
      if (oldest.first <= last && (oldest.last !== last || oldest.tag !== tag)) return "other";
      chunks.push(...read);
      after = newest.last;
    }
    return chunks.filter((chunk) => chunk.last > last && chunk.last <= end);
  }

  /** What was handed out is not kept any more: its offsets mean nothing now, and that has to show. */
  async #lost(room: RoomName, follower: Follower, { state }: OpenedRoom): Promise<void> {
    if (state.log === follower.log) await this.#run(SCRIPTS.anotherLog, [this.#keysOf(room).state], [state.log, newLogId()]);
    this.#parts.log.error({ room }, "Redis has lost what it had acknowledged: everybody in the room begins anew with what is left");
    this.#unfollow(room);
    follower.lose();
  }

  /** It was away for so long that what was appended meanwhile is not all kept any more. */
  #tooLate(room: RoomName, follower: Follower): void {
    this.#unfollow(room);
    follower.lose();
  }

  #unfollow(room: RoomName): void {
    this.#followers.delete(room);
    this.#connection.unsubscribe(this.#keysOf(room).channel);
  }

  /** What is asked of a room is done one after the other; and so is what changes who is anywhere (`presence`). */
  #inTurn<Result>(room: RoomName, run: () => Promise<Result>, presence = false): Promise<Result> {
    const lines = presence ? [room, PRESENCE] : [room];
    const turn = Promise.all(lines.map((line) => this.#turns.get(line))).then(run);
    const settled = turn.then(
      () => {},
      () => {},
    );
    for (const line of lines) this.#turns.set(line, settled);
    this.#pending.add(settled);
    void settled.then(() => {
      this.#pending.delete(settled);
      for (const line of lines) if (this.#turns.get(line) === settled) this.#turns.delete(line);
    });
    return turn;
  }

  #renewLater(): void {
    this.#callOffRenewal = this.#clock.after(this.#lease.everyMs, () => {
      this.#renewLater();
      // Also while trouble lasts: what is to try again then may have come while this was at it already.
      void this.#pulse();
    });
  }

  /** Says that this node runs, and finds out whether Redis does; what was in its way is over when it succeeds. */
  async #pulse(): Promise<void> {
    if (this.#pulsing) return;
    this.#pulsing = true;
    try {
      await this.#renewLease(PULSE_WITHIN_MS);
      this.#deaf = this.#connection.hears ? 0 : this.#deaf + 1;
      if (this.#deaf > 2)
        throw new RedisTrouble("What other nodes say cannot be heard: Redis does not let Palabre subscribe.", true, undefined);
      for (const room of [...this.#failedRooms]) {
        await this.#try(room);
        this.#failedRooms.delete(room);
      }
      this.#unanswered = 0;
      if (this.#trouble.lasts) {
        this.#trouble.ends();
        this.#lookAtAll();
      } else await this.#lookForNews();
      await this.#lookForOrphans();
    } catch (error) {
      this.#failed(error);
      if ((error as Partial<RedisTrouble>).passes === true && ++this.#unanswered % RENEW_AFTER === 0) await this.#connection.renew();
    } finally {
      this.#pulsing = false;
    }
  }

  /** All that what is asked for in a room needs. */
  async #try(room: RoomName): Promise<void> {
    const deadlineMs = performance.now() + PULSE_WITHIN_MS;
    await this.#inTurn(
      room,
      async () => {
        await this.#remember(room, true);
        await this.#look(room, false);
        const places = await this.#claim(room, [], deadlineMs);
        await this.#carryOut(room, [], places, deadlineMs);
        await this.#settle(room, []);
      },
      true,
    );
  }

  /** Gives Redis' time. */
  async #renewLease(withinMs: number): Promise<number> {
    const { forMs } = this.#lease;
    const reply = (await this.#insist(SCRIPTS.lease, [HOUSE.nodes], [this.node, `${forMs}`], performance.now() + withinMs)) as Reply[];
    const others = texts(reply[2]);
    // After a while in which it could not renew anything, and nobody else perhaps, everybody gets the time to do so.
    const silentMs = performance.now() - this.#renewedAtMs;
    if (this.#renewals > 0 && (Number(reply[1]) === 1 || silentMs > forMs / 2)) this.#adoptsAtMs = performance.now() + forMs;
    this.#renewedAtMs = performance.now();
    const died = this.#others.some((node) => !others.includes(node));
    this.#others = others;
    for (const node of others) this.#gone.delete(node);
    this.#renewals = died ? LOOK_AGAIN_AFTER : this.#renewals + 1;
    return Number(String(reply[0]));
  }

  async #lookForOrphans(): Promise<void> {
    if (this.#orphansListener === undefined || this.#renewals < LOOK_AGAIN_AFTER || performance.now() < this.#adoptsAtMs) return;
    this.#renewals = 1;
    const records = await this.adopt();
    if (records.length > 0) this.#orphansListener?.(records);
  }

  /** What a channel said may be lost without anybody noticing. */
  async #lookForNews(): Promise<void> {
    this.#rounds++;
    await Promise.all(
      [...this.#followers].map(async ([room, follower]) => {
        if (!follower.begun) return;
        const { state } = this.#keysOf(room);
        const [rev, log] = (await this.#send(state, ["HMGET", state, "rev", "log"])) as (string | null)[];
        const revision = Number(rev);
        follower.note(revision);
        if (log !== follower.log || revision < follower.revision) await this.#fill(room);
        else if (follower.behind) this.#lookSoon(room);
        // So that nobody forgets it.
        else if (this.#rounds % USED_AFTER === 0) await this.#look(room, false);
      }),
    );
  }

  #failed(error: unknown, room?: RoomName): EngineError {
    if (this.#closed !== undefined) return engineError("The engine is closed", "", error);
    if (room !== undefined) this.#failedRooms.add(room);
    return this.#trouble.because(error);
  }

  async #forgetSessions(rooms: readonly RoomName[]): Promise<void> {
    const nowMs = this.#steadyMs;
    const oldestMs = nowMs - MEMORY_MS;
    const roomOf = new Map<SessionId, RoomName>();
    const endedAt = new Map<SessionId, number>();
    const store = {
      visitEnded: async (visit: (kept: EndedSession) => void) => {
        for (const [session, atMs] of endedAt) visit({ session, announced: false, ended: { atMs } });
      },
    };
    for (const room of rooms) {
      const { ended } = this.#keysOf(room);
      for (let at = 0; ; at += ENDED_AT_ONCE) {
        const range = ["ZRANGE", ended, `${at}`, `${at + ENDED_AT_ONCE - 1}`, "WITHSCORES"];
        const found = pairs((await this.#send(ended, range)) as ([string, number] | string)[]);
        for (const [session, score] of found) {
          roomOf.set(session as SessionId, room);
          endedAt.set(session as SessionId, score);
        }
        if (found.length < ENDED_AT_ONCE) break;
      }
    }
    const sinceMs = await rememberedSince(store, oldestMs, this.#limits.endedSessions);
    const ids = await forgottenSessions(store, { oldestMs, sinceMs, latest: (notedMs) => (this.#time as SteadyTime).latest(notedMs) });
    for (const room of rooms) {
      const here = ids.filter((id) => roomOf.get(id) === room);
      for (let at = 0; at < here.length; at += FORGET_AT_ONCE) {
        const some = here.slice(at, at + FORGET_AT_ONCE);
        const { sessions, claims, ended } = this.#keysOf(room);
        const args = some.flatMap((id) => [id, `${endedAt.get(id)}`]);
        const forgotten = texts(await this.#run(SCRIPTS.forget, [sessions, claims, ended], args));
        if (forgotten.length > 0)
          await this.#inTurn(PRESENCE, () =>
            this.#settle(
              room,
              forgotten.flatMap((id) => [id, "unknown"]),
            ),
          );
      }
    }
  }

  async #trimByAge(room: RoomName): Promise<void> {
    const { log, state } = this.#keysOf(room);
    const [first, last] = ((await this.#send(state, ["HMGET", state, "first", "last"])) as (string | null)[]).map(Number) as [
      number,
      number,
    ];
    if (first > last) return;
    const nowMs = this.#parts.wall?.() ?? this.#steadyMs;
    const search = new AgeSearch(nowMs - this.#parts.history.days * DAY_MS, nowMs);
    for (let from = first; from <= last; ) {
      const ages = texts(await this.#run(SCRIPTS.ages, [log], [`${from}`, `${AGES_AT_ONCE}`])).map(Number);
      let ended = ages.length === 0;
      for (let at = 0; at < ages.length && !ended; at += 3) ended = search.ends(ages[at] as number, ages[at + 1] as number);
      if (ended) break;
      from = (ages.at(-1) as number) + 1;
    }
    const since = search.found ?? last + 1;
    if (since > first) await this.#run(SCRIPTS.trim, [log, state], [`${since}`]);
  }

  async #forgetLog(room: RoomName): Promise<void> {
    if (this.#followers.has(room)) return;
    const left = String(await this.#run(SCRIPTS.forgetLog, allOf(this.#keysOf(room)), [`${Math.round(this.#steadyMs - UNUSED_FOR_MS)}`]));
    if (left === "log") return;
    this.#known.delete(room);
    await this.#send(HOUSE.logs, ["SREM", HOUSE.logs, room]);
    if (left === "") await this.#send(HOUSE.rooms, ["SREM", HOUSE.rooms, room]);
  }

  /** What nodes that died long ago left behind: answers that nobody waits for, and places that they had reserved. */
  async #forgetNodes(rooms: readonly RoomName[]): Promise<void> {
    await this.#send(HOUSE.nodes, ["ZREMRANGEBYSCORE", HOUSE.nodes, "-inf", `${Math.round(this.#steadyMs - DAY_MS)}`]);
    const nodes = new Set((await this.#send(HOUSE.nodes, ["ZRANGE", HOUSE.nodes, "0", "-1"])) as string[]);
    for (const room of rooms) {
      const { done } = this.#keysOf(room);
      const stale = ((await this.#send(done, ["HKEYS", done])) as string[]).filter((node) => !nodes.has(node));
      if (stale.length > 0) await this.#send(done, ["HDEL", done, ...stale]);
    }
    const reserved = (await this.#send(HOUSE.reserved, ["HKEYS", HOUSE.reserved])) as string[];
    const stale = reserved.filter((node) => !nodes.has(node));
    if (stale.length > 0) await this.#send(HOUSE.reserved, ["HDEL", HOUSE.reserved, ...stale]);
  }

  /** Where a node died between a commit and noting whose places it changed, places and sessions do not agree: they are made to. */
  async #mendPlaces(rooms: readonly RoomName[]): Promise<void> {
    for (const room of rooms) {
      const { care } = this.#keysOf(room);
      for await (const found of this.#scan("HSCAN", care))
        await this.#mend(new Map(found.filter((_, at) => at % 2 === 0).map((id) => [id, room])));
    }
    for await (const found of this.#scan("SSCAN", HOUSE.places)) await this.#mend(await this.#noted(found));
    for await (const found of this.#scan("HSCAN", HOUSE.sessions)) {
      const noted = new Map<string, RoomName>();
      for (let at = 0; at < found.length; at += 2) noted.set(found[at] as string, found[at + 1] as RoomName);
      await this.#mend(noted);
    }
  }

  /** Those which stand otherwise than what is noted of them, also a moment later: else something is just being done about them. */
  async #mend(roomOf: ReadonlyMap<string, RoomName>): Promise<void> {
    const wrong = await this.#wronglyNoted(roomOf);
    if (wrong.size === 0) return;
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    const still = await this.#wronglyNoted(new Map([...wrong].map(([id, [room]]) => [id, room])));
    if (still.size === 0) return;
    await this.#inTurn(PRESENCE, async () => {
      for (const [id, stands] of still) if (!this.#unsettled.has(id)) this.#unsettled.set(id, stands);
      await this.#settle(PRESENCE, []);
    });
  }

  async #wronglyNoted(roomOf: ReadonlyMap<string, RoomName>): Promise<Map<string, readonly [room: RoomName, stands: string]>> {
    const wrong = new Map<string, readonly [room: RoomName, stands: string]>();
    const ids = [...roomOf.keys()];
    if (ids.length === 0) return wrong;
    const placed = (await this.#send(HOUSE.places, ["SMISMEMBER", HOUSE.places, ...ids])) as number[];
    const noted = await this.#noted(ids);
    const hasPlace = new Map(ids.map((id, at) => [id, Number(placed[at]) === 1]));
    for (const room of new Set(roomOf.values())) {
      const here = ids.filter((id) => roomOf.get(id) === room);
      const stand = room === PRESENCE ? [] : texts(await this.#run(SCRIPTS.stands, [this.#keysOf(room).sessions], here));
      for (const [at, id] of here.entries()) {
        const stands = stand[at] ?? "unknown";
        if (stands !== "held" && room !== PRESENCE && noted.get(id) && noted.get(id) !== room) continue;
        const isRight =
          hasPlace.get(id) === (stands === "held") &&
          (stands === "unknown" ? !noted.get(id) : noted.get(id) === room || stands === "ended");
        if (!isRight) wrong.set(id, [room, stands]);
      }
    }
    return wrong;
  }

  /** The rooms of sessions, as they are noted; `PRESENCE` where none is. */
  async #noted(ids: readonly string[]): Promise<Map<string, RoomName>> {
    if (ids.length === 0) return new Map();
    const rooms = (await this.#send(HOUSE.sessions, ["HMGET", HOUSE.sessions, ...ids])) as (string | null)[];
    return new Map(ids.map((id, at) => [id, (rooms[at] ?? PRESENCE) as RoomName]));
  }

  async *#scan(command: "HSCAN" | "SSCAN", key: string): AsyncGenerator<string[]> {
    for (let cursor = "0"; ; ) {
      const [next, found] = (await this.#send(key, [command, key, cursor, "COUNT", `${PLACES_AT_ONCE}`])) as [string, string[]];
      if (found.length > 0) yield found;
      if (next === "0") return;
      cursor = next;
    }
  }

  get #steadyMs(): number {
    return (this.#time as SteadyTime).now();
  }

  #keysOf(room: RoomName): RoomKeys {
    let keys = this.#keys.get(room);
    if (keys === undefined) {
      keys = roomKeys(room);
      this.#keys.set(room, keys);
    }
    return keys;
  }

  #alive(): void {
    if (this.#closed !== undefined) throw new EngineError("The engine is closed: nothing more can be kept.");
  }
}

function newLogId(): string {
  return randomBytes(9).toString("base64url");
}

/** What ZRANGE gives WITHSCORES: a list, or a list of pairs, as the protocol's version has it. */
function pairs(reply: readonly ([string, number] | string)[]): [string, number][] {
  if (Array.isArray(reply[0])) return (reply as [string, number][]).map(([member, score]) => [member, Number(score)]);
  const flat = reply as readonly string[];
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index] as string, Number(flat[2 * index + 1])]);
}
