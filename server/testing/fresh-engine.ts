import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { EmbeddedEngine } from "../engine/embedded.ts";
import type { Engine, HistoryLimits } from "../engine/engine.ts";
import { MemoryStore } from "../engine/memory-store.ts";
import { parseRedisUrl, type RedisPlace } from "../engine/redis/redis-url.ts";
import { RedisEngine } from "../engine/redis-engine.ts";
import { RedisServer } from "./redis-server.ts";

type Parts = { readonly clock: Clock; readonly history: HistoryLimits; readonly log: Logger };

/** What Redis has beside each other. */
const DATABASES = 16;

let server: Promise<RedisServer> | undefined;
let opened = 0;

/** An engine that knows nothing yet, for a test that does not care which: in memory, or on a Redis of its own where ENGINE is `redis`. */
export async function freshEngine({ clock, history, log }: Parts): Promise<Engine> {
  if (process.env.ENGINE !== "redis") return EmbeddedEngine.start({ store: new MemoryStore(), clock, history, log });
  server ??= RedisServer.start("--databases", `${DATABASES}`).then((started) => {
    process.once("exit", () => started.abandon());
    return started;
  });
  const { url } = await server;
  const place = parseRedisUrl(`${url}/${opened++ % DATABASES}`) as RedisPlace;
  await (await server).flush(place.database);
  return RedisEngine.start({ place, clock, history, log, wall: () => clock.wall() });
}
