import type { RoomName } from "../../../shared/room-name.ts";
import type { LogState, News, Offset } from "../engine.ts";
import type { EngineLog } from "../trouble.ts";
import type { Failures } from "./failures.ts";
import { Follower, type OwnTurn } from "./follower.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { ANSWER_WITHIN_MS, type Requests } from "./requests.ts";
import type { Rooms } from "./rooms.ts";
import type { Rounds } from "./rounds.ts";
import type { Turns } from "./turns.ts";
import { type OpenedRoom, type ReadChunk, readTold } from "./wire.ts";

/** How long a message from a channel may be on its way before what it says is looked up. */
const MISSING_AFTER_MS = 150;
/** What is read of a log at once to fill a gap. */
const FILL_OCTETS = 1024 * 1024;

type Parts = {
  readonly node: string;
  readonly connection: RedisConnection;
  readonly requests: Requests;
  readonly rooms: Rooms;
  readonly turns: Turns;
  readonly failures: Failures;
  readonly log: EngineLog;
  readonly rounds: Rounds;
};

/** The rooms of which this node hands on what the others do; and what it does where it may have missed something. */
export class FollowedRooms {
  readonly #parts: Parts;
  readonly #followers = new Map<RoomName, Follower>();
  /** Rooms that are looked at in a moment. */
  readonly #soon = new Set<RoomName>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  has(room: RoomName): boolean {
    return this.#followers.has(room);
  }

  follow(room: RoomName, listener: (news: News) => void): () => void {
    const follower = new Follower({ node: this.#parts.node, listener, missing: () => this.#lookSoon(room) });
    this.#followers.get(room)?.end();
    this.#followers.set(room, follower);
    return () => {
      follower.end();
      if (this.#followers.get(room) === follower) this.#unfollow(room);
    };
  }

  /** Whoever follows it hears of all that comes after what this gives. To be called in the room's turn. */
  async open(room: RoomName): Promise<LogState> {
    const { connection, rooms } = this.#parts;
    await rooms.remember(room);
    const follower = this.#followers.get(room);
    if (follower === undefined || follower.begun) return (await rooms.look(room, false)).state;
    await connection.subscribe(rooms.keysOf(room).channel, (message) => follower.heard(readTold(message)), ANSWER_WITHIN_MS);
    const opened = await rooms.look(room, true);
    follower.begin(opened);
    return opened.state;
  }

  /** Resolves when all that came before this node's own commit has been handed on. */
  async turn(room: RoomName, own: OwnTurn): Promise<void> {
    await this.#followers.get(room)?.turn(own);
  }

  /** Resolves when all that other nodes had appended has been handed on. */
  async catchUp(room: RoomName): Promise<void> {
    const follower = this.#followers.get(room);
    if (follower === undefined) return;
    const { revision } = await this.#parts.rooms.look(room, false);
    follower.note(revision);
    if (follower.behind) this.#lookSoon(room);
    await follower.upTo(revision);
  }

  lookAtAll(): void {
    for (const room of this.#followers.keys()) void this.#fill(room);
  }

  /** What a channel said may be lost without anybody noticing: asks for the rooms whose turn it is. */
  async compare(): Promise<void> {
    const { rounds } = this.#parts;
    const due = rounds.next(this.#followers.keys());
    await Promise.all(due.map((room) => this.#compare(room, rounds.notesUse)));
  }

  async #compare(room: RoomName, notesUse: boolean): Promise<void> {
    const { requests, rooms } = this.#parts;
    const follower = this.#followers.get(room);
    if (!follower?.begun) return;
    const { state } = rooms.keysOf(room);
    const [rev, log] = (await requests.send(state, ["HMGET", state, "rev", "log"])) as (string | null)[];
    const revision = Number(rev);
    follower.note(revision);
    if (log !== follower.log || revision < follower.revision) await this.#fill(room);
    else if (follower.behind) this.#lookSoon(room);
    // So that nobody forgets it.
    else if (notesUse) await rooms.look(room, false);
  }

  end(): void {
    for (const follower of this.#followers.values()) follower.end();
  }

  /** What is missing may still be on its way; else it is read. */
  #lookSoon(room: RoomName): void {
    const missing = this.#followers.get(room);
    if (missing === undefined || this.#soon.has(room)) return;
    this.#soon.add(room);
    const { revision } = missing;
    setTimeout(() => {
      this.#soon.delete(room);
      const follower = this.#followers.get(room);
      if (!follower?.behind) return;
      // What was missing then came by itself: now it is something else.
      if (follower === missing && follower.revision > revision && !follower.broken) this.#lookSoon(room);
      else void this.#fill(room);
    }, MISSING_AFTER_MS).unref();
  }

  async #fill(room: RoomName): Promise<void> {
    const { requests, turns, failures } = this.#parts;
    if (requests.closed) return;
    await turns.take(room, () => this.#fillNow(room)).catch((error: unknown) => failures.failed(error, room));
  }

  async #fillNow(room: RoomName): Promise<void> {
    const follower = this.#followers.get(room);
    if (follower === undefined || !follower.begun) return;
    // What is told meanwhile waits: it is compared with what is found.
    follower.hold();
    try {
      const opened = await this.#parts.rooms.look(room, true);
      if (this.#followers.get(room) !== follower) return;
      if (follower.isLost(opened)) return await this.#lost(room, follower, opened);
      if (follower.isTooLate(opened)) return this.#lose(room, follower);
      const chunks = await this.#since(room, follower, opened.state.last);
      if (this.#followers.get(room) !== follower) return;
      if (chunks === "other") return await this.#lost(room, follower, opened);
      // It was away for so long that what was appended meanwhile is not all kept any more.
      if (chunks === "trimmed") return this.#lose(room, follower);
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
      const read = await this.#parts.rooms.read(room, after, FILL_OCTETS);
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
    if (state.log === follower.log) await this.#parts.rooms.giveAnotherLog(room, state.log);
    this.#parts.log.error({ room }, "Redis has lost what it had acknowledged: everybody in the room begins anew with what is left");
    this.#lose(room, follower);
  }

  #lose(room: RoomName, follower: Follower): void {
    this.#unfollow(room);
    follower.lose();
  }

  #unfollow(room: RoomName): void {
    this.#followers.delete(room);
    this.#parts.connection.unsubscribe(this.#parts.rooms.keysOf(room).channel);
  }
}
