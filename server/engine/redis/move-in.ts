import type { RoomName } from "../../../shared/room-name.ts";
import { EngineError, type LogState, type SessionId } from "../engine.ts";
import { State } from "../state.ts";
import type { KeptSession, Store } from "../store.ts";
import { allOf, FORMAT, HOUSE, MOVING_IN, type RoomKeys, roomKeys } from "./keys.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { SCRIPTS } from "./script.ts";

const WITHIN_MS = 30_000;
/** What is read of a log, and how many sessions are written, at once. */
const READ_OCTETS = 1024 * 1024;
const SESSIONS_AT_ONCE = 200;

export type MovedIn = { readonly rooms: number; readonly packets: number; readonly sessions: number };

/**
 * Copies all that a store has into a Redis that holds nothing of Palabre's: under the same offsets and identities, so that clients go on where they
 * were. Where it was cut off before, it begins anew. Rejects with EngineError.
 */
export async function moveIn(store: Store, connection: RedisConnection): Promise<MovedIn> {
  const send = (key: string, ...args: string[]) => connection.send(key, args, WITHIN_MS);
  await clear(send);
  const loaded = store.load();
  const state = new State(loaded, store.number, store);
  const sessions = [...loaded.sessions];
  const ids = new Set(sessions.map(({ session }) => session));
  await store.visitEnded((kept) => {
    if (ids.has(kept.session)) return;
    ids.add(kept.session);
    sessions.push(kept as Readonly<KeptSession>);
  });
  const claims = new Set(state.claims.values());
  let packets = 0;
  for (const [room, log] of loaded.logs) {
    await send(HOUSE.rooms, "SADD", HOUSE.rooms, room);
    await send(HOUSE.logs, "SADD", HOUSE.logs, room);
    packets += await moveLog(store, connection, room, log);
  }
  for (const [room, here] of byRoom(sessions)) {
    await send(HOUSE.rooms, "SADD", HOUSE.rooms, room);
    await moveSessions(connection, roomKeys(room), here, claims);
    for (const { session, ended } of here) {
      await send(HOUSE.sessions, "HSET", HOUSE.sessions, session, room);
      if (ended === undefined) await send(HOUSE.places, "SADD", HOUSE.places, session);
    }
  }
  await send(HOUSE.format, "SET", HOUSE.format, FORMAT);
  return { rooms: loaded.logs.size, packets, sessions: sessions.length };
}

/** Takes away what an earlier try left; what nodes have written is nobody's to take away. */
async function clear(send: (key: string, ...args: string[]) => Promise<unknown>): Promise<void> {
  const format = await send(HOUSE.format, "GET", HOUSE.format);
  const rooms = (await send(HOUSE.rooms, "SMEMBERS", HOUSE.rooms)) as RoomName[];
  if (format !== MOVING_IN && rooms.length > 0)
    throw new EngineError("This Redis holds rooms of a Palabre already: nothing was copied. Name an empty one, or another database of it.");
  if (format !== null && format !== FORMAT && format !== MOVING_IN)
    throw new EngineError(`This Redis holds what another version of Palabre wrote (layout ${String(format)}): nothing was copied.`);
  if (Number(await send(HOUSE.nodes, "ZCARD", HOUSE.nodes)) > 0)
    throw new EngineError("A Palabre runs on this Redis, or did a moment ago: stop it first. Nothing was copied.");
  await send(HOUSE.format, "SET", HOUSE.format, MOVING_IN);
  for (const room of rooms) for (const key of allOf(roomKeys(room))) await send(key, "DEL", key);
  for (const key of [HOUSE.rooms, HOUSE.logs, HOUSE.sessions, HOUSE.places]) await send(key, "DEL", key);
}

async function moveLog(store: Store, connection: RedisConnection, room: RoomName, { log, first, last, at }: LogState): Promise<number> {
  const keys = roomKeys(room);
  for (let after = first - 1; after < last; ) {
    const chunks = await store.read(room, after + 1, READ_OCTETS);
    if (chunks.length === 0) throw new EngineError(`The log of ${room} breaks off after ${after}, and should go on to ${last}.`);
    for (const chunk of chunks) {
      const fields = ["r", "0", "f", `${chunk.first}`, "b", `${chunk.before}`, "a", `${chunk.at}`, "o"];
      await connection.send(keys.log, ["XADD", keys.log, `${chunk.last}-0`, ...fields, Buffer.from(chunk.octets)], WITHIN_MS);
      after = chunk.last;
    }
  }
  const fields = ["log", log, "first", `${first}`, "last", `${last}`, "at", `${at}`, "rev", "0"];
  await connection.send(keys.state, ["HSET", keys.state, ...fields], WITHIN_MS);
  return last - first + 1;
}

async function moveSessions(
  connection: RedisConnection,
  { sessions, claims, care, ended }: RoomKeys,
  here: readonly Readonly<KeptSession>[],
  claiming: ReadonlySet<SessionId>,
): Promise<void> {
  for (let at = 0; at < here.length; at += SESSIONS_AT_ONCE) {
    const args = here.slice(at, at + SESSIONS_AT_ONCE).flatMap((kept) => argumentsOf(kept, claiming.has(kept.session)));
    await connection.run(SCRIPTS.restore, [sessions, claims, care, ended], args, WITHIN_MS);
  }
}

function argumentsOf(kept: Readonly<KeptSession>, claims: boolean): string[] {
  const { session, nick, key, turn, seq, announced, graceMs, ended, refusals } = kept;
  const numbers = [`${turn}`, `${seq}`, announced ? "1" : "0", `${graceMs}`];
  const end = [ended?.why ?? "", `${ended?.atMs ?? 0}`, claims ? "1" : "0"];
  return [session, nick, key, ...numbers, ...end, `${refusals.length}`, ...refusals.map((refusal) => JSON.stringify(refusal))];
}

function byRoom(sessions: readonly Readonly<KeptSession>[]): Map<RoomName, Readonly<KeptSession>[]> {
  const rooms = new Map<RoomName, Readonly<KeptSession>[]>();
  for (const kept of sessions) {
    const here = rooms.get(kept.room);
    if (here === undefined) rooms.set(kept.room, [kept]);
    else here.push(kept);
  }
  return rooms;
}
