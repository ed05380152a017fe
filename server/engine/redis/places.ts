import type { RoomName } from "../../../shared/room-name.ts";
import type { Operation, SessionId } from "../engine.ts";
import type { Failures } from "./failures.ts";
import { HOUSE } from "./keys.ts";
import { type Requests, TRY_AGAIN_MS } from "./requests.ts";
import type { Rooms } from "./rooms.ts";
import { SCRIPTS } from "./script.ts";
import type { Sessions } from "./sessions.ts";
import { PRESENCE, type Turns } from "./turns.ts";
import { type Reply, texts } from "./wire.ts";

/** Places that are looked at together. */
const AT_ONCE = 500;

export type Hello = Operation & { readonly kind: "hello" };
/** What a commit may give out. `foreign`: those who are in another room. */
export type Claimed = { readonly held: number; readonly reserved: number; readonly foreign: ReadonlySet<SessionId> };

type Parts = {
  readonly node: string;
  readonly requests: Requests;
  readonly rooms: Rooms;
  readonly sessions: Sessions;
  readonly turns: Turns;
  readonly failures: Failures;
};
/** Where a session is, and how it stands there: held, ended, unknown. */
type Standing = readonly [room: RoomName, stands: string];

/** Places under the cap, and the room of each session, which are noted beside the rooms: before a commit and after it. */
export class Places {
  readonly #parts: Parts;
  /** Counts what it asks about places. */
  #reservations = 0;
  /** Sessions whose place is still to be noted. */
  readonly #unsettled = new Map<string, Standing>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async held(): Promise<number> {
    return Number(await this.#parts.requests.send(HOUSE.places, ["SCARD", HOUSE.places]));
  }

  /** Reserves places for newcomers. */
  async claim(room: RoomName, hellos: readonly Hello[], deadlineMs: number): Promise<Claimed> {
    const { node, requests } = this.#parts;
    const cap = Math.max(0, ...hellos.map(({ maxHeld }) => maxHeld));
    const sessions = hellos.map(({ session }) => session);
    const keys = [HOUSE.places, HOUSE.sessions, HOUSE.reserved, HOUSE.nodes];
    const args = [room, node, `${++this.#reservations}`, `${hellos.length}`, `${cap}`, ...sessions];
    const reply = (await requests.insist(SCRIPTS.claim, keys, args, deadlineMs)) as Reply[];
    const foreign = new Set<SessionId>();
    for (const [index, other] of texts(reply[2]).entries()) {
      if (other !== "" && (await this.#isIn(other as RoomName, sessions[index] as SessionId))) foreign.add(sessions[index] as SessionId);
    }
    return { held: Number(reply[0]), reserved: Number(reply[1]), foreign };
  }

  /** What is noted of a session's room may be old; or its `hello` there is being worked on at another node this very moment. */
  async #isIn(room: RoomName, session: SessionId): Promise<boolean> {
    for (let tries = 0; tries < 3; tries++) {
      if ((await this.#parts.sessions.findIn(room, session)) !== undefined) return true;
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
    return false;
  }

  /**
   * Notes what became of places: session and how it stands, for each; and that nothing is reserved any more. What fails here is done with the next one:
   * what was committed is kept all the same.
   */
  async settle(room: RoomName, places: readonly string[]): Promise<void> {
    const { node, requests, failures } = this.#parts;
    for (let at = 0; at < places.length; at += 2) this.#unsettled.set(places[at] as string, [room, places[at + 1] as string]);
    const settling = [...this.#unsettled];
    const args = [node, `${++this.#reservations}`, ...settling.flatMap(([id, stands]) => [id, ...stands])];
    try {
      await requests.run(SCRIPTS.settle, [HOUSE.places, HOUSE.sessions, HOUSE.reserved], args);
      for (const [id, stands] of settling) if (this.#unsettled.get(id) === stands) this.#unsettled.delete(id);
    } catch (error) {
      failures.failed(error, room);
    }
  }

  /** Where a node died between a commit and noting whose places it changed, places and sessions do not agree: they are made to. */
  async mend(rooms: readonly RoomName[]): Promise<void> {
    for (const room of rooms) {
      const { care } = this.#parts.rooms.keysOf(room);
      for await (const found of this.#scan("HSCAN", care))
        await this.#mendThese(new Map(found.filter((_, at) => at % 2 === 0).map((id) => [id, room])));
    }
    for await (const found of this.#scan("SSCAN", HOUSE.places)) await this.#mendThese(await this.#noted(found));
    for await (const found of this.#scan("HSCAN", HOUSE.sessions)) {
      const noted = new Map<string, RoomName>();
      for (let at = 0; at < found.length; at += 2) noted.set(found[at] as string, found[at + 1] as RoomName);
      await this.#mendThese(noted);
    }
  }

  /** Those which stand otherwise than what is noted of them, also a moment later: else something is just being done about them. */
  async #mendThese(roomOf: ReadonlyMap<string, RoomName>): Promise<void> {
    const wrong = await this.#wronglyNoted(roomOf);
    if (wrong.size === 0) return;
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    const still = await this.#wronglyNoted(new Map([...wrong].map(([id, [room]]) => [id, room])));
    if (still.size === 0) return;
    await this.#parts.turns.take(PRESENCE, async () => {
      for (const [id, stands] of still) if (!this.#unsettled.has(id)) this.#unsettled.set(id, stands);
      await this.settle(PRESENCE, []);
    });
  }

  async #wronglyNoted(roomOf: ReadonlyMap<string, RoomName>): Promise<Map<string, Standing>> {
    const { requests, rooms } = this.#parts;
    const wrong = new Map<string, Standing>();
    const ids = [...roomOf.keys()];
    if (ids.length === 0) return wrong;
    const placed = (await requests.send(HOUSE.places, ["SMISMEMBER", HOUSE.places, ...ids])) as number[];
    const noted = await this.#noted(ids);
    const hasPlace = new Map(ids.map((id, at) => [id, Number(placed[at]) === 1]));
    for (const room of new Set(roomOf.values())) {
      const here = ids.filter((id) => roomOf.get(id) === room);
      const stand = room === PRESENCE ? [] : texts(await requests.run(SCRIPTS.stands, [rooms.keysOf(room).sessions], here));
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
    const rooms = (await this.#parts.requests.send(HOUSE.sessions, ["HMGET", HOUSE.sessions, ...ids])) as (string | null)[];
    return new Map(ids.map((id, at) => [id, (rooms[at] ?? PRESENCE) as RoomName]));
  }

  async *#scan(command: "HSCAN" | "SSCAN", key: string): AsyncGenerator<string[]> {
    for (let cursor = "0"; ; ) {
      const reply = await this.#parts.requests.send(key, [command, key, cursor, "COUNT", `${AT_ONCE}`]);
      const [next, found] = reply as [string, string[]];
      if (found.length > 0) yield found;
      if (next === "0") return;
      cursor = next;
    }
  }
}
