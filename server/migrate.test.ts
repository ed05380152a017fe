import { rm } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "./clock.ts";
import { DataDirectory } from "./engine/data-directory.ts";
import { openDiskStore } from "./engine/disk-store.ts";
import { EmbeddedEngine } from "./engine/embedded.ts";
import type { Chunk, Engine } from "./engine/engine.ts";
import { parseRedisUrl, type RedisPlace } from "./engine/redis/redis-url.ts";
import { RedisEngine } from "./engine/redis-engine.ts";
import { newDataDir, runCommand, runServer } from "./testing/command.ts";
import {
  announce,
  chat,
  DEN,
  hello,
  helloAgain,
  idOf,
  LOBBY,
  linger,
  one,
  post,
  readAll,
  refuse,
  release,
  texts,
} from "./testing/engine-samples.ts";
import { RedisServer } from "./testing/redis-server.ts";
import { WebSocketMember } from "./testing/websocket-member.ts";

const HISTORY = { packets: 1000, days: 30 };
const log = { warn() {}, error() {} };

let server: RedisServer;
let path: string;
beforeEach(async () => {
  server = await RedisServer.start();
  path = newDataDir();
});
afterEach(async () => {
  await server.dispose();
  await rm(path, { recursive: true, force: true });
});

async function embedded(): Promise<Engine> {
  const store = await openDiskStore(await DataDirectory.open(path), { durability: "disk", log });
  return EmbeddedEngine.start({ store, clock: systemClock, history: HISTORY, log });
}

function onRedis(): Promise<RedisEngine> {
  return RedisEngine.start({ place: parseRedisUrl(server.url) as RedisPlace, clock: systemClock, history: HISTORY, log });
}

const migrate = (more: Record<string, string> = {}) => runCommand(["migrate"], { DATA_DIR: path, REDIS_URL: server.url, ...more });

function plain(chunks: readonly Chunk[]): string {
  return Buffer.concat(chunks.map(({ octets }) => octets)).toString("latin1");
}

it("copies logs with their identities and offsets, and sessions with all that is known of them", async () => {
  let engine = await embedded();
  const people = ["alice", "bob", "carol", "dave"];
  await engine.commit(LOBBY, [...people.map((name) => hello(name)), announce({ joined: people })]);
  await engine.commit(LOBBY, [
    chat("alice", 1),
    refuse("alice", 2),
    linger("bob", 5000),
    release("carol"),
    release("dave"),
    announce({ left: ["dave"] }),
  ]);
  await engine.commit(DEN, [hello("erin"), ...Array.from({ length: 2500 }, (_, index) => post(`post ${index} ${"x".repeat(500)}`))]);
  const rooms = [LOBBY, DEN];
  const names = [...people, "erin"];
  const before = {
    logs: await Promise.all(rooms.map((room) => engine.open(room))),
    octets: await Promise.all(rooms.map(async (room) => plain(await engine.read(room, 0, 1e9)))),
    sessions: await Promise.all(names.map((name) => engine.find(idOf(name)))),
    held: await engine.held(),
  };
  await engine.close();
  const kept = before.logs.reduce((sum, { first, last }) => sum + last - first + 1, 0);

  expect(await migrate()).toMatchObject({ status: 0, stdout: expect.stringContaining(`2 rooms, ${kept} packets and 5 sessions`) });

  engine = await onRedis();
  expect(await Promise.all(rooms.map((room) => engine.open(room)))).toEqual(before.logs);
  expect(await Promise.all(rooms.map(async (room) => plain(await engine.read(room, 0, 1e9))))).toEqual(before.octets);
  expect(await Promise.all(names.map((name) => engine.find(idOf(name))))).toEqual(before.sessions);
  expect(await engine.held()).toBe(before.held);
  // Nobody looks after them yet, and each is handed over once.
  expect((await engine.adopt()).map(({ session }) => session).sort()).toEqual(["alice", "bob", "carol", "erin"].map(idOf).sort());
  expect(await one(engine, LOBBY, helloAgain("alice"))).toMatchObject({ resumed: true, record: { turn: 2, seq: 2 } });
  expect(await one(engine, LOBBY, hello("zoe", { nick: "bob" }))).toMatchObject({ kind: "refused" });
  expect(await one(engine, LOBBY, chat("alice", 2, { turn: 2 }))).toEqual({ kind: "duplicate" });
  expect(await one(engine, LOBBY, chat("alice", 3, { turn: 2 }))).toMatchObject({ kind: "appended" });
  expect(texts((await readAll(engine, LOBBY)).values()).at(-1)).toBe("alice 3");
  await engine.close();
}, 60_000);

it("people go on where they were, on two nodes instead of one server: nothing lost, nothing twice, nobody said to have left", async () => {
  const open = { RATE_BURST: "0" };
  const before = await runServer({ ...open, DATA_DIR: path });
  const [alice, bob] = [new WebSocketMember(before, "alice", "moving"), new WebSocketMember(before, "bob", "moving")];
  for (const member of [alice, bob]) await member.comes();
  await alice.speaks("one");
  await bob.hears("one");
  for (const member of [alice, bob]) member.drops();
  before.kill("SIGTERM");
  await before.ended;
  expect(await migrate()).toMatchObject({ status: 0 });

  const after = await Promise.all([1, 2].map(() => runServer({ ...open, REDIS_URL: server.url })));
  const back = [alice, bob].map(
    (member, index) => new WebSocketMember(after[index] as { port: number }, member.nick, "moving", member.session),
  );
  const [alice2, bob2] = back as [WebSocketMember, WebSocketMember];
  for (const [member, was] of [
    [alice2, alice],
    [bob2, bob],
  ] as const)
    expect(await member.says({ log: was.log, offset: was.offset, seq: was.seq })).toMatchObject({
      type: "welcome",
      resumed: true,
      log: was.log,
      offset: was.offset,
      seq: was.seq,
      turn: 2,
    });
  bob2.seq = bob.seq;
  await bob2.speaks("two");
  await alice2.hears("two");
  expect(alice2.heard()).toEqual(["two"]);
  expect([...alice2.told, ...bob2.told].filter(({ type }) => type === "left")).toEqual([]);
  for (const member of back) member.drops();
  for (const node of after) node.kill("SIGTERM");
  await Promise.all(after.map(({ ended }) => ended));
}, 60_000);

it("copies nothing into a Redis that has rooms already, and nothing that is in use", async () => {
  let engine = await embedded();
  await engine.commit(LOBBY, [post("one")]);
  await engine.close();
  const running = await runServer({ DATA_DIR: path });
  const inUse = await migrate();
  expect(inUse.status).toBe(1);
  expect(inUse.stderr).toMatch(/^Nothing was migrated: .*in use/);
  running.kill("SIGTERM");
  await running.ended;

  engine = await onRedis();
  await engine.commit(DEN, [post("theirs")]);
  expect((await migrate()).stderr).toContain("rooms of a Palabre already");
  await engine.close();
  expect((await migrate()).stderr).toContain("rooms of a Palabre already");
  engine = await onRedis();
  expect(texts((await readAll(engine, DEN)).values())).toContain("theirs");
  await engine.close();
}, 60_000);

it("begins anew where it was cut off, and no node starts on a part", async () => {
  const engine = await embedded();
  await engine.commit(LOBBY, [hello("alice"), post("one")]);
  await engine.close();
  await server.tell("SET palabre:{palabre}:format 'moving in'", "SADD palabre:{palabre}:rooms lobby", "SET palabre:{room:lobby}:log part");
  await expect(onRedis()).rejects.toThrow(/palabre migrate.*Run that again/);
  expect(await migrate()).toMatchObject({ status: 0 });
  const moved = await onRedis();
  expect(texts((await readAll(moved, LOBBY)).values())).toEqual(["clock", "one"]);
  await moved.close();
});

it.each([
  [{ REDIS_URL: "" }, /REDIS_URL says where/],
  [{ DATA_DIR: ":memory:" }, /DATA_DIR says which/],
  [{ DATA_DIR: "/nowhere" }, /has no log/],
  [{ REDIS_URL: "redis://127.0.0.1:1" }, /cannot be reached/],
])("%j: says in a line what is wrong", async (environment, sentence) => {
  const engine = await embedded();
  await engine.close();
  const { status, stderr } = await migrate(environment as Record<string, string>);
  expect(status).toBe(1);
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});
