import { existsSync } from "node:fs";
import { join } from "node:path";
import { DataDirectory } from "../engine/data-directory.ts";
import { openDiskStore } from "../engine/disk-store.ts";
import { moveIn } from "../engine/redis/move-in.ts";
import { checkServer } from "../engine/redis/redis-check.ts";
import { RedisConnection } from "../engine/redis/redis-connection.ts";
import { describePlace, parseRedisUrl } from "../engine/redis/redis-url.ts";
import type { Store } from "../engine/store.ts";
import { createLog } from "../log.ts";
import type { Settings } from "../settings.ts";

/** Copies what a data directory has into Redis, so that several nodes can go on with it. The directory stays as it is. Gives the exit status. */
export async function migrateCommand(settings: Settings): Promise<number> {
  const { DATA_DIR, DURABILITY, REDIS_URL } = settings;
  const place = REDIS_URL === undefined ? undefined : parseRedisUrl(REDIS_URL);
  if (place === undefined) return fail("REDIS_URL says where to copy to.");
  if (DATA_DIR === ":memory:") return fail("DATA_DIR says which data directory to copy.");
  if (!existsSync(join(DATA_DIR, "log.mdb"))) return fail(`The data directory ${DATA_DIR} has no log. DATA_DIR names the one to copy.`);
  let store: Store | undefined;
  let connection: RedisConnection | undefined;
  try {
    const log = createLog(settings);
    connection = await RedisConnection.open(place, { failed: () => {}, back: () => {} });
    await checkServer(connection, log);
    store = await openDiskStore(await DataDirectory.open(DATA_DIR), { durability: DURABILITY, log });
    const { rooms, packets, sessions } = await moveIn(store, connection);
    process.stdout.write(
      `${rooms} rooms, ${packets} packets and ${sessions} sessions were copied from ${DATA_DIR} to ${describePlace(place)}.\n`,
    );
    process.stdout.write("Start every node with that REDIS_URL. The data directory stays as it is: nothing else may be started on it.\n");
    return 0;
  } catch (cause) {
    return fail(cause instanceof Error ? cause.message : String(cause));
  } finally {
    await store?.close();
    connection?.close();
  }
}

function fail(sentence: string): number {
  process.stderr.write(`Nothing was migrated: ${sentence}\n`);
  return 1;
}
