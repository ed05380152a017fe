import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { RoomName } from "../../shared/room-name.ts";
import { EngineNode, type Hearing, until } from "../testing/engine-node.ts";
import {
  announce,
  briefly,
  chat,
  GRACE_MS,
  hello,
  helloAgain,
  idOf,
  linger,
  post,
  readAll,
  refuse,
  release,
  rename,
  texts,
} from "../testing/engine-samples.ts";
import { RedisRelay } from "../testing/redis-relay.ts";
import { RedisServer } from "../testing/redis-server.ts";
import type { Engine } from "./engine.ts";
import { HOUSE } from "./redis/keys.ts";
import { parseRedisUrl, type RedisPlace } from "./redis/redis-url.ts";
import { RedisEngine } from "./redis-engine.ts";

let redis: RedisServer;
let rooms = 0;
let room: RoomName;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.dispose());
beforeEach(async () => {
  await redis.flush(0);
  room = `room-${++rooms}` as RoomName;
});

const logOf = async (engine: Engine) => texts((await readAll(engine, room)).values());
const open = (parts = {}) => EngineNode.open(redis.url, parts);
/** So that nobody's words are the last that a room says, and nothing more comes for certain. */
async function settled(...hearings: Hearing[]): Promise<void> {
  const end = Math.max(...hearings.map(({ last }) => last));
  await until(() => hearings.every(({ last, lost }) => lost || last >= end), "everybody to hear everything");
}

async function relayed(parts = {}): Promise<{ node: EngineNode; relay: RedisRelay }> {
  const relay = await RedisRelay.open(redis.port);
  onTestFinished(() => relay.close());
  return { node: await EngineNode.open(relay.url, parts), relay };
}

/** Three nodes speak at once, each in a session of its own, while `meanwhile` disturbs them. */
async function storm(nodes: EngineNode[], rounds: number, meanwhile: (round: number) => unknown = () => {}): Promise<Hearing[]> {
  const hearings = await Promise.all(nodes.map((node) => node.hear(room)));
  const began = new Map(hearings.map((hearing) => [hearing, hearing.last]));
  await Promise.all(
    hearings.map(async (hearing, index) => {
      const name = `speaker-${index}`;
      await hearing.commit(hello(name));
      for (let seq = 1; seq <= rounds; seq++) {
        // Some that come and go without a word take their turn among them.
        if (seq % 7 === 0) await hearing.commit(hello(`guest-${index}-${seq}`));
        await Promise.all([hearing.commit(chat(name, 2 * seq - 1)), hearing.commit(chat(name, 2 * seq), post(`${index} ${seq}`))]);
        if (index === 0) await meanwhile(seq);
      }
    }),
  );
  await settled(...hearings);
  const all = await logOf((nodes[0] as EngineNode).engine);
  for (const hearing of hearings) {
    expect([hearing.faults, hearing.lost]).toEqual([[], false]);
    expect(hearing.texts).toEqual(all.slice(began.get(hearing)));
  }
  expect(all.filter((text) => text.startsWith("speaker-"))).toHaveLength(2 * rounds * nodes.length);
  const said = all.filter((text) => text !== "clock");
  expect(new Set(said).size).toBe(said.length);
  return hearings;
}

describe("several nodes on one Redis", () => {
  it("[L1, L7] each hears each chunk once, in order, its own among them", async () => {
    await storm([await open(), await open(), await open()], 60);
  });

  it("[L1, L7] also where the connection for what channels say is killed again and again", async () => {
    const hearings = await storm([await open(), await open(), await open()], 60, (round) =>
      round % 15 === 0 ? redis.command("CLIENT", "KILL", "TYPE", "pubsub") : undefined,
    );
    expect(hearings.some(({ news }) => news.filter(({ kind }) => kind === "whole").length > 1)).toBe(true);
  });

  it("[L1, L7] also where messages are lost on their way", async () => {
    const { node, relay } = await relayed({ roundMs: 500 });
    relay.loses = (message) => message % 5 === 3;
    await storm([await open(), node, await open()], 60);
    expect(relay.lost).toBeGreaterThan(10);
  });

  it("[L1, L7] also where what channels say overtakes the answers that tell what was missed", async () => {
    const { node, relay } = await relayed();
    relay.lagMs = 30;
    await storm([await open(), node, await open()], 24, async (round) => {
      if (round % 4 === 0) await redis.command("CLIENT", "KILL", "TYPE", "pubsub");
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
  });

  it("[L1, L7] also where all connections of one are cut", async () => {
    const { node, relay } = await relayed();
    await storm([await open(), node, await open()], 60, (round) => round % 20 === 0 && relay.cut());
  });

  it("[L1] the last message is heard also where it was lost on its way, and nobody says any more", async () => {
    const { node, relay } = await relayed({ roundMs: 500 });
    const [a, b] = [await (await open()).hear(room), await node.hear(room)];
    relay.loses = () => true;
    await a.commit(post("one"));
    await settled(a, b);
    expect(b.texts.at(-1)).toBe("one");
    expect(relay.lost).toBe(1);
  });

  it("[L1] what was said while nothing came from the channels is heard as soon as they are back, also if nobody says any more", async () => {
    // So seldom that nothing else finds it.
    const { node, relay } = await relayed({ lease: { forMs: 60_000, everyMs: 30_000 } });
    const [a, b] = [await (await open()).hear(room), await node.hear(room)];
    relay.mode = "refuse";
    await redis.command("CLIENT", "KILL", "TYPE", "pubsub");
    await a.commit(post("missed"));
    expect(b.texts).toEqual([]);
    relay.mode = "pass";
    await settled(a, b);
    expect(b.texts.at(-1)).toBe("missed");
  });

  it("[L1] rooms are looked after in turn, some at a time: what was lost in any of them is heard", { timeout: 40_000 }, async () => {
    const count = 30;
    const names = Array.from({ length: count }, (_, at) => `${room}-${at}` as RoomName);
    const other = await open({ lease: { forMs: 60_000, everyMs: 60_000 } });
    const { node, relay } = await relayed({ lease: { forMs: 4000, everyMs: 200 }, roundMs: 3000 });
    const hearings: Hearing[] = [];
    for (const name of names) hearings.push(await node.hear(name));
    relay.loses = () => true;
    for (const name of names) await other.engine.commit(name, [post("lost")]);
    await until(() => hearings.every(({ texts: heard }) => heard.at(-1) === "lost"), "all to be heard", 20_000);
    expect(relay.lost).toBe(count);
    await redis.command("CONFIG", "RESETSTAT");
    const calls = async (command: string) =>
      Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(String(await redis.command("INFO", "commandstats")))?.[1] ?? 0);
    // Each says that it runs once a pulse, and asks for a fifteenth of the rooms: not for all of them.
    await until(async () => (await calls("hmget")) >= count, "a round", 20_000);
    expect(await calls("zadd")).toBeGreaterThanOrEqual(count / 2 - 1);
  });

  it("[L1] catchUp waits for what was lost on its way", async () => {
    const { node, relay } = await relayed({ lease: { forMs: 60_000, everyMs: 30_000 } });
    const [a, b] = [await (await open()).hear(room), await node.hear(room)];
    relay.loses = () => true;
    await a.commit(post("one"));
    await node.engine.catchUp(room);
    expect(b.texts.at(-1)).toBe("one");
  });

  it("[L6] a gap is filled also in a log that was trimmed, after commits without a word", async () => {
    const small = { history: { packets: 10, days: 30 } };
    const { node, relay } = await relayed(small);
    const a = await (await open(small)).hear(room);
    for (let count = 0; count < 50; count++) await a.commit(post(`${count}`));
    const b = await node.hear(room);
    await b.commit(hello("ada"));
    relay.loses = () => relay.lost === 0;
    await a.commit(post("lost on its way"));
    await a.commit(post("arrives"));
    await settled(a, b);
    expect(b.texts).toEqual(["lost on its way", "arrives"]);
    expect([b.lost, relay.lost]).toEqual([false, 1]);
    expect(node.complaints).toEqual([]);
  });

  it("[L6] who was away for so long that not all is kept is told so, and that is nobody's fault", async () => {
    const small = { history: { packets: 10, days: 30 } };
    const { node, relay } = await relayed(small);
    const [a, b] = [await (await open(small)).hear(room), await node.hear(room)];
    relay.mode = "refuse";
    relay.cut();
    for (let count = 0; count < 50; count++) await a.commit(post(`${count}`));
    relay.mode = "pass";
    await until(() => b.lost, "lost");
    const { log } = a;
    await b.begin();
    expect(b.log).toBe(log);
    expect(node.complaints.filter((line) => line.includes("has lost"))).toEqual([]);
  });

  it("[S4] a nickname that two claim at once goes to one, and so does the last place", async () => {
    const [a, b] = [await (await open()).hear(room), await (await open()).hear(room)];
    for (let round = 0; round < 20; round++) {
      const nick = `Zoë ${round}`;
      const outcomes = await Promise.all([
        a.commit(hello(`a${round}`, { nick })),
        b.commit(hello(`b${round}`, { nick: nick.toUpperCase() })),
      ]);
      expect(outcomes.flatMap((committed) => briefly(committed.outcomes)).sort()).toEqual(["nick-taken", "welcomed"]);
    }
    const others = [await open(), await open(), await open()];
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        (others[index % 3] as EngineNode).engine.commit(`elsewhere-${index % 5}` as RoomName, [hello(`many-${index}`, { maxHeld: 30 })]),
      ),
    );
    const welcomed = outcomes.flatMap((committed) => briefly(committed.outcomes)).filter((kind) => kind === "welcomed");
    // 20 are in already. Who is refused while somebody else's place is only reserved may come again.
    expect(welcomed.length).toBeLessThanOrEqual(10);
    for (let index = 0; index < 30; index++)
      await others[0]?.engine.commit(`elsewhere-${index % 5}` as RoomName, [hello(`many-${index}`, { maxHeld: 30 })]);
    expect(await others[1]?.engine.held()).toBe(30);
  });

  it("[S14, S16] the same number sent through two nodes at once is in the log once", async () => {
    const [a, b] = [await (await open()).hear(room), await (await open()).hear(room)];
    await a.commit(hello("ada"));
    for (let seq = 1; seq <= 40; seq++) {
      const both = await Promise.all([a.commit(chat("ada", seq)), b.commit(chat("ada", seq))]);
      expect(both.flatMap(({ outcomes }) => briefly(outcomes)).sort()).toEqual(["appended", "duplicate"]);
    }
    await settled(a, b);
    expect(a.texts).toEqual(b.texts);
    expect(a.texts.filter((text) => text.startsWith("ada"))).toHaveLength(40);
  });

  it("[H7] where the numbers of a session's last commit are in the log is known at every node, as far as runs of them are remembered", async () => {
    const [a, b] = [await open(), await open()];
    await a.engine.commit(room, [hello("ada"), hello("bo")]);
    const known = () => b.engine.offsets(idOf("ada"));
    await a.engine.commit(room, [chat("ada", 1)]);
    const { outcomes } = await a.engine.commit(room, [post("between"), chat("ada", 2), chat("ada", 3), post("between"), chat("ada", 4)]);
    const offsets = outcomes.map((outcome) => (outcome as { offset: number }).offset);
    expect(await known()).toEqual(new Map([1, 2, 4].map((index, at) => [at + 2, offsets[index]])));
    await a.engine.commit(room, [refuse("ada", 5)]);
    expect(await known()).toEqual(new Map());
    const many = Array.from({ length: 20 }, (_, index) => [post("between"), chat("ada", 6 + index)]).flat();
    await a.engine.commit(room, many);
    expect([...(await known()).keys()]).toEqual(Array.from({ length: 16 }, (_, index) => 10 + index));
    for (const nobody of ["bo", "nobody"]) expect(await b.engine.offsets(idOf(nobody))).toEqual(new Map());
  });

  it("[S16, S40] a session that says hello elsewhere is looked after there: what its old node still does for it is stale", async () => {
    const [nodeA, nodeB] = [await open(), await open()];
    const [a, b] = [await nodeA.hear(room), await nodeB.hear(room)];
    await a.commit(hello("ada"), announce({ joined: ["ada"] }));
    await b.commit(helloAgain("ada", { carrier: "stream" }));
    expect(
      briefly(
        (await a.commit(chat("ada", 1, { turn: 1 }), release("ada"), linger("ada", GRACE_MS), rename("ada", "eve", { turn: 1 }))).outcomes,
      ),
    ).toEqual(["stale", "stale", "stale", "stale"]);
    expect(briefly((await a.commit(announce({ left: ["ada"] }))).outcomes)).toEqual(["stale"]);
    expect(a.news.flatMap((news) => (news.kind === "changed" ? news.taken : []))).toEqual([{ session: idOf("ada"), by: "stream" }]);
    expect(briefly((await b.commit(chat("ada", 1, { turn: 2 }), release("ada"), announce({ left: ["ada"] }))).outcomes)).toEqual([
      "appended",
      "noted",
      "appended",
    ]);
  });

  it("[S4] news say who came, who went and who is there, in step with what is said", async () => {
    const [a, b] = [await (await open()).hear(room), await (await open()).hear(room)];
    await a.commit(hello("ada"), hello("bob"), post("both are here"));
    await a.commit(rename("ada", "eve", { silent: true }));
    await a.commit(release("bob"), announce({ left: ["bob"] }));
    await settled(a, b);
    const changed = () => b.news.flatMap((news) => (news.kind === "changed" ? [news] : []));
    await until(() => changed().length === 3, "three changes");
    expect(changed().map(({ came, went }) => [came.map(({ nick }) => nick).sort(), went])).toEqual([
      [["ada", "bob"], []],
      [["eve"], ["ada"]],
      [[], ["bob"]],
    ]);
    const c = await (await open()).hear(room);
    expect(c.whole?.present.map(({ nick, own }) => [nick, own])).toEqual([["eve", false]]);
  });
});

describe("a node that dies", () => {
  it("[S28, D6] its sessions go to exactly one other, after its lease; it finds out when it is back, and what it does for them is stale", async () => {
    const { node, relay } = await relayed();
    const dead = await node.hear(room);
    await dead.commit(...["ada", "bob", "eve"].map((name) => hello(name)), announce({ joined: ["ada", "bob", "eve"] }));
    const others = [await open(), await open()];
    relay.mode = "refuse";
    relay.cut();
    await until(() => others.some(({ adopted }) => adopted.length > 0), "its sessions to be adopted");
    await until(() => !node.engine.well, "it to notice");
    relay.mode = "pass";
    await node.becomes(true);
    await until(() => dead.whole?.present.length === 3 && dead.whole.present.every(({ own }) => !own), "it to find out");
    expect(others.map(({ adopted }) => adopted.length).sort()).toEqual([0, 3]);
    expect(briefly((await dead.commit(release("ada"), announce({ left: ["ada"] }))).outcomes)).toEqual(["stale", "stale"]);
    expect(node.adopted).toEqual([]);
    expect(node.complaints).toHaveLength(2);
  });

  it("[D6] one that stops gives them up at once", async () => {
    const node = await open({ lease: { forMs: 60_000, everyMs: 200 } });
    const other = await open({ lease: { forMs: 60_000, everyMs: 200 } });
    await node.engine.commit(room, [hello("ada")]);
    await node.engine.close();
    await until(() => other.adopted.length === 1, "ada to be adopted");
  });

  it("[D6] nobody loses anybody where Redis was away for longer than the lease, also who comes back a little later", {
    timeout: 40_000,
  }, async () => {
    const lease = { forMs: 4000, everyMs: 300 };
    const { node: late, relay } = await relayed({ lease });
    const early = await open({ lease });
    const nodes = [late, early];
    const hearings = await Promise.all(nodes.map((node) => node.hear(room)));
    await Promise.all(hearings.map((hearing, index) => hearing.commit(hello(`one-${index}`))));
    // So that each has seen the other one.
    await until(async () => Number(await redis.command("ZCARD", HOUSE.nodes)) === 2, "both to run");
    // Nothing that it asked for arrives with Redis' coming back.
    relay.mode = "refuse";
    relay.cut();
    redis.freeze();
    try {
      await Promise.all(nodes.map((node) => node.becomes(false)));
      // Until both leases have run out.
      await new Promise((resolve) => setTimeout(resolve, 4500));
    } finally {
      redis.thaw();
    }
    await early.becomes(true);
    await early.engine.commit(room, [post("it goes on")]);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    relay.mode = "pass";
    await late.becomes(true);
    // Longer than what each is given.
    await new Promise((resolve) => setTimeout(resolve, 4500));
    expect(nodes.flatMap(({ adopted }) => adopted)).toEqual([]);
    for (const [index, hearing] of hearings.entries())
      expect(briefly((await hearing.commit(release(`one-${index}`))).outcomes)).toEqual(["noted"]);
  });

  it("[S4] places that a node has reserved count while it runs, and not when it is dead", async () => {
    const node = await open();
    await redis.command("HSET", HOUSE.reserved, "another", "7:5");
    await redis.command("ZADD", HOUSE.nodes, `${Date.now() + 60_000}`, "another");
    expect(briefly((await node.engine.commit(room, [hello("ada", { maxHeld: 5 })])).outcomes)).toEqual(["full"]);
    await redis.command("ZADD", HOUSE.nodes, `${Date.now() - 1000}`, "another");
    expect(briefly((await node.engine.commit(room, [hello("ada", { maxHeld: 5 })])).outcomes)).toEqual(["welcomed"]);
  });

  it("[S4] what it had not noted of places when it died is put right", async () => {
    const node = await open();
    await node.engine.commit(room, [hello("ada"), hello("bob"), hello("eve"), release("eve")]);
    // As if it had died between the commit and that: ada's place is not noted, nor her room; eve's is not given back, and somebody was never let in.
    await redis.commands([
      ["SREM", HOUSE.places, idOf("ada")],
      ["HDEL", HOUSE.sessions, idOf("ada")],
      ["SADD", HOUSE.places, idOf("eve"), idOf("nobody")],
      ["HSET", HOUSE.sessions, idOf("stranger"), room],
    ]);
    await node.engine.tidy();
    expect(((await redis.command("SMEMBERS", HOUSE.places)) as string[]).sort()).toEqual([idOf("ada"), idOf("bob")].sort());
    expect((await node.engine.find(idOf("ada")))?.nick).toBe("ada");
    expect(await redis.command("HGET", HOUSE.sessions, idOf("stranger"))).toBeNull();
  });

  it("[S4] what it had reserved is free again, and places and sessions agree, whenever it died", async () => {
    // Killed at any moment: each round another one, cut off in the middle of what it does.
    for (let round = 0; round < 6; round++) {
      const relay = await RedisRelay.open(redis.port);
      const engine = await RedisEngine.start({
        place: parseRedisUrl(relay.url) as RedisPlace,
        clock: { now: () => performance.now(), wall: () => Date.now(), after: () => () => {}, soon: (run) => void setImmediate(run) },
        history: { packets: 1000, days: 30 },
        log: { warn() {}, error() {} },
        lease: { forMs: 300, everyMs: 100 },
      });
      const commits = Array.from({ length: 40 }, (_, index) => {
        const name = `r${round}-${index}`;
        return engine
          .commit(`den-${index % 3}` as RoomName, index % 4 === 3 ? [hello(name), release(name)] : [hello(name)])
          .catch(() => {});
      });
      await Promise.race(commits.slice(3 * round, 3 * round + 1));
      relay.mode = "refuse";
      relay.cut();
      await engine.close();
      await relay.close();
    }
    const survivor = await open();
    await until(async () => Number(await redis.command("ZCOUNT", HOUSE.nodes, `${Date.now()}`, "+inf")) === 1, "their leases to run out");
    await survivor.engine.tidy();
    let held = 0;
    for (let den = 0; den < 3; den++) {
      const hearing = await survivor.hear(`den-${den}` as RoomName);
      held += hearing.whole?.present.length ?? 0;
    }
    expect(held).toBeGreaterThan(5);
    expect(await survivor.engine.held()).toBe(held);
    const outcomes = [];
    for (const name of ["x", "y"])
      outcomes.push(...briefly((await survivor.engine.commit(room, [hello(name, { maxHeld: held + 1 })])).outcomes));
    expect(outcomes).toEqual(["welcomed", "full"]);
  });
});
