import type { Clock } from "./clock.ts";
import { DataDirectory } from "./engine/data-directory.ts";
import { openDiskStore } from "./engine/disk-store.ts";
import { EmbeddedEngine, type EngineLog } from "./engine/embedded.ts";
import type { Engine } from "./engine/engine.ts";
import { MemoryStore } from "./engine/memory-store.ts";
import { parseRedisUrl } from "./engine/redis/redis-url.ts";
import { RedisEngine } from "./engine/redis-engine.ts";
import type { Settings } from "./settings.ts";

/** The engine that the settings ask for; `directory` where it keeps things on disk. Rejects with a sentence where it can't be opened. */
export async function openEngine(settings: Settings, clock: Clock, log: EngineLog): Promise<{ engine: Engine; directory?: DataDirectory }> {
  const history = { packets: settings.HISTORY_PACKETS, days: settings.HISTORY_DAYS };
  const place = settings.REDIS_URL === undefined ? undefined : parseRedisUrl(settings.REDIS_URL);
  if (place !== undefined) return { engine: await RedisEngine.start({ place, clock, history, log, replicas: settings.REDIS_REPLICAS }) };
  if (settings.DATA_DIR === ":memory:") return { engine: await EmbeddedEngine.start({ store: new MemoryStore(), clock, history, log }) };
  const directory = await DataDirectory.open(settings.DATA_DIR);
  const store = await openDiskStore(directory, { durability: settings.DURABILITY, clock, log });
  return { engine: await EmbeddedEngine.start({ store, clock, history, log }), directory };
}
