import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { DEN, idOf, LOBBY } from "../testing/engine-samples.ts";
import { AgeSearch } from "./age-search.ts";
import { appendPackets } from "./chunk-record.ts";
import { DataDirectory } from "./data-directory.ts";
import { openDiskStore } from "./disk-store.ts";
import type { LogState } from "./engine.ts";
import { mergeTransactions } from "./journaled-store.ts";
import { LmdbStore } from "./lmdb-store.ts";
import { MemoryStore } from "./memory-store.ts";
import type { KeptSession, SealedChunk, Store, Transaction } from "./store.ts";

const log = { error() {} };
const EMPTY = { sessions: new Map(), logs: new Map(), chunks: [] };

/** A chunk from `first` on of `count` packets, one letter each. */
function chunkOf(first: number, count: number, { room = LOBBY, at = first * 1000 } = {}): SealedChunk {
  const packets = Array.from({ length: count }, (_, index) => Buffer.from([65 + ((first + index) % 26)]));
  return appendPackets(room, first, { before: at - 1, at }, packets, count).records[0] as SealedChunk;
}

function logOf(first: number, last: number): LogState {
  return { log: "identity", first, last, at: last * 1000 };
}

function sessionOf(name: string): KeptSession {
  return {
    session: idOf(name),
    room: LOBBY,
    nick: name,
    key: name as KeptSession["key"],
    turn: 3,
    seq: 2,
    refusals: [{ seq: 2, code: "message-invalid", message: "empty" }],
    announced: true,
    graceMs: 10,
    ended: undefined,
  };
}

const kinds: [name: string, open: (path: string) => Promise<Store>, lasting: boolean][] = [
  ["in memory", async () => new MemoryStore(), false],
  ["on disk", async (path) => openDiskStore(await DataDirectory.open(path), { durability: "disk", log }), true],
  ["with a journal", async (path) => openDiskStore(await DataDirectory.open(path), { durability: "process", log }), true],
];

describe.each(kinds)("a store %s", (_, open, lasting) => {
  let path: string;
  let store: Store;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "palabre-store-"));
    store = await open(path);
  });
  afterEach(async () => {
    await store.close();
    await rm(path, { recursive: true });
  });

  /** Where chunks begin that are there, also those that a reader would not be led to. */
  async function starts(room = LOBBY): Promise<number[]> {
    return (await store.read(room, 0, Number.MAX_SAFE_INTEGER)).map(({ first }) => first);
  }
  async function write(transaction: Partial<Transaction>): Promise<void> {
    await store.write({ ...EMPTY, number: store.number + 1, ...transaction });
  }

  it("reads from the chunk that holds an offset, or the next one", async () => {
    expect(store.number).toBe(0);
    await write({
      chunks: [chunkOf(5, 3), chunkOf(8, 1), chunkOf(9, 4), chunkOf(1, 9, { room: DEN })],
      logs: new Map([[LOBBY, logOf(5, 12)]]),
    });
    const first = async (from: number) => (await store.read(LOBBY, from, 1))[0]?.first;
    expect(await Promise.all([1, 5, 7, 8, 9, 12, 13].map(first))).toEqual([5, 5, 5, 8, 9, 9, undefined]);
    const read = await store.read(LOBBY, 6, 100);
    expect(read.map(({ octets, ...chunk }) => ({ ...chunk, octets: Buffer.from(octets).toString() }))).toEqual([
      { first: 5, last: 7, before: 4999, at: 5000, octets: "FGH" },
      { first: 8, last: 8, before: 7999, at: 8000, octets: "I" },
      { first: 9, last: 12, before: 8999, at: 9000, octets: "JKLM" },
    ]);
    expect((await store.read(LOBBY, 6, 4)).map(({ last }) => last)).toEqual([7, 8]);
  });

  it("finds where the chunk of an offset begins", async () => {
    await write({ chunks: [chunkOf(5, 3), chunkOf(8, 1), chunkOf(1, 9, { room: DEN })] });
    expect(await Promise.all([5, 7, 8].map((offset) => store.startOf(LOBBY, offset)))).toEqual([5, 5, 8]);
    expect(await store.startOf(LOBBY, 4)).toBeUndefined();
  });

  it("finds the first chunk that is not older than a moment", async () => {
    await write({ chunks: [chunkOf(5, 3), chunkOf(8, 1), chunkOf(1, 9, { room: DEN, at: 10 })] });
    const since = (room: typeof LOBBY, atMs: number) => store.firstSince(room, new AgeSearch(atMs, 9000));
    expect(await Promise.all([0, 5000, 5001, 8000, 8001].map((atMs) => since(LOBBY, atMs)))).toEqual([5, 5, 8, 8, undefined]);
    expect(await since(DEN, 10)).toBe(1);
  });

  it("[L6] takes what a clock noted that was set back since for as old as what follows it", async () => {
    const times = [1000, 99_000, 2000, 98_000, 97_000, 5000, 96_000];
    await write({ chunks: times.map((at, index) => chunkOf(index + 1, 1, { at })) });
    const since = (atMs: number, nowMs = 9000) => store.firstSince(LOBBY, new AgeSearch(atMs, nowMs));
    expect(await Promise.all([1000, 1001, 2000, 2001, 5000, 5001, 9000].map((atMs) => since(atMs)))).toEqual([1, 2, 2, 4, 4, 7, 7]);
    expect(await since(97_500, 100_000)).toBe(2);
    expect(await since(99_500, 100_000)).toBeUndefined();
  });

  it("leaves nothing behind of what is trimmed", async () => {
    await write({ chunks: [chunkOf(1, 3), chunkOf(4, 3), chunkOf(7, 1)], logs: new Map([[LOBBY, logOf(1, 7)]]) });
    await write({ chunks: [chunkOf(1, 3, { room: DEN })], logs: new Map([[DEN, logOf(1, 3)]]) });
    await write({ chunks: [chunkOf(8, 1)], logs: new Map([[LOBBY, logOf(7, 8)]]) });
    expect(await starts()).toEqual([7, 8]);
    expect(await starts(DEN)).toEqual([1]);
    await write({ logs: new Map([[LOBBY, logOf(9, 8)]]) });
    expect(await starts()).toEqual([]);
  });

  it("does what several transactions do when they come as one", async () => {
    const [ann, bob] = [sessionOf("ann"), sessionOf("bob")];
    const merged = mergeTransactions([
      {
        number: 1,
        sessions: new Map([
          [ann.session, ann],
          [bob.session, bob],
        ]),
        logs: new Map([[LOBBY, logOf(1, 3)]]),
        chunks: [chunkOf(1, 3)],
      },
      {
        number: 2,
        sessions: new Map([[bob.session, undefined]]),
        logs: new Map([
          [LOBBY, logOf(1, 4)],
          [DEN, logOf(1, 1)],
        ]),
        chunks: [chunkOf(4, 1), chunkOf(1, 1, { room: DEN })],
      },
      { number: 3, sessions: new Map([[ann.session, { ...ann, seq: 9 }]]), logs: new Map([[LOBBY, logOf(4, 5)]]), chunks: [chunkOf(5, 1)] },
    ]);
    expect(merged.chunks.map(({ room, chunk }) => [room, chunk.first])).toEqual([
      [LOBBY, 4],
      [DEN, 1],
      [LOBBY, 5],
    ]);
    await store.write(merged);
    expect(store.number).toBe(3);
    expect(await starts()).toEqual([4, 5]);
    expect(await starts(DEN)).toEqual([1]);
    if (lasting) {
      await store.close();
      store = await open(path);
    }
    expect(store.load()).toEqual({
      sessions: [{ ...ann, seq: 9 }],
      logs: new Map([
        [LOBBY, logOf(4, 5)],
        [DEN, logOf(1, 1)],
      ]),
    });
  });

  it("takes one transaction that is all kinds of things", async () => {
    const ended = { ...sessionOf("bob"), ended: { why: "lost", atMs: 5 } } as const;
    await write({ sessions: new Map([[ended.session, ended]]), logs: new Map([[LOBBY, logOf(1, 1)]]), chunks: [chunkOf(1, 1)] });
    await write({ sessions: new Map([[idOf("ann"), sessionOf("ann")]]) });
    if (lasting) {
      await store.close();
      store = await open(path);
    }
    expect(store.number).toBe(2);
    const { sessions, logs } = store.load();
    expect(sessions).toHaveLength(2);
    expect(sessions).toEqual(expect.arrayContaining([ended, sessionOf("ann")]));
    expect(logs).toEqual(new Map([[LOBBY, logOf(1, 1)]]));
    await write({ sessions: new Map([[ended.session, undefined]]) });
    if (lasting) {
      await store.close();
      store = await open(path);
    }
    expect(store.load().sessions).toEqual([sessionOf("ann")]);
  });
});

describe("a store's records", () => {
  it("are cut so that none is too large, and together are the whole chunk", () => {
    const packets = Array.from({ length: 2500 }, (_, index) => Buffer.alloc(index < 2000 ? 900 : 5, index));
    const { chunk, records } = appendPackets(LOBBY, 11, { before: 7, at: 8 }, packets, 10_000);
    expect(Buffer.concat(records.map(({ chunk: { octets } }) => octets)).equals(chunk.octets)).toBe(true);
    expect(Buffer.concat(packets).equals(chunk.octets)).toBe(true);
    let next = 11;
    for (const [index, { chunk: part }] of records.entries()) {
      expect(part.first).toBe(next);
      expect(part.octets.length).toBeLessThanOrEqual(512 * 1024);
      expect(part).toMatchObject({ before: index === 0 ? 7 : 8, at: 8 });
      next = part.last + 1;
    }
    expect(next).toBe(11 + 2500);
    expect(chunk).toMatchObject({ first: 11, last: 2510, before: 7, at: 8 });
    expect(records.length).toBeGreaterThan(3);
  });

  it("are copied once: a chunk's octets are its record's", () => {
    const { chunk, records } = appendPackets(LOBBY, 1, { before: 0, at: 8 }, [Buffer.from("one"), Buffer.from("two")], 10);
    expect(records).toHaveLength(1);
    expect(chunk.octets.buffer).toBe(records[0]?.record.buffer);
    expect(records[0]?.record.subarray(-6)).toEqual(chunk.octets);
  });
});

describe("a data directory with a damaged file", () => {
  it("is refused in a sentence, and given back", async () => {
    const path = await mkdtemp(join(tmpdir(), "palabre-damaged-"));
    await writeFile(join(path, "log.mdb"), Buffer.alloc(20_000, "nonsense"));
    for (let times = 0; times < 2; times++) {
      await expect(DataDirectory.open(path).then((directory) => LmdbStore.open(directory, systemClock))).rejects.toThrow(
        /^\S+log\.mdb could not be opened \(.+\)\. Is its disk full, or the file damaged\? Mend that, or give Palabre another DATA_DIR\.$/s,
      );
    }
    await rm(path, { recursive: true });
  });
});

describe("a data directory of another format", () => {
  it("is refused in one sentence that says which", async () => {
    const path = await mkdtemp(join(tmpdir(), "palabre-format-"));
    const { open } = await import("lmdb");
    const db = open<Uint8Array, string>(join(path, "log.mdb"), { noSubdir: true, encoding: "binary", overlappingSync: false });
    await db.put("about", Buffer.from('{"format":7}'));
    await db.close();
    const opening = async () => LmdbStore.open(await DataDirectory.open(path), systemClock);
    await expect(opening()).rejects.toThrow(
      `The data directory ${path} was written by another version of Palabre (format 7; this one knows 1). Start that version, or give this one its own DATA_DIR.`,
    );
    // The directory was given back: it can be asked again.
    await expect(opening()).rejects.toThrow("another version");
    await rm(path, { recursive: true });
  });
});
