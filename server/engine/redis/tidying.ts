import type { RoomName } from "../../../shared/room-name.ts";
import { AgeSearch } from "../age-search.ts";
import { type EndedSession, forgottenSessions, rememberedSince } from "../ended-sessions.ts";
import type { SessionId } from "../engine.ts";
import type { SteadyTime } from "../steady-time.ts";
import type { FollowedRooms } from "./followed-rooms.ts";
import { allOf, HOUSE } from "./keys.ts";
import type { Places } from "./places.ts";
import type { Requests } from "./requests.ts";
import type { Rooms } from "./rooms.ts";
import { SCRIPTS } from "./script.ts";
import { PRESENCE, type Turns } from "./turns.ts";
import { texts } from "./wire.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long a session's `seq` and `turn` are remembered after it ended. Source: S29. */
const MEMORY_MS = DAY_MS;
/** Rooms of which nothing was heard for so long are nobody's. */
const UNUSED_FOR_MS = 10 * 60 * 1000;
const FORGET_AT_ONCE = 500;
const AGES_AT_ONCE = 500;
const ENDED_AT_ONCE = 5000;

type Parts = {
  readonly requests: Requests;
  readonly rooms: Rooms;
  readonly places: Places;
  readonly turns: Turns;
  readonly followed: FollowedRooms;
  readonly time: SteadyTime;
  /** What packets are stamped with, where it is not Redis' own time. */
  readonly wall: (() => number) | undefined;
  /** For so long packets are kept. */
  readonly days: number;
  /** So many sessions that ended are remembered. */
  readonly endedSessions: number;
};

/** What is old is forgotten, whichever node left it behind. */
export class Tidying {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async tidy(): Promise<void> {
    const rooms = await this.#parts.rooms.all();
    await this.#forgetSessions(rooms);
    for (const room of rooms) {
      await this.#trimByAge(room);
      await this.#forgetLog(room);
    }
    await this.#forgetNodes(rooms);
    await this.#parts.places.mend(rooms);
  }

  async #forgetSessions(rooms: readonly RoomName[]): Promise<void> {
    const { time, endedSessions } = this.#parts;
    const oldestMs = time.now() - MEMORY_MS;
    const roomOf = new Map<SessionId, RoomName>();
    const endedAt = new Map<SessionId, number>();
    const store = {
      visitEnded: async (visit: (kept: EndedSession) => void) => {
        for (const [session, atMs] of endedAt) visit({ session, announced: false, ended: { atMs } });
      },
    };
    for (const room of rooms)
      for (const [session, atMs] of await this.#endedIn(room)) {
        roomOf.set(session, room);
        endedAt.set(session, atMs);
      }
    const sinceMs = await rememberedSince(store, oldestMs, endedSessions);
    const ids = await forgottenSessions(store, { oldestMs, sinceMs, latest: (notedMs) => time.latest(notedMs) });
    for (const room of rooms) {
      const here = ids.filter((id) => roomOf.get(id) === room);
      for (let at = 0; at < here.length; at += FORGET_AT_ONCE)
        await this.#forgetThese(
          room,
          here.slice(at, at + FORGET_AT_ONCE).flatMap((id) => [id, `${endedAt.get(id)}`]),
        );
    }
  }

  async #endedIn(room: RoomName): Promise<[SessionId, number][]> {
    const { requests, rooms } = this.#parts;
    const { ended } = rooms.keysOf(room);
    const all: [SessionId, number][] = [];
    for (let at = 0; ; at += ENDED_AT_ONCE) {
      const range = ["ZRANGE", ended, `${at}`, `${at + ENDED_AT_ONCE - 1}`, "WITHSCORES"];
      const found = pairs((await requests.send(ended, range)) as ([string, number] | string)[]);
      for (const [session, atMs] of found) all.push([session as SessionId, atMs]);
      if (found.length < ENDED_AT_ONCE) return all;
    }
  }

  /** `ended`: session and when it ended, for each. */
  async #forgetThese(room: RoomName, ended: readonly string[]): Promise<void> {
    const { requests, rooms, places, turns } = this.#parts;
    const { sessions, claims, ended: key } = rooms.keysOf(room);
    const forgotten = texts(await requests.run(SCRIPTS.forget, [sessions, claims, key], ended));
    if (forgotten.length === 0) return;
    const unknown = forgotten.flatMap((id) => [id, "unknown"]);
    await turns.take(PRESENCE, () => places.settle(room, unknown));
  }

  async #trimByAge(room: RoomName): Promise<void> {
    const { requests, rooms, time, wall, days } = this.#parts;
    const { log, state } = rooms.keysOf(room);
    const bounds = (await requests.send(state, ["HMGET", state, "first", "last"])) as (string | null)[];
    const [first, last] = bounds.map(Number) as [number, number];
    if (first > last) return;
    const nowMs = wall?.() ?? time.now();
    const search = new AgeSearch(nowMs - days * DAY_MS, nowMs);
    for (let from = first; from <= last; ) {
      const ages = texts(await requests.run(SCRIPTS.ages, [log], [`${from}`, `${AGES_AT_ONCE}`])).map(Number);
      let ended = ages.length === 0;
      for (let at = 0; at < ages.length && !ended; at += 3) ended = search.ends(ages[at] as number, ages[at + 1] as number);
      if (ended) break;
      from = (ages.at(-1) as number) + 1;
    }
    const since = search.found ?? last + 1;
    if (since > first) await requests.run(SCRIPTS.trim, [log, state], [`${since}`]);
  }

  async #forgetLog(room: RoomName): Promise<void> {
    const { requests, rooms, followed, time } = this.#parts;
    if (followed.has(room)) return;
    const unusedSinceMs = Math.round(time.now() - UNUSED_FOR_MS);
    const left = String(await requests.run(SCRIPTS.forgetLog, allOf(rooms.keysOf(room)), [`${unusedSinceMs}`]));
    if (left !== "log") await rooms.forget(room, left === "");
  }

  /** What nodes that died long ago left behind: answers that nobody waits for, and places that they had reserved. */
  async #forgetNodes(rooms: readonly RoomName[]): Promise<void> {
    const { requests, time } = this.#parts;
    await requests.send(HOUSE.nodes, ["ZREMRANGEBYSCORE", HOUSE.nodes, "-inf", `${Math.round(time.now() - DAY_MS)}`]);
    const nodes = new Set((await requests.send(HOUSE.nodes, ["ZRANGE", HOUSE.nodes, "0", "-1"])) as string[]);
    for (const key of [...rooms.map((room) => this.#parts.rooms.keysOf(room).done), HOUSE.reserved]) {
      const stale = ((await requests.send(key, ["HKEYS", key])) as string[]).filter((node) => !nodes.has(node));
      if (stale.length > 0) await requests.send(key, ["HDEL", key, ...stale]);
    }
  }
}

/** What ZRANGE gives WITHSCORES: a list, or a list of pairs, as the protocol's version has it. */
function pairs(reply: readonly ([string, number] | string)[]): [string, number][] {
  if (Array.isArray(reply[0])) return (reply as [string, number][]).map(([member, score]) => [member, Number(score)]);
  const flat = reply as readonly string[];
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index] as string, Number(flat[2 * index + 1])]);
}
