import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { EngineNode, type Hearing, until } from "../testing/engine-node.ts";
import { briefly, chat, hello, LOBBY, post, readAll, texts } from "../testing/engine-samples.ts";
import { RedisRelay } from "../testing/redis-relay.ts";
import { RedisServer } from "../testing/redis-server.ts";
import { type Engine, EngineError } from "./engine.ts";
import { HOUSE, roomKeys } from "./redis/keys.ts";

const KEPT = ["--appendonly", "yes", "--appendfsync", "always"];
const servers: { dispose(): Promise<void> }[] = [];
const rejections: unknown[] = [];
process.on("unhandledRejection", (error) => rejections.push(error));

async function redisWith(...settings: string[]): Promise<RedisServer> {
  const redis = await RedisServer.start(...settings);
  servers.push(redis);
  return redis;
}
afterEach(async () => {
  for (const server of servers.splice(0)) await server.dispose();
  expect(rejections).toEqual([]);
});

async function relayTo(redis: RedisServer): Promise<RedisRelay> {
  const relay = await RedisRelay.open(redis.port);
  onTestFinished(() => relay.close());
  return relay;
}

const logOf = async (engine: Engine, room = LOBBY) => texts((await readAll(engine, room)).values());

/** Speaks as a server does for somebody who tries again until it is acknowledged. Gives how to stop, and what was acknowledged by then. */
function speaks(hearing: Hearing, name: string): () => Promise<number> {
  let stopped = false;
  const speaking = (async () => {
    let seq = 0;
    while (!stopped) {
      const outcomes = await hearing.commit(chat(name, seq + 1)).then(
        (committed) => briefly(committed.outcomes),
        (error: unknown) => [error instanceof EngineError ? "failed" : String(error)],
      );
      const [kind = ""] = outcomes;
      if (kind === "appended" || kind === "duplicate") seq++;
      else if (kind !== "failed") throw new Error(`number ${seq + 1} of ${name}: ${kind}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return seq;
  })();
  return () => {
    stopped = true;
    return speaking;
  };
}

/** Two nodes, of which two people speak while `trouble` happens. All that was acknowledged is in the log once, in its order, and was heard so. */
async function speakDuring(
  redis: RedisServer,
  trouble: (nodes: EngineNode[], hearings: Hearing[]) => Promise<unknown>,
  urls = [redis.url, redis.url],
) {
  const nodes = await Promise.all(urls.map((url) => EngineNode.open(url)));
  const hearings = await Promise.all(nodes.map((node) => node.hear(LOBBY)));
  for (const [index, hearing] of hearings.entries()) await hearing.commit(hello(`one-${index}`));
  const stops = hearings.map((hearing, index) => speaks(hearing, `one-${index}`));
  await until(() => hearings.every(({ last }) => last > 20), "some talk");
  await trouble(nodes, hearings);
  await Promise.all(nodes.map((node) => node.becomes(true, 30_000)));
  const talked = hearings.map(({ last }) => last);
  await until(() => hearings.every(({ last }, index) => last > (talked[index] as number) + 20), "talk to go on");
  const said = await Promise.all(stops.map((stop) => stop()));
  for (const node of nodes) await node.engine.catchUp(LOBBY);
  const log = await logOf((nodes[0] as EngineNode).engine);
  for (const [index, count] of said.entries()) {
    const own = log.filter((text) => text.startsWith(`one-${index} `));
    expect(own).toEqual(Array.from({ length: own.length }, (_, at) => `one-${index} ${at + 1}`));
    expect(own.length - count).toBeGreaterThanOrEqual(0);
    expect(own.length - count).toBeLessThanOrEqual(1);
  }
  for (const hearing of hearings) {
    expect([hearing.faults, hearing.lost]).toEqual([[], false]);
    expect(hearing.texts.slice(-100)).toEqual(log.slice(-100));
    expect(hearing.last).toBe(log.length);
  }
  return { nodes, hearings };
}

describe("Redis goes away and comes back:", () => {
  it("[D6, L7] killed and started again with all that it had acknowledged: nothing is lost, nothing twice", {
    timeout: 60_000,
  }, async () => {
    const redis = await redisWith(...KEPT);
    const { nodes } = await speakDuring(redis, async (running) => {
      for (let round = 0; round < 3; round++) {
        await redis.kill();
        if (round === 1) await Promise.all(running.map((node) => node.becomes(false)));
        await redis.start();
        await Promise.all(running.map((node) => node.becomes(true)));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
    for (const { complaints } of nodes) {
      expect(complaints[0]).toMatch(/^error: the log cannot be written.*\| Redis /);
      expect(complaints.at(-1)).toBe("warn: the log can be written again");
    }
  });

  it("[D4, L7] frozen: it is not well, commits fail with a sentence, and afterwards nothing is lost, nothing twice", {
    timeout: 60_000,
  }, async () => {
    const redis = await redisWith();
    const { nodes, hearings } = await speakDuring(redis, async (running, [hearing]) => {
      redis.freeze();
      const commit = hearing?.commit(post("given up?")).then(
        () => "kept",
        (error: unknown) => String(error),
      );
      try {
        const since = performance.now();
        await Promise.all(running.map((node) => node.becomes(false, 10_000)));
        expect(performance.now() - since).toBeLessThan(5000);
        expect(await commit).toBe("EngineError: Redis does not answer.");
      } finally {
        redis.thaw();
      }
    });
    for (const { complaints } of nodes)
      expect(complaints).toEqual([
        "error: the log cannot be written: nothing is acknowledged that is not kept | Redis does not answer.",
        "warn: the log can be written again",
      ]);
    // Whoever was told that it failed is told of it where it was kept after all: once.
    expect(hearings[1]?.texts.filter((text) => text === "given up?").length).toBeLessThanOrEqual(1);
  });

  it("[D4] what was given up is not carried out after what came later", { timeout: 30_000 }, async () => {
    const redis = await redisWith();
    const relay = await relayTo(redis);
    // So seldom that the connections are not made anew before it is given up.
    const node = await EngineNode.open(relay.url, { lease: { forMs: 60_000, everyMs: 3000 } });
    const hearing = await node.hear(LOBBY);
    relay.keepBack();
    await expect(hearing.commit(hello("ada"), post("early"))).rejects.toThrow("Redis does not answer.");
    await node.becomes(true);
    await hearing.commit(post("late"));
    relay.letArrive();
    const asked = async () => Number(/total_error_replies:(\d+)/.exec(String(await redis.command("INFO", "stats")))?.[1]);
    await until(async () => (await asked()) > 0, "it to be refused");
    await node.engine.catchUp(LOBBY);
    expect(await logOf(node.engine)).toEqual(["clock", "late"]);
    expect(await redis.command("HGET", HOUSE.reserved, node.engine.node)).toMatch(/:0$/);
    expect(hearing.faults).toEqual([]);
  });

  it("[D4, S14] an answer that is lost on its way is given again: nothing is done twice", { timeout: 30_000 }, async () => {
    const redis = await redisWith();
    const relay = await relayTo(redis);
    const node = await EngineNode.open(relay.url);
    const hearing = await node.hear(LOBBY);
    await hearing.commit(hello("ada"));
    for (let seq = 1; seq <= 5; seq++) {
      const before = hearing.last;
      relay.lagMs = 1000;
      const commit = hearing.commit(chat("ada", seq), post(`${seq}`));
      const last = async () => Number(await redis.command("HGET", roomKeys(LOBBY).state, "last"));
      await until(async () => (await last()) >= before + 2, "it to be kept");
      relay.lagMs = 0;
      relay.cut();
      expect(briefly((await commit).outcomes)).toEqual(["appended", "appended"]);
    }
    const said = (await logOf(node.engine)).filter((text) => text !== "clock");
    expect(said).toEqual([1, 2, 3, 4, 5].flatMap((seq) => [`ada ${seq}`, `${seq}`]));
    expect([hearing.faults, hearing.lost]).toEqual([[], false]);
  });

  it("[D6, L7] connections that swallow everything are made anew", { timeout: 60_000 }, async () => {
    const redis = await redisWith();
    const relay = await relayTo(redis);
    await speakDuring(
      redis,
      async ([node]) => {
        relay.swallow();
        await node?.becomes(false);
      },
      [relay.url, redis.url],
    );
  });

  it("[D6] channels are heard again also where connections could not be had while they were made anew", { timeout: 60_000 }, async () => {
    const redis = await redisWith();
    const relay = await relayTo(redis);
    const node = await EngineNode.open(relay.url);
    const other = await EngineNode.open(redis.url);
    const [here, there] = [await node.hear(LOBBY), await other.hear(LOBBY)];
    relay.mode = "swallow";
    relay.swallow();
    await node.becomes(false);
    // Long enough for that to be tried.
    const before = relay.taken;
    await until(() => relay.taken >= before + 2, "new connections");
    // Longer than they are waited for.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    relay.mode = "pass";
    relay.cut();
    await node.becomes(true);
    await until(
      async () => String(await redis.command("PUBSUB", "SHARDNUMSUB", roomKeys(LOBBY).channel)).endsWith("2"),
      "both to be subscribed",
    );
    const wholes = () => here.news.filter(({ kind }) => kind === "whole").length;
    // It may be looking at the room this very moment, as it does whenever channels come back.
    await until(async () => {
      const before = wholes();
      await there.commit(post("one"));
      await until(() => here.last === there.last, "one");
      return wholes() === before;
    }, "one to be heard without looking");
  });

  it("[L5] started again without anything: everybody is told that it is lost, and it goes on with another log", {
    timeout: 30_000,
  }, async () => {
    const redis = await redisWith();
    const node = await EngineNode.open(redis.url);
    const hearing = await node.hear(LOBBY);
    await hearing.commit(hello("ada"), post("one"));
    const { log } = hearing;
    await redis.kill();
    await redis.start();
    await until(() => hearing.lost, "lost");
    await hearing.begin();
    expect(hearing.log).not.toBe(log);
    expect(briefly((await hearing.commit(hello("ada"), post("two"))).outcomes)).toEqual(["welcomed", "appended"]);
    expect(await node.engine.held()).toBe(1);
    expect(node.complaints.filter((line) => line.includes("Redis has lost what it had acknowledged"))).toHaveLength(1);
    await node.engine.tidy();
    expect(await redis.command("SMEMBERS", HOUSE.rooms)).toEqual([LOBBY]);
  });

  it("[L5] started again with what it had a while ago: another identity, also where others have said as much since", {
    timeout: 60_000,
  }, async () => {
    const redis = await redisWith();
    const relay = await relayTo(redis);
    const [seer, other] = [await EngineNode.open(relay.url), await EngineNode.open(redis.url)];
    const [a, b] = [await seer.hear(LOBBY), await other.hear(LOBBY)];
    await b.commit(post("saved"));
    await redis.command("SAVE");
    await a.commit(post("lost, seen by one"));
    await other.engine.catchUp(LOBBY);
    const { log } = a;
    relay.mode = "refuse";
    relay.cut();
    await redis.kill();
    await redis.start();
    // The other one has seen it too, and begins anew; by then there is more than there was.
    await until(() => b.lost, "lost");
    await b.begin();
    expect(b.log).not.toBe(log);
    relay.mode = "pass";
    await until(() => a.lost, "lost");
    await a.begin();
    expect(a.log).toBe(b.log);
    expect(await logOf(seer.engine)).toEqual(["clock", "saved"]);
  });

  it("[L5] a log that others went on with from an older state is not taken for the same", { timeout: 60_000 }, async () => {
    const redis = await redisWith();
    const relay = await relayTo(redis);
    const seer = await EngineNode.open(relay.url);
    const a = await seer.hear(LOBBY);
    await a.commit(post("saved"));
    await redis.command("SAVE");
    await a.commit(post("lost"), post("lost as well"));
    const { log } = a;
    relay.mode = "refuse";
    relay.cut();
    await redis.kill();
    await redis.start();
    // Somebody who knows nothing of it says more than was lost.
    const other = await EngineNode.open(redis.url);
    const b = await other.hear(LOBBY);
    expect(b.log).toBe(log);
    for (let count = 0; count < 5; count++) await b.commit(post(`since ${count}`));
    relay.mode = "pass";
    await until(() => a.lost && b.lost, "both to be told");
    await Promise.all([a.begin(), b.begin()]);
    expect(a.log).toBe(b.log);
    expect(a.log).not.toBe(log);
    expect(await logOf(seer.engine)).toEqual(["clock", "saved", "since 0", "since 1", "since 2", "since 3", "since 4"]);
  });
});
