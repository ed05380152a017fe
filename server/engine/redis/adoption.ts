import type { RoomName } from "../../../shared/room-name.ts";
import type { SessionId, SessionRecord } from "../engine.ts";
import type { FollowedRooms } from "./followed-rooms.ts";
import type { Leases } from "./leases.ts";
import type { Requests } from "./requests.ts";
import type { Rooms } from "./rooms.ts";
import { SCRIPTS } from "./script.ts";
import type { Turns } from "./turns.ts";
import { type Reply, readRecord } from "./wire.ts";

const AT_ONCE = 500;

type Parts = {
  readonly requests: Requests;
  readonly rooms: Rooms;
  readonly turns: Turns;
  readonly leases: Leases;
  readonly followed: FollowedRooms;
};
type Listener = (records: readonly SessionRecord[]) => void;

/** Takes over the sessions that no running node looks after. */
export class Adoption {
  readonly #parts: Parts;
  #listener: Listener | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Who is given those that are found from now on. */
  listen(listener: Listener): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  /** Where it is time to. */
  async lookForOrphans(): Promise<void> {
    if (this.#listener === undefined || !this.#parts.leases.isTimeToAdopt()) return;
    const records = await this.adopt();
    if (records.length > 0) this.#listener?.(records);
  }

  async adopt(): Promise<SessionRecord[]> {
    const { rooms, turns, leases } = this.#parts;
    const records: SessionRecord[] = [];
    for (const room of await rooms.all()) {
      await leases.refresh();
      records.push(...(await turns.take(room, () => this.#adoptIn(room))));
    }
    return records;
  }

  async #adoptIn(room: RoomName): Promise<SessionRecord[]> {
    const { requests, rooms, leases, followed } = this.#parts;
    const { state, sessions, care, channel } = rooms.keysOf(room);
    const records: SessionRecord[] = [];
    for (;;) {
      const args = [leases.node, `${AT_ONCE}`, channel, ...leases.others];
      const [revision, tag, ...found] = (await requests.run(SCRIPTS.adopt, [state, sessions, care], args)) as Reply[];
      const name = String(tag);
      if (Number(revision) > 0) void followed.turn(room, { revision: Number(revision), before: name, tag: name });
      for (let at = 0; at < found.length; at += 2) records.push(readRecord(String(found[at]) as SessionId, room, found[at + 1] as Reply[]));
      if (found.length < 2 * AT_ONCE) return records;
    }
  }
}
