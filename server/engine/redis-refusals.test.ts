import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { RoomName } from "../../shared/room-name.ts";
import { EngineNode, until } from "../testing/engine-node.ts";
import { briefly, chat, hello, idOf, LOBBY, post, readAll, release, texts } from "../testing/engine-samples.ts";
import { RedisServer } from "../testing/redis-server.ts";
import { type Engine, EngineError } from "./engine.ts";
import { HOUSE, roomKeys } from "./redis/keys.ts";

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

const logOf = async (engine: Engine, room = LOBBY) => texts((await readAll(engine, room)).values());
const newRooms = (function* (): Generator<RoomName, never> {
  for (let count = 0; ; count++) yield `room-${count}` as RoomName;
})();

describe("Redis refuses for a while:", () => {
  type Refusal = {
    readonly what: string;
    readonly settings?: string[];
    readonly url?: (redis: RedisServer) => string;
    readonly begins: (redis: RedisServer) => Promise<unknown>;
    readonly ends: (redis: RedisServer) => Promise<unknown>;
    readonly says: RegExp;
    /** What is asked for is tried again and again before it fails. */
    readonly isSlow?: boolean;
    /** Nobody meets it but the one who looks whether all is well. */
    readonly isUnseen?: boolean;
    readonly isLooked?: boolean;
  };
  const killAll = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];
  const killPubsub = ["CLIENT", "KILL", "TYPE", "pubsub"];
  const ALL = "+@all";
  const acl = (redis: RedisServer, ...rules: string[]) =>
    redis.command("ACL", "SETUSER", "chat", "reset", "on", ">secret", "~palabre:*", "&palabre:*", ...rules);
  const keys = roomKeys(LOBBY);
  const wrongType = (key: string): Refusal => ({
    what: `${key} holds something else`,
    begins: (redis) =>
      redis.commands([
        ["COPY", key, "aside", "REPLACE"],
        ["DEL", key],
        key.endsWith(":log") ? ["SET", key, "x"] : ["XADD", key, "*", "x", "y"],
      ]),
    ends: (redis) =>
      redis.commands([
        ["DEL", key],
        ["COPY", "aside", key],
      ]),
    says: /A key of Palabre's holds something else/,
    isUnseen: key === HOUSE.nodes,
    isLooked: key === keys.claims || key === HOUSE.places,
  });
  const refusals: Refusal[] = [
    {
      what: "it asks for a password from now on",
      begins: (redis) => redis.commands([["CONFIG", "SET", "requirepass", "hush"], killPubsub, killAll]),
      ends: (redis) => redis.commands([["CONFIG", "SET", "requirepass", ""]], { password: "hush" }),
      says: /Redis asks for a password/,
    },
    {
      what: "the user may not append any more",
      url: (redis) => `redis://chat:secret@127.0.0.1:${redis.port}`,
      begins: (redis) => acl(redis, ALL, "-xadd"),
      ends: (redis) => acl(redis, ALL),
      says: /Redis does not let this user/,
    },
    {
      what: "the user may not use the channels any more",
      url: (redis) => `redis://chat:secret@127.0.0.1:${redis.port}`,
      begins: (redis) => acl(redis, ALL, "resetchannels"),
      ends: (redis) => acl(redis, ALL),
      says: /Redis does not let this user/,
    },
    {
      what: "it becomes a replica",
      begins: (redis) => redis.command("REPLICAOF", "127.0.0.1", "1"),
      ends: (redis) => redis.command("REPLICAOF", "NO", "ONE"),
      says: /Redis is read-only|Redis is changing its primary/,
      isSlow: true,
    },
    {
      what: "it is out of memory",
      begins: (redis) => redis.command("CONFIG", "SET", "maxmemory", "1mb"),
      ends: (redis) => redis.command("CONFIG", "SET", "maxmemory", "0"),
      says: /Redis is out of memory/,
    },
    {
      what: "it cannot write to its disk",
      settings: ["--appendonly", "no"],
      async begins(redis) {
        await mkdir(join(redis.folder, "dump.rdb", "in the way"), { recursive: true });
        await redis.commands([["CONFIG", "SET", "save", "3600 100000"], ["BGSAVE"]]);
        await until(async () => /rdb_last_bgsave_status:err/.test(String(await redis.command("INFO", "persistence"))), "BGSAVE to fail");
      },
      async ends(redis) {
        await rmdir(join(redis.folder, "dump.rdb", "in the way"));
        await rmdir(join(redis.folder, "dump.rdb"));
        await redis.command("BGSAVE");
        await until(async () => /rdb_last_bgsave_status:ok/.test(String(await redis.command("INFO", "persistence"))), "BGSAVE to succeed");
      },
      says: /Redis cannot write to its disk/,
    },
    ...[keys.log, keys.state, keys.sessions, keys.claims, keys.done, keys.care, keys.ended].map(wrongType),
    ...[HOUSE.nodes, HOUSE.logs, HOUSE.rooms, HOUSE.sessions, HOUSE.places, HOUSE.reserved].map(wrongType),
  ];

  it.each(refusals)("$what", { timeout: 40_000 }, async ({ settings = [], url, begins, ends, says, isSlow, isUnseen, isLooked }) => {
    const redis = await redisWith(...settings);
    if (url !== undefined) await acl(redis, ALL);
    const node = await EngineNode.open(url?.(redis) ?? redis.url);
    const hearing = await node.hear(LOBBY);
    await hearing.commit(hello("ada"), hello("bob"), release("bob"), post("before"));
    let seq = 0;
    /** One round of all that people do; gives whether all of it was kept. */
    const round = async () => {
      const name = `guest ${Math.random()}`;
      const tried = await Promise.allSettled([
        hearing.commit(chat("ada", seq + 1), post("and")),
        hearing.commit(hello(name), release(name)),
        node.engine.open(newRooms.next().value),
      ]);
      const [said] = tried;
      if (said.status === "fulfilled") {
        const [kind] = briefly(said.value.outcomes);
        expect(["appended", "duplicate"]).toContain(kind);
        seq++;
      }
      for (const one of tried) if (one.status === "rejected") expect(one.reason).toBeInstanceOf(EngineError);
      return tried.every(({ status }) => status === "fulfilled");
    };
    expect(await round()).toBe(true);
    await begins(redis);
    const failed = isUnseen ? undefined : until(async () => !(await round()), "something to fail");
    await until(() => !node.engine.well, "it to show", 15_000);
    if (!isUnseen) await failed;
    if (!isSlow) await round();
    // Also after it has looked whether it is over.
    if (isLooked) await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(node.engine.well).toBe(false);
    await ends(redis);
    await node.becomes(true);
    await until(round, "all to be kept again");
    const { complaints } = node;
    expect(complaints[0]).toMatch(/^error: the log cannot be written/);
    expect(complaints.join("\n")).toMatch(says);
    expect(complaints.at(-1)).toBe("warn: the log can be written again");
    expect(complaints.length).toBeLessThanOrEqual(3);
    expect(complaints.join()).not.toMatch(/secret|hush|user_script|\n {4}at /);
    await node.engine.catchUp(LOBBY);
    expect([hearing.faults, hearing.lost]).toEqual([[], false]);
    const log = await logOf(node.engine);
    expect(log.filter((text) => text.startsWith("ada "))).toEqual(Array.from({ length: seq }, (_, at) => `ada ${at + 1}`));
    expect(hearing.last).toBe(log.length);
    expect((await node.engine.find(idOf("ada")))?.seq).toBe(seq);
    await node.engine.tidy();
    expect(await node.engine.held()).toBe(1);
  });
});
