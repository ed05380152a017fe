import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { idOf, LOBBY } from "../testing/engine-samples.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { gate, TriedStore } from "../testing/tried-store.ts";
import { AgeSearch } from "./age-search.ts";
import { appendPackets } from "./chunk-record.ts";
import { Journal } from "./journal.ts";
import { JournaledStore, replay } from "./journaled-store.ts";
import { MemoryStore } from "./memory-store.ts";
import { type KeptSession, PlaceError, type Transaction } from "./store.ts";

const FULL = new Error("no space left");

/** Transaction `number`: appends packet `number`, which says so. */
function transactionOf(number: number, text = `packet ${number}`): Transaction {
  const { chunk, records } = appendPackets(LOBBY, number, { before: 1, at: 2 }, [Buffer.from(text)], 10);
  const session = { session: idOf("ann"), room: LOBBY, nick: "Änn", seq: number, refusals: [], ended: undefined } as unknown as KeptSession;
  return {
    number,
    sessions: new Map([
      [session.session, session],
      [idOf("bob"), undefined],
    ]),
    logs: new Map([[LOBBY, { log: "identity", first: 1, last: chunk.last, at: 2 }]]),
    chunks: records,
  };
}

describe("a journal", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "palabre-journal-"));
    path = join(folder, "journal");
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function write(...transactions: Transaction[]): Promise<void> {
    const journal = await Journal.open(path);
    for (const transaction of transactions) await journal.append(transaction);
    await journal.close();
  }
  async function read(): Promise<Transaction[]> {
    const journal = await Journal.open(path);
    const transactions = await journal.read();
    await journal.close();
    return transactions;
  }
  const numbers = async () => (await read()).map(({ number }) => number);

  it("gives back what was appended", async () => {
    expect(await read()).toEqual([]);
    const written = [transactionOf(1), transactionOf(2), { ...transactionOf(3), chunks: [] }];
    await write(...written);
    const same = (transactions: readonly Transaction[]) =>
      transactions.map(({ chunks, ...rest }) => ({
        ...rest,
        chunks: chunks.map(({ chunk }) => ({ ...chunk, octets: Buffer.from(chunk.octets).toString() })),
      }));
    expect(same(await read())).toEqual(same(written));
  });

  it("[L7] torn anywhere, gives what is whole before that", async () => {
    await write(transactionOf(1), transactionOf(2), transactionOf(3));
    const whole = await readFile(path);
    const length = whole.length / 3;
    for (let at = 0; at < whole.length; at += 5) {
      await writeFile(path, whole.subarray(0, at));
      expect(await numbers()).toEqual([1, 2, 3].slice(0, Math.floor(at / length)));
    }
    for (let at = 0; at < whole.length; at += 5) {
      const torn = Buffer.from(whole);
      torn[at] = (torn[at] as number) ^ 0xff;
      await writeFile(path, torn);
      expect(await numbers()).toEqual([1, 2, 3].slice(0, Math.floor(at / length)));
    }
    await writeFile(path, Buffer.concat([whole.subarray(0, length), Buffer.alloc(5000)]));
    expect(await numbers()).toEqual([1]);
  });

  it("overwrites what it was told to forget", async () => {
    await write(transactionOf(1), transactionOf(2));
    const journal = await Journal.open(path);
    await journal.reset();
    expect((await stat(path)).size).toBe(0);
    await journal.append(transactionOf(9));
    await journal.close();
    expect(await numbers()).toEqual([9]);
  });

  it("never reads on into what an earlier use of the file left behind", async () => {
    await write(transactionOf(1), transactionOf(2), transactionOf(3));
    const old = await readFile(path);
    // A loss of power may keep the new entry and lose that the file had been cut before it: of the same length, with the next number behind it.
    await rm(path);
    await write(transactionOf(1, "another1"));
    const young = await readFile(path);
    await writeFile(path, Buffer.concat([young, old.subarray(young.length)]));
    expect(young.length).toBe(old.length / 3);
    expect((await read()).map(({ chunks }) => Buffer.from(chunks[0]?.chunk.octets ?? []).toString())).toEqual(["another1"]);
  });

  it("gives a store what it lacks, and nothing after a gap", async () => {
    const store = new MemoryStore();
    await store.write(transactionOf(1));
    await write(transactionOf(1, "another"), transactionOf(2), transactionOf(3), transactionOf(5));
    const journal = await Journal.open(path);
    await replay(journal, store);
    expect(store.number).toBe(3);
    expect((await store.read(LOBBY, 1, 1000)).map(({ octets }) => Buffer.from(octets).toString())).toEqual([
      "packet 1",
      "packet 2",
      "packet 3",
    ]);
    expect(await journal.read()).toEqual([]);
    await journal.close();
  });

  describe("before a store", () => {
    let behind: TriedStore;
    let store: JournaledStore;
    let clock: ManualClock;
    let lines: string[];
    beforeEach(async () => {
      lines = [];
      clock = new ManualClock();
      behind = new TriedStore(new MemoryStore());
      store = new JournaledStore(behind, await Journal.open(path), { clock, log: { error: (_, message) => lines.push(message) } });
    });
    afterEach(() => store.close());

    /** The store behind has transaction `number`, and the journal's has noticed. */
    async function stored(number: number): Promise<void> {
      await vi.waitFor(() => expect(behind.number).toBe(number));
      await new Promise(setImmediate);
    }
    async function asked(times: number): Promise<void> {
      await vi.waitFor(() => expect(behind.asked).toHaveLength(times));
      await new Promise(setImmediate);
    }

    it("takes writes that the store is not done with, and gathers them", async () => {
      const { closed, open } = gate();
      behind.gate = closed;
      for (let number = 1; number <= 5; number++) await store.write(transactionOf(number));
      expect([store.number, behind.number]).toEqual([5, 0]);
      open();
      await stored(5);
      expect(behind.asked.map(({ number, chunks }) => [number, chunks.length])).toEqual([
        [1, 1],
        [5, 4],
      ]);
    });

    it("reads what the store has and what it has not yet as one", async () => {
      await store.write(transactionOf(1));
      await store.write(transactionOf(2));
      await stored(2);
      behind.failure = FULL;
      for (let number = 3; number <= 5; number++) await store.write(transactionOf(number));
      const firsts = async (from: number, octets: number) => (await store.read(LOBBY, from, octets)).map(({ first }) => first);
      expect(await firsts(1, 1000)).toEqual([1, 2, 3, 4, 5]);
      expect(await firsts(2, 1000)).toEqual([2, 3, 4, 5]);
      expect(await firsts(4, 1000)).toEqual([4, 5]);
      expect(await firsts(6, 1000)).toEqual([]);
      const { length } = "packet 1";
      for (let count = 1; count <= 5; count++) expect(await firsts(1, count * length)).toHaveLength(count);
      expect(await firsts(1, 4 * length - 1)).toEqual([1, 2, 3]);
      expect(await firsts(3, 0)).toEqual([3]);
      expect(await Promise.all([1, 3, 5, 6].map((offset) => store.startOf(LOBBY, offset)))).toEqual([1, 3, 5, undefined]);
      expect(await Promise.all([2, 3].map((atMs) => store.firstSince(LOBBY, new AgeSearch(atMs, 9))))).toEqual([1, undefined]);
      await store.write({ ...transactionOf(6), logs: new Map([[LOBBY, { log: "identity", first: 4, last: 6, at: 2 }]]) });
      expect(await firsts(1, 1000)).toEqual([4, 5, 6]);
      expect(await Promise.all([2, 3, 4].map((offset) => store.startOf(LOBBY, offset)))).toEqual([undefined, undefined, 4]);
      expect(await store.firstSince(LOBBY, new AgeSearch(2, 9))).toBe(4);
    });

    it("never takes a log that was forgotten for the one that follows it", async () => {
      await store.write(transactionOf(1));
      await store.write(transactionOf(2));
      await stored(2);
      behind.failure = FULL;
      const trimmed = { log: "identity", first: 3, last: 2, at: 2 };
      await store.write({ number: 3, sessions: new Map(), logs: new Map([[LOBBY, trimmed]]), chunks: [] });
      await store.write({ number: 4, sessions: new Map(), logs: new Map([[LOBBY, undefined]]), chunks: [] });
      const { chunks } = transactionOf(1, "another");
      await store.write({ number: 5, sessions: new Map(), logs: new Map([[LOBBY, { log: "anew", first: 1, last: 1, at: 2 }]]), chunks });
      const said = async () => (await store.read(LOBBY, 1, 1000)).map(({ octets }) => Buffer.from(octets).toString());
      expect(await said()).toEqual(["another"]);
      expect(await store.startOf(LOBBY, 2)).toBeUndefined();
      expect(await store.firstSince(LOBBY, new AgeSearch(2, 9))).toBe(1);
      behind.failure = undefined;
      clock.advance(1000);
      await stored(5);
      expect(await said()).toEqual(["another"]);
      expect(behind.load().logs.get(LOBBY)).toMatchObject({ log: "anew", first: 1, last: 1 });
    });

    it("leaves nothing out where a large chunk stands before a small one", async () => {
      await store.write(transactionOf(1));
      await store.write(transactionOf(2, "x".repeat(1000)));
      await stored(2);
      behind.failure = FULL;
      await store.write(transactionOf(3));
      expect((await store.read(LOBBY, 1, 100)).map(({ first }) => first)).toEqual([1]);
      expect((await store.read(LOBBY, 2, 100)).map(({ first }) => first)).toEqual([2]);
    });

    it("tries a store that fails again, and says meanwhile that something is the matter", async () => {
      expect(() => store.look()).not.toThrow();
      behind.failure = FULL;
      await store.write(transactionOf(1));
      await asked(1);
      expect(() => store.look()).toThrow(FULL);
      await expect(store.probe()).rejects.toThrow(FULL);
      await store.write(transactionOf(2));
      clock.advance(1000);
      await asked(2);
      expect(behind.number).toBe(0);
      behind.failure = undefined;
      clock.advance(1000);
      await stored(2);
      expect((await behind.read(LOBBY, 1, 1000)).map(({ first }) => first)).toEqual([1, 2]);
      expect(() => store.look()).not.toThrow();
      await store.probe();
      expect(lines).toEqual([]);
    });

    it("waits for a store that is too far behind", async () => {
      const { closed, open } = gate();
      behind.gate = closed;
      const large = "x".repeat(9_000_000);
      for (let number = 1; number <= 8; number++) await store.write(transactionOf(number, large));
      let written = false;
      const writing = store.write(transactionOf(9)).then(() => {
        written = true;
      });
      await stat(path);
      expect(written).toBe(false);
      open();
      await writing;
      expect(behind.number).toBeGreaterThanOrEqual(8);
      expect((await stat(path)).size).toBeLessThan(10_000);
      behind.failure = FULL;
      for (let number = 10; number <= 17; number++) await store.write(transactionOf(number, large));
      const refused = store.write(transactionOf(18));
      clock.advance(1000);
      await expect(refused).rejects.toThrow(FULL);
      expect(store.number).toBe(17);
    });

    it("[L7] whose file was deleted begins a new one once the store has all that was in it, and not before", async () => {
      const { closed, open } = gate();
      behind.gate = closed;
      await store.write(transactionOf(1));
      await rm(path);
      let written = false;
      const writing = store.write(transactionOf(2)).then(() => {
        written = true;
      });
      await asked(1);
      expect([written, await readdir(folder)]).toEqual([false, []]);
      open();
      await writing;
      expect(behind.number).toBeGreaterThanOrEqual(1);
      expect(lines).toHaveLength(1);
      expect(await numbers()).toEqual([2]);
      await stored(2);
    });

    it("[L7] beside a store whose files are gone takes nothing more, and goes on when they are back", async () => {
      behind.failure = new PlaceError("gone");
      await store.write(transactionOf(1));
      await asked(1);
      await expect(store.write(transactionOf(2))).rejects.toThrow("gone");
      await expect(store.probe()).rejects.toThrow("gone");
      behind.failure = undefined;
      clock.advance(1000);
      await stored(1);
      await store.write(transactionOf(2));
      await stored(2);
    });

    it("is probed where the next entry goes, which leaves nothing that reads as one", async () => {
      behind.gate = new Promise(() => {});
      await store.write(transactionOf(1));
      await store.probe();
      expect((await stat(path)).size).toBeGreaterThan(64 * 1024);
      expect(await numbers()).toEqual([1]);
      await store.write(transactionOf(2));
      expect(await numbers()).toEqual([1, 2]);
      const closing = store.close();
      clock.advance(5000);
      await closing;
      store = new JournaledStore(new MemoryStore(), await Journal.open(join(folder, "another")), { clock, log: { error() {} } });
    });

    it("leaves to the next start what the store has not, and nothing else", async () => {
      await store.write(transactionOf(1));
      await stored(1);
      behind.failure = FULL;
      await store.write(transactionOf(2));
      await store.close();
      behind.failure = undefined;
      expect(await numbers()).toEqual([1, 2]);
      const journal = await Journal.open(path);
      await replay(journal, behind);
      expect(behind.number).toBe(2);
      store = new JournaledStore(behind, journal, { clock, log: { error() {} } });
      await store.write(transactionOf(3));
      await store.close();
      expect((await stat(path)).size).toBe(0);
      store = new JournaledStore(behind, await Journal.open(path), { clock, log: { error() {} } });
      expect(store.number).toBe(3);
    });

    it("does not wait for ever for a store that hangs when it closes", async () => {
      behind.gate = new Promise(() => {});
      await store.write(transactionOf(1));
      const closing = store.close();
      clock.advance(5000);
      await closing;
      expect(await numbers()).toEqual([1]);
      store = new JournaledStore(new MemoryStore(), await Journal.open(path), { clock, log: { error() {} } });
    });

    it("begins anew when it is large and nothing of it is needed", async () => {
      const large = "x".repeat(300_000);
      for (let number = 1; number <= 9; number++) {
        await store.write(transactionOf(number, large));
        await stored(number);
      }
      expect((await stat(path)).size).toBeLessThan(1_700_000);
      expect(behind.number).toBe(9);
    });
  });
});
