import { afterAll, beforeAll } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { RedisServer } from "../testing/redis-server.ts";
import { type EngineMaker, engineContract } from "./engine.contract.ts";
import { parseRedisUrl, type RedisPlace } from "./redis/redis-url.ts";
import { RedisEngine } from "./redis-engine.ts";

const log = { warn() {}, error() {} };

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.dispose());

/** A database of the same Redis for each engine: they know nothing of each other. */
let databases = 0;

const onRedis: EngineMaker = {
  lasting: true,
  async start(history) {
    const clock = new ManualClock();
    const place = parseRedisUrl(`${server.url}/${databases++ % 16}`) as RedisPlace;
    await server.flush(place.database);
    const open = () => RedisEngine.start({ place, clock, history, log, wall: () => clock.wall() });
    let engine = await open();
    return {
      engine,
      clock,
      async reopen() {
        await engine.close();
        engine = await open();
        return engine;
      },
      dispose: () => engine.close(),
    };
  },
};

engineContract("on Redis", onRedis);
