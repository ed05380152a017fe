import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  announce,
  briefly,
  chat,
  DEN,
  hello,
  helloAgain,
  idOf,
  join,
  LOBBY,
  linger,
  one,
  post,
  readAll,
  refuse,
  release,
  rename,
  texts,
} from "../testing/engine-samples.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { gate, TriedStore } from "../testing/tried-store.ts";
import { EmbeddedEngine } from "./embedded.ts";
import { EngineError, type Operation } from "./engine.ts";
import { MemoryStore } from "./memory-store.ts";

const FULL = new Error("no space left");

describe("the embedded engine's transactions", () => {
  let store: TriedStore;
  let engine: EmbeddedEngine;
  let lines: string[];
  let clock: ManualClock;
  const start = () =>
    EmbeddedEngine.start({
      store,
      clock,
      history: { packets: 10, days: 30 },
      log: { warn: (_, message) => lines.push(`warn: ${message}`), error: (_, message) => lines.push(`error: ${message}`) },
    });
  beforeEach(async () => {
    lines = [];
    clock = new ManualClock();
    store = new TriedStore(new MemoryStore());
    engine = await start();
  });

  it("gather what is asked for, in all rooms, while one is written", async () => {
    const { closed, open } = gate();
    store.gate = closed;
    const first = engine.commit(LOBBY, [post("1")]);
    await new Promise(setImmediate);
    const others = [
      engine.commit(LOBBY, [post("2")]),
      engine.commit(DEN, [post("3")]),
      engine.open(DEN),
      engine.commit(LOBBY, [post("4")]),
    ];
    await new Promise(setImmediate);
    expect(store.asked).toHaveLength(1);
    open();
    await Promise.all([first, ...others]);
    expect(store.asked.map(({ number, chunks }) => [number, chunks.length])).toEqual([
      [1, 1],
      [2, 3],
    ]);
  });

  it("[L7] show nothing before it is kept", async () => {
    await engine.commit(LOBBY, [hello("alice"), chat("alice", 1)]);
    const before = [await engine.open(LOBBY), await engine.find(idOf("alice")), await engine.held()];
    const { closed, open } = gate();
    store.gate = closed;
    let committed = false;
    const committing = engine.commit(LOBBY, [chat("alice", 2), hello("bob")]).then(() => {
      committed = true;
    });
    await new Promise(setImmediate);
    expect([await engine.open(LOBBY), await engine.find(idOf("alice")), await engine.held()]).toEqual(before);
    expect(await engine.find(idOf("bob"))).toBeUndefined();
    expect(committed).toBe(false);
    open();
    await committing;
    expect(await engine.held()).toBe(2);
  });

  it("write nothing where nothing changes", async () => {
    await join(engine, "alice");
    const { length } = store.asked;
    await engine.commit(LOBBY, [chat("alice", 7), chat("nobody", 1), linger("alice", 60_000), announce({ left: ["alice"], silent: true })]);
    await engine.open(LOBBY);
    await engine.adopt();
    await engine.tidy();
    expect(store.asked).toHaveLength(length);
    await engine.commit(LOBBY, [chat("alice", 1)]);
    expect(store.asked.at(-1)?.number).toBe(length + 1);
  });

  it("[L7] that cannot be kept leave everything as it was; the same offsets and numbers come again", async () => {
    await engine.commit(LOBBY, [hello("alice"), hello("bob"), hello("carol"), chat("alice", 1), release("carol")]);
    const names = ["alice", "bob", "carol", "dave"];
    const all = async () => [
      await engine.open(LOBBY),
      await engine.held(),
      ...(await Promise.all(names.map((name) => engine.find(idOf(name))))),
    ];
    const before = await all();
    store.failure = FULL;
    const everything: Operation[] = [
      helloAgain("alice"),
      chat("alice", 2, { turn: 2 }),
      refuse("alice", 3, { turn: 2 }),
      rename("alice", "ann", { turn: 2 }),
      linger("bob", 5),
      release("bob"),
      hello("carol"),
      hello("dave", { nick: "alice" }),
      announce({ joined: ["alice", "bob", "carol", "dave"] }),
      ...Array.from({ length: 30 }, (_, index) => post(`${index}`)),
    ];
    const failed = await Promise.allSettled([
      engine.commit(LOBBY, everything),
      engine.commit(DEN, [post("den")]),
      engine.open(DEN),
      engine.adopt(),
    ]);
    for (const result of failed) {
      expect(result).toMatchObject({ status: "rejected", reason: { message: expect.stringContaining("no space left"), cause: FULL } });
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(EngineError);
    }
    expect(await all()).toEqual(before);
    await expect(engine.commit(LOBBY, [chat("alice", 2)])).rejects.toThrow(EngineError);
    store.failure = undefined;
    const { outcomes } = await engine.commit(LOBBY, [
      chat("alice", 2),
      hello("dave", { nick: "alice" }),
      hello("eve", { nick: "ann" }),
      hello("fay", { nick: "bob" }),
      hello("carol", { maxHeld: 4 }),
    ]);
    expect(briefly(outcomes)).toEqual(["appended", "nick-taken", "welcomed", "nick-taken", "welcomed"]);
    expect(outcomes[0]).toEqual({ kind: "appended", offset: 3 });
    expect(texts((await readAll(engine, LOBBY)).values())).toEqual(["clock", "alice 1", "alice 2"]);
    expect(texts((await readAll(engine, DEN)).values())).toEqual([]);
    // A small write that is kept does not end the trouble: a try of its own does, a second later.
    expect(engine.well).toBe(false);
    clock.advance(1000);
    await vi.waitFor(() => expect(engine.well).toBe(true));
    expect(lines).toEqual([
      "error: the log cannot be written: nothing is acknowledged that is not kept",
      "warn: the log can be written again",
    ]);
  });

  it("that come while one fails are written after it", async () => {
    await join(engine, "alice");
    const { closed, open } = gate();
    store.gate = closed;
    store.failure = FULL;
    const failing = engine.commit(LOBBY, [chat("alice", 1)]);
    await new Promise(setImmediate);
    const waiting = [engine.commit(LOBBY, [chat("alice", 2)]), engine.commit(LOBBY, [chat("alice", 1)])];
    store.gate = undefined;
    failing.catch(() => {
      store.failure = undefined;
    });
    open();
    await expect(failing).rejects.toThrow(EngineError);
    const committed = await Promise.all(waiting);
    expect(committed.map(({ outcomes }) => briefly(outcomes))).toEqual([["skipped"], ["appended"]]);
  });

  it("[S28] that fail hand nobody over", async () => {
    await engine.commit(LOBBY, [hello("alice"), hello("bob")]);
    engine = await start();
    store.failure = FULL;
    await expect(Promise.all([engine.adopt(), engine.commit(LOBBY, [helloAgain("bob")])])).rejects.toThrow(EngineError);
    store.failure = undefined;
    expect(await engine.adopt()).toHaveLength(2);
    expect(await engine.adopt()).toEqual([]);
  });

  it("leave out a commit that throws, and do the others without it", async () => {
    await join(engine, "alice");
    const broken = [chat("alice", 1), { ...post("x"), packet: undefined } as unknown as Operation];
    const results = await Promise.allSettled([
      engine.commit(LOBBY, [post("before")]),
      engine.commit(LOBBY, broken),
      engine.commit(LOBBY, [post("after"), chat("alice", 1)]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(texts((await readAll(engine, LOBBY)).values())).toEqual(["clock", "before", "after", "alice 1"]);
    expect(await one(engine, LOBBY, chat("alice", 2))).toEqual({ kind: "appended", offset: 5 });
  });

  it("[L7] are not read before they are kept, though the store may have them", async () => {
    await engine.commit(LOBBY, [post("one")]);
    const { closed, open } = gate();
    store.late = closed;
    const committing = engine.commit(LOBBY, [post("two")]);
    await new Promise(setImmediate);
    expect((await engine.read(LOBBY, 0, 1_000_000)).map(({ last }) => last)).toEqual([2]);
    expect(await engine.read(LOBBY, 2, 1_000_000)).toEqual([]);
    open();
    await committing;
    expect((await engine.read(LOBBY, 0, 1_000_000)).map(({ last }) => last)).toEqual([2, 3]);
  });

  it("[L6] do not write what they trim themselves", async () => {
    const { first } = await engine.commit(
      LOBBY,
      Array.from({ length: 100 }, (_, index) => post(`${index}`)),
    );
    expect(first).toBe(91);
    expect(store.asked.flatMap(({ chunks }) => chunks.map(({ chunk }) => chunk.first))).toEqual([91, 101]);
  });

  it("does not start on a store that cannot be read, and gives it back", async () => {
    let closed = false;
    class Damaged extends MemoryStore {
      override load(): never {
        throw new Error("page 7 is not a page");
      }
      override async close(): Promise<void> {
        closed = true;
      }
    }
    const parts = { clock: new ManualClock(), history: { packets: 10, days: 30 }, log: { warn() {}, error() {} } };
    await expect(EmbeddedEngine.start({ store: new Damaged(), ...parts })).rejects.toThrow(EngineError);
    expect(closed).toBe(true);
  });
});
