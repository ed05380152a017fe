import type { RoomName } from "../../../shared/room-name.ts";
import { EngineError } from "../engine.ts";
import type { EngineLog } from "../trouble.ts";
import { FORMAT, HOUSE, MOVING_IN, roomKeys } from "./keys.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { SCRIPTS } from "./script.ts";

const LEAST_VERSION = 7;
const WITHIN_MS = 5000;
/** Stands for every room. */
const ANY = "any" as RoomName;

/** Looks whether this Redis keeps what it is given. Rejects with EngineError; what is only a risk goes into the log. */
export async function checkServer(connection: RedisConnection, log: EngineLog): Promise<void> {
  const info = readInfo(String(await connection.send(HOUSE.format, ["INFO"], WITHIN_MS)));
  const version = info.get("valkey_version") ?? info.get("redis_version") ?? "0";
  if (Number.parseInt(version, 10) < LEAST_VERSION)
    throw new EngineError(`Redis is of version ${version}, and Palabre needs ${LEAST_VERSION} or later, or Valkey.`);
  const policy = info.get("maxmemory_policy") ?? "noeviction";
  if (policy.startsWith("allkeys"))
    throw new EngineError(
      `Redis drops keys when its memory is full (maxmemory-policy ${policy}): messages would be lost. Set it to noeviction.`,
    );
  if (info.get("role") === "slave") throw new EngineError("Redis is a replica there: REDIS_URL has to name the primary.");
  if (info.get("aof_enabled") === "0")
    log.warn({}, "Redis keeps nothing on disk (appendonly no): what is acknowledged is gone when it stops without a word");
  await checkRights(connection);
}

/** Looks whether this user may do all that is done, before anything is. Rejects with RedisTrouble. */
async function checkRights(connection: RedisConnection): Promise<void> {
  for (const [key, channel] of [
    [HOUSE.format, roomKeys(ANY).channel],
    [roomKeys(ANY).state, roomKeys(ANY).channel],
  ] as const)
    await connection.run(SCRIPTS.rights, [key], [channel], WITHIN_MS);
}

/** Looks whether what it holds is this version's, and where it holds nothing makes it so. Rejects with EngineError. */
export async function checkFormat(connection: RedisConnection): Promise<void> {
  await connection.send(HOUSE.format, ["SET", HOUSE.format, FORMAT, "NX"], WITHIN_MS);
  const format = String(await connection.send(HOUSE.format, ["GET", HOUSE.format], WITHIN_MS));
  if (format === MOVING_IN)
    throw new EngineError("What Redis holds was being copied there by palabre migrate, and is not whole. Run that again first.");
  if (format !== FORMAT)
    throw new EngineError(
      `What Redis holds is another version of Palabre's (layout ${format}; this one knows ${FORMAT}). Run that version, or give this one a Redis, or a database, of its own.`,
    );
}

function readInfo(text: string): Map<string, string> {
  return new Map(
    text
      .split(/\r?\n/)
      .flatMap((line) => (line.includes(":") ? [[line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)] as const] : [])),
  );
}
