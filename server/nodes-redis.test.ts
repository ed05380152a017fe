import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ask } from "./testing/ask.ts";
import { longPolling, webSocket } from "./testing/company.ts";
import type { House } from "./testing/house.ts";
import { chat } from "./testing/member.ts";
import { Nodes } from "./testing/nodes.ts";
import { RedisRelay } from "./testing/redis-relay.ts";
import { RedisServer } from "./testing/redis-server.ts";

/** Longer than a commit waits, and than it takes to notice. */
const WITHIN = { timeout: 15_000, interval: 50 };

describe("two nodes whose Redis, or the way to it, fails", { timeout: 60_000 }, () => {
  let redis: RedisServer;
  let relay: RedisRelay;
  let nodes: Nodes;
  /** The second goes through the relay. */
  let a: House;
  let b: House;

  beforeEach(async () => {
    redis = await RedisServer.start("--appendonly", "yes", "--appendfsync", "always");
    relay = await RedisRelay.open(redis.port);
    nodes = new Nodes(redis, { RATE_BURST: "0", HEARTBEAT_MS: "1000" });
    a = await nodes.open();
    b = await nodes.open(relay);
  }, 30_000);

  afterEach(async () => {
    await nodes.stop();
    await relay.close();
    await redis.dispose();
  }, 30_000);

  const readyz = async (house: House) => (await ask(house, "GET", "/readyz")).status;
  const isReady = (house: House, status: number) => vi.waitFor(async () => expect(await readyz(house)).toBe(status), WITHIN);

  it("[X5, S44, L7] Redis frozen: senders are told when to come back, listeners stay, and all that was acknowledged is there, once", async () => {
    const bob = await nodes.joins(webSocket, a, "bob", "frozen");
    const alice = await nodes.joins(longPolling, a, "alice", "frozen");
    await alice.speaks("one");
    await bob.hears("one");
    redis.freeze();
    const refused = await ask(a, "POST", "/poll?seq=2&turn=1", { session: alice.session, body: [chat("alice", "two")] });
    expect(refused.status).toBe(500);
    expect(refused.told).toMatchObject([{ type: "error", code: "internal", retryAfter: expect.any(Number) }]);
    expect(await ask(a, "POST", "/poll?seq=2&turn=1", { session: alice.session, body: [chat("alice", "two")] })).toMatchObject({
      status: 500,
    });
    for (const house of [a, b]) await isReady(house, 503);
    const carol = nodes.somebody(webSocket, b, "carol", "frozen");
    expect(await carol.comes()).toMatchObject({ type: "error", code: "internal", retryAfter: expect.any(Number) });
    expect(bob.end).toBeUndefined();
    redis.thaw();
    for (const house of [a, b]) await isReady(house, 200);
    // What had no answer may have been kept: said again under its number, it is there once.
    await vi.waitFor(async () => {
      const again = await ask(b, "POST", "/poll?seq=2&turn=1", { session: alice.session, body: [chat("alice", "two")] });
      expect(again.told).toMatchObject([{ type: "ack", seq: 2 }]);
    }, WITHIN);
    await bob.speaks("three");
    await bob.hears("three");
    expect(bob.heard()).toEqual(["one", "two", "three"]);
    expect(bob.end).toBeUndefined();
    expect(bob.told.filter(({ type }) => type === "left")).toEqual([]);
  });

  it("[L7, S28] Redis killed and started again with what it had flushed: everybody stays, nobody is said to have left", async () => {
    const [alice, bob] = [await nodes.joins(webSocket, a, "alice", "killed"), await nodes.joins(webSocket, b, "bob", "killed")];
    for (let number = 0; number < 20; number++) await alice.speaks(`before ${number}`);
    await redis.kill();
    await redis.start();
    for (const house of [a, b]) await isReady(house, 200);
    await bob.speaks("after");
    await alice.hears("after");
    await bob.hears("before 19");
    expect(alice.heard()).toEqual([...Array.from({ length: 20 }, (_, number) => `before ${number}`), "after"]);
    expect(bob.heard()).toEqual(alice.heard());
    expect([alice.end, bob.end]).toEqual([undefined, undefined]);
    expect(alice.told.filter(({ type }) => type === "left")).toEqual([]);
  });

  it("[L1] a node that is cut off from Redis takes nothing in and says so; the room goes on elsewhere, and its people hear it when it is back", async () => {
    const [alice, bob] = [await nodes.joins(webSocket, a, "alice", "cut-off"), await nodes.joins(webSocket, b, "bob", "cut-off")];
    relay.mode = "refuse";
    relay.cut();
    await alice.speaks("does anybody hear me?");
    await isReady(b, 503);
    expect(await readyz(a)).toBe(200);
    const carol = nodes.somebody(webSocket, b, "carol", "cut-off");
    expect(await carol.comes()).toMatchObject({ type: "error", code: "internal" });
    const dave = await nodes.joins(webSocket, a, "dave", "cut-off");
    await dave.speaks("I do");
    expect(bob.heard()).toEqual([]);
    expect(bob.end).toBeUndefined();
    relay.mode = "pass";
    await isReady(b, 200);
    await bob.hears("I do");
    await bob.speaks("and now I do, too");
    await alice.hears("and now I do, too");
    for (const member of [alice, bob]) expect(member.heard()).toEqual(["does anybody hear me?", "I do", "and now I do, too"]);
    expect(alice.told.filter(({ type }) => type === "left")).toEqual([]);
  });
});
