import type { RoomName } from "../../../shared/room-name.ts";
import type { Offset, SessionId, SessionRecord } from "../engine.ts";
import { HOUSE } from "./keys.ts";
import type { Requests } from "./requests.ts";
import type { Rooms } from "./rooms.ts";
import { SCRIPTS } from "./script.ts";
import { type Reply, readRecord, texts } from "./wire.ts";

/** What is kept of each session. */
export class Sessions {
  readonly #requests: Requests;
  readonly #rooms: Rooms;

  constructor(requests: Requests, rooms: Rooms) {
    this.#requests = requests;
    this.#rooms = rooms;
  }

  /** Wherever it is. */
  async find(session: SessionId): Promise<SessionRecord | undefined> {
    const room = await this.#roomOf(session);
    return room === undefined ? undefined : this.findIn(room, session);
  }

  async findIn(room: RoomName, session: SessionId): Promise<SessionRecord | undefined> {
    const fields = await this.#requests.run(SCRIPTS.find, [this.#rooms.keysOf(room).sessions], [session]);
    return fields === null ? undefined : readRecord(session, room, fields as Reply[]);
  }

  /** Where its last numbers are in its room's log. */
  async offsets(session: SessionId): Promise<ReadonlyMap<number, Offset>> {
    const room = await this.#roomOf(session);
    const runs =
      room === undefined
        ? []
        : texts(await this.#requests.run(SCRIPTS.offsets, [this.#rooms.keysOf(room).sessions], [session])).map(Number);
    const offsets = new Map<number, Offset>();
    for (let at = 0; at < runs.length; at += 3) {
      const [seq, offset, count] = runs.slice(at, at + 3) as [number, Offset, number];
      for (let index = 0; index < count; index++) offsets.set(seq + index, offset + index);
    }
    return offsets;
  }

  async #roomOf(session: SessionId): Promise<RoomName | undefined> {
    return ((await this.#requests.send(HOUSE.sessions, ["HGET", HOUSE.sessions, session])) as RoomName | null) ?? undefined;
  }
}
