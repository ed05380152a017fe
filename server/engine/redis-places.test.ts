import { afterEach, describe, expect, it } from "vitest";
import type { RoomName } from "../../shared/room-name.ts";
import { EngineNode, until } from "../testing/engine-node.ts";
import { announce, briefly, chat, hello, idOf, LOBBY, post, readAll, release, rename, texts } from "../testing/engine-samples.ts";
import { RedisServer } from "../testing/redis-server.ts";
import type { Engine } from "./engine.ts";

const servers: RedisServer[] = [];
const rejections: unknown[] = [];
process.on("unhandledRejection", (error) => rejections.push(error));
afterEach(async () => {
  for (const server of servers.splice(0)) await server.dispose();
  expect(rejections).toEqual([]);
});

const logOf = async (engine: Engine, room = LOBBY) => texts((await readAll(engine, room)).values());

/** A primary, a replica of it, and a sentinel that watches over both. */
async function watched(): Promise<{ primary: RedisServer; replica: RedisServer; sentinel: RedisServer; url: string }> {
  const primary = await RedisServer.start();
  servers.push(primary);
  const replica = await RedisServer.start("--replicaof", `127.0.0.1 ${primary.port}`);
  servers.push(replica);
  await until(async () => /master_link_status:up/.test(String(await replica.command("INFO", "replication"))), "the replica to follow");
  const sentinel = await RedisServer.startSentinel(primary);
  servers.push(sentinel);
  await until(async () => /slaves=1/.test(String(await sentinel.command("INFO", "sentinel"))), "the sentinel to see both", 30_000);
  return { primary, replica, sentinel, url: `redis+sentinel://127.0.0.1:${sentinel.port}/main` };
}

describe("Sentinel", () => {
  it("[D6, L7] another primary takes over: it goes on by itself, and nothing that was acknowledged is lost where replicas are waited for", {
    timeout: 90_000,
  }, async () => {
    const { primary, replica, url } = await watched();
    const nodes = [await EngineNode.open(url, { replicas: 1 }), await EngineNode.open(url, { replicas: 1 })];
    const [a, b] = await Promise.all(nodes.map((node) => node.hear(LOBBY)));
    if (a === undefined || b === undefined) throw new Error("no nodes");
    await a.commit(hello("ada"));
    for (let seq = 1; seq <= 20; seq++) await a.commit(chat("ada", seq));
    await primary.kill();
    await nodes[0]?.becomes(false);
    await until(async () => /role:master/.test(String(await replica.command("INFO", "replication"))), "the replica to take over", 30_000);
    // There is no replica left: what is asked for is kept, and not acknowledged before there is one again.
    let acknowledged = false;
    const refused = () =>
      a.commit(chat("ada", 21)).then(
        () => {
          acknowledged = true;
          return true;
        },
        (error: Error) => error.message.startsWith("Only 0 replicas of Redis answer"),
      );
    await until(refused, "it to say that there is no replica", 30_000);
    expect(acknowledged).toBe(false);
    expect(nodes[0]?.engine.well).toBe(false);
    await primary.start();
    await primary.command("REPLICAOF", "127.0.0.1", `${replica.port}`);
    await until(
      async () => /master_link_status:up/.test(String(await primary.command("INFO", "replication"))),
      "the old primary to follow",
      30_000,
    );
    await Promise.all(nodes.map((node) => node.becomes(true, 30_000)));
    const [kind] = briefly((await a.commit(chat("ada", 21))).outcomes);
    expect(["appended", "duplicate"]).toContain(kind);
    await Promise.all(nodes.map((node) => node.engine.catchUp(LOBBY)));
    const log = await logOf((nodes[1] as EngineNode).engine);
    expect(log.filter((text) => text !== "clock")).toEqual(Array.from({ length: 21 }, (_, at) => `ada ${at + 1}`));
    for (const hearing of [a, b]) expect([hearing.faults, hearing.lost, hearing.last]).toEqual([[], false, log.length]);
  });

  it("[L5] where they are not waited for, what the other primary does not have is lost, and everybody is told", {
    timeout: 90_000,
  }, async () => {
    const { primary, replica, sentinel, url } = await watched();
    const node = await EngineNode.open(url);
    const hearing = await node.hear(LOBBY);
    await hearing.commit(post("kept"));
    await until(async () => (await replica.command("HGET", "palabre:{room:lobby}:state", "last")) === "2", "the replica to have it");
    const { log } = hearing;
    replica.freeze();
    await hearing.commit(post("lost"), post("lost as well"));
    await primary.kill();
    replica.thaw();
    await until(async () => /role:master/.test(String(await replica.command("INFO", "replication"))), "the replica to take over", 30_000);
    if ((await replica.command("HGET", "palabre:{room:lobby}:state", "last")) === "4") return; // it was in its socket already, and is not lost
    await node.becomes(true, 30_000);
    await until(() => hearing.lost, "lost");
    await hearing.begin();
    expect(hearing.log).not.toBe(log);
    await hearing.commit(post("goes on"));
    expect(await logOf(node.engine)).toEqual(["clock", "kept", "goes on"]);
    expect(await sentinel.command("PING")).toBe("PONG");
  });

  it("[D6] a failover that is asked for is a hiccup", { timeout: 90_000 }, async () => {
    const { replica, sentinel, url } = await watched();
    const node = await EngineNode.open(url);
    const other = await EngineNode.open(url);
    const [a, b] = [await node.hear(LOBBY), await other.hear(LOBBY)];
    await a.commit(hello("ada"), chat("ada", 1));
    await until(
      async () => {
        try {
          return (await sentinel.command("SENTINEL", "FAILOVER", "main")) === "OK";
        } catch {
          return false; // it does not know the replica well enough yet
        }
      },
      "a failover",
      30_000,
    );
    await until(async () => /role:master/.test(String(await replica.command("INFO", "replication"))), "the replica to take over", 30_000);
    await until(
      () =>
        a.commit(chat("ada", 2)).then(
          ({ outcomes }) => ["appended", "duplicate"].includes(briefly(outcomes)[0] as string),
          () => false,
        ),
      "it to go on",
      30_000,
    );
    await Promise.all([node.becomes(true, 30_000), other.becomes(true, 30_000)]);
    await a.commit(chat("ada", 3));
    await until(() => b.texts.includes("ada 3"), "the other node to hear it");
    expect((await logOf(other.engine)).filter((text) => text !== "clock")).toEqual(["ada 1", "ada 2", "ada 3"]);
    expect([a.faults, b.faults, a.lost, b.lost]).toEqual([[], [], false, false]);
  });
});

describe("a cluster", () => {
  it("[L1, S4] rooms are spread over it, and all is as on one", { timeout: 60_000 }, async () => {
    const cluster = await RedisServer.startCluster();
    servers.push(...cluster);
    const url = `redis+cluster://127.0.0.1:${cluster[0]?.port},127.0.0.1:${cluster[1]?.port}`;
    const nodes = [await EngineNode.open(url), await EngineNode.open(url)];
    const rooms = Array.from({ length: 9 }, (_, at) => `room-${at}` as RoomName);
    await Promise.all(
      rooms.map(async (room) => {
        const [a, b] = await Promise.all(nodes.map((node) => node.hear(room)));
        if (a === undefined || b === undefined) throw new Error("no nodes");
        await Promise.all([a.commit(hello(`ada ${room}`), announce({ joined: [`ada ${room}`] })), b.commit(hello(`bob ${room}`))]);
        for (let seq = 1; seq <= 10; seq++)
          await Promise.all([a.commit(chat(`ada ${room}`, seq)), b.commit(chat(`bob ${room}`, seq), post(`${seq}`))]);
        await b.commit(rename(`bob ${room}`, `eve ${room}`), release(`bob ${room}`), announce({ left: [`bob ${room}`] }));
        await until(() => a.last === b.last, "both to hear all");
        const log = await logOf((nodes[0] as EngineNode).engine, room);
        expect(a.texts).toEqual(log);
        expect(b.texts).toEqual(log);
        expect([a.faults, b.faults]).toEqual([[], []]);
      }),
    );
    const sizes = await Promise.all(cluster.map(async (server) => Number(await server.command("DBSIZE"))));
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(await nodes[0]?.engine.held()).toBe(9);
    await nodes[0]?.engine.tidy();
    expect(await nodes[1]?.engine.held()).toBe(9);
    expect(await nodes[0]?.engine.adopt()).toEqual([]);
    expect((await nodes[1]?.engine.find(idOf("ada room-3")))?.room).toBe("room-3");
    await nodes[0]?.engine.close();
    await until(() => nodes[1]?.adopted.length === 9, "the other node to adopt all");
    expect(nodes.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
});
