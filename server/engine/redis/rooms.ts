import { randomBytes } from "node:crypto";
import type { RoomName } from "../../../shared/room-name.ts";
import type { Offset } from "../engine.ts";
import type { SteadyTime } from "../steady-time.ts";
import { HOUSE, type RoomKeys, roomKeys } from "./keys.ts";
import type { Requests } from "./requests.ts";
import { SCRIPTS } from "./script.ts";
import { type OpenedRoom, type ReadChunk, readChunks, readOpened } from "./wire.ts";

/** The rooms that Redis knows, and the log of each. */
export class Rooms {
  readonly #requests: Requests;
  readonly #time: SteadyTime;
  readonly #keys = new Map<RoomName, RoomKeys>();
  readonly #known = new Set<RoomName>();

  constructor(requests: Requests, time: SteadyTime) {
    this.#requests = requests;
    this.#time = time;
  }

  keysOf(room: RoomName): RoomKeys {
    let keys = this.#keys.get(room);
    if (keys === undefined) {
      keys = roomKeys(room);
      this.#keys.set(room, keys);
    }
    return keys;
  }

  /** All of which anything is kept. */
  async all(): Promise<RoomName[]> {
    return (await this.#requests.send(HOUSE.rooms, ["SMEMBERS", HOUSE.rooms])) as RoomName[];
  }

  /** So that the room is found by whoever tidies, or adopts. */
  async remember(room: RoomName, again = false): Promise<void> {
    if (this.#known.has(room) && !again) return;
    await this.#requests.send(HOUSE.rooms, ["SADD", HOUSE.rooms, room]);
    await this.#requests.send(HOUSE.logs, ["SADD", HOUSE.logs, room]);
    this.#known.add(room);
  }

  /** Its log is gone; `wholly`: and all else that was kept of it. */
  async forget(room: RoomName, wholly: boolean): Promise<void> {
    this.#known.delete(room);
    await this.#requests.send(HOUSE.logs, ["SREM", HOUSE.logs, room]);
    if (wholly) await this.#requests.send(HOUSE.rooms, ["SREM", HOUSE.rooms, room]);
  }

  /** True where it has a log, or there are fewer logs than `most`. */
  async mayHaveLog(room: RoomName, most: number): Promise<boolean> {
    const [isKnown, logs] = await Promise.all([
      this.#requests.send(HOUSE.logs, ["SISMEMBER", HOUSE.logs, room]),
      this.#requests.send(HOUSE.logs, ["SCARD", HOUSE.logs]),
    ]);
    return Number(isKnown) === 1 || Number(logs) < most;
  }

  /** The room as it is; its log is made where there is none. */
  async look(room: RoomName, people: boolean): Promise<OpenedRoom> {
    const { state, sessions, care, log } = this.keysOf(room);
    const args = [newLogId(), `${Math.round(this.#time.now())}`, people ? "1" : "0"];
    const opened = readOpened(await this.#requests.run(SCRIPTS.open, [state, sessions, care, log], args));
    if (opened.made) await this.remember(room, true);
    return opened;
  }

  async read(room: RoomName, after: Offset, maxOctets: number): Promise<ReadChunk[]> {
    this.#requests.alive();
    const { log, state } = this.keysOf(room);
    return readChunks(await this.#requests.run(SCRIPTS.read, [log, state], [`${after + 1}`, `${maxOctets}`]));
  }

  /** The log gets another identity, unless it has got one since it was `log`. */
  async giveAnotherLog(room: RoomName, log: string): Promise<void> {
    await this.#requests.run(SCRIPTS.anotherLog, [this.keysOf(room).state], [log, newLogId()]);
  }
}

export function newLogId(): string {
  return randomBytes(9).toString("base64url");
}
