import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_REFUSALS } from "../../shared/limits.ts";
import type { Packet } from "../../shared/packet.ts";
import { checkAgainstModel } from "../testing/engine-model.ts";
import {
  announce,
  briefly,
  chat,
  DEN,
  GRACE_MS,
  hello,
  helloAgain,
  idOf,
  join,
  LOBBY,
  linger,
  one,
  post,
  postAs,
  readAll,
  refuse,
  release,
  rename,
  texts,
} from "../testing/engine-samples.ts";
import type { ManualClock } from "../testing/manual-clock.ts";
import { type Chunk, type Engine, EngineError, type HistoryLimits, type News, type Outcome } from "./engine.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HISTORY: HistoryLimits = { packets: 10_000, days: 30 };

/** An engine under test, new and empty. `dispose` closes it and gives back all that was made for it. */
export type Running = { readonly engine: Engine; readonly clock: ManualClock; dispose(): Promise<void> };
/** One whose data outlives it. `reopen` closes it, as a restart does, and opens another one on the same data. */
export type Lasting = Running & { reopen(): Promise<Engine> };
export type EngineMaker =
  | { readonly lasting: false; start(history: HistoryLimits): Promise<Running> }
  | { readonly lasting: true; start(history: HistoryLimits): Promise<Lasting> };

/** Every promise of the port, as tests. What an engine shares with no other node is all that they see. */
export function engineContract(name: string, maker: EngineMaker): void {
  describe(`the engine ${name}`, () => {
    let running: Running;
    let engine: Engine;
    let clock: ManualClock;

    async function start(history: HistoryLimits = HISTORY): Promise<void> {
      running = await maker.start(history);
      ({ engine, clock } = running);
    }
    /** With another history than the one that it was started with. */
    async function startAgain(history: HistoryLimits): Promise<void> {
      await running.dispose();
      await start(history);
    }
    beforeEach(() => start());
    afterEach(() => running.dispose());

    const log = async (room = LOBBY): Promise<string[]> => texts((await readAll(engine, room)).values());
    const posts = (count: number, from = 1) => Array.from({ length: count }, (_, index) => post(`post ${from + index}`));

    describe("keeps numbered logs:", () => {
      it("[L5] a new log is empty, and has an identity that stays", async () => {
        const made = await engine.open(LOBBY);
        expect(made).toEqual({ log: expect.stringMatching(/^[A-Za-z0-9_-]{8,}$/), first: 1, last: 0, at: 0 });
        expect(await engine.open(LOBBY)).toEqual(made);
        expect((await engine.open(DEN)).log).not.toBe(made.log);
        expect(await engine.read(LOBBY, 0, 1000)).toEqual([]);
      });

      it("[L5] a commit makes the log where there is none", async () => {
        await engine.commit(LOBBY, [post("one")]);
        expect(await engine.open(LOBBY)).toMatchObject({ log: expect.stringMatching(/^[A-Za-z0-9_-]{8,}$/), first: 1, last: 2 });
      });

      it("[L1] packets are numbered 1, 2, 3, … over all commits, without gaps", async () => {
        const first = await engine.commit(LOBBY, posts(2));
        const second = await engine.commit(LOBBY, posts(3, 3));
        // The clock is 1.
        expect(first.outcomes).toEqual([
          { kind: "appended", offset: 2 },
          { kind: "appended", offset: 3 },
        ]);
        expect(second.outcomes.map((outcome) => (outcome as Outcome & { kind: "appended" }).offset)).toEqual([4, 5, 6]);
        expect([...(await readAll(engine, LOBBY)).keys()]).toEqual([1, 2, 3, 4, 5, 6]);
        expect(await log()).toEqual(["clock", "post 1", "post 2", "post 3", "post 4", "post 5"]);
      });

      it("[L1] each room has its own numbers", async () => {
        await engine.commit(LOBBY, posts(3));
        expect(await one(engine, DEN, post("another"))).toEqual({ kind: "appended", offset: 2 });
        expect(await log(DEN)).toEqual(["clock", "another"]);
      });

      it("[L7] what a commit gives is what is read later", async () => {
        const committed = await engine.commit(LOBBY, posts(3));
        expect(committed.first).toBe(1);
        expect(plain(await engine.read(LOBBY, 0, 100_000))).toEqual(plain([committed.chunk as Chunk]));
        expect(await engine.open(LOBBY)).toMatchObject({ first: 1, last: 4, at: committed.chunk?.at });
      });

      it("[L7] a packet's octets come out as they went in", async () => {
        const operation = post("Grüße, 👩‍👩‍👧 \u0000");
        await engine.commit(LOBBY, [operation]);
        const said = (await readAll(engine, LOBBY)).get(2) as Packet;
        expect([...said.octets]).toEqual([...(operation as { packet: Uint8Array }).packet]);
      });

      it("[L1] a commit that appends nothing has no chunk, and leaves the log as it was", async () => {
        await engine.commit(LOBBY, [post("one")]);
        const before = await engine.open(LOBBY);
        clock.advance(HOUR_MS);
        const committed = await engine.commit(LOBBY, [hello("alice"), announce({ joined: ["alice"], silent: true }), chat("alice", 7)]);
        expect(committed).toEqual({ outcomes: expect.anything(), first: 1 });
        expect(briefly(committed.outcomes)).toEqual(["welcomed", "noted", "skipped"]);
        expect(await engine.commit(LOBBY, [])).toEqual({ outcomes: [], first: 1 });
        expect(await engine.open(LOBBY)).toEqual(before);
      });

      it("[L1] commits of a room take effect in the order of the calls", async () => {
        const all = Array.from({ length: 40 }, (_, index) => engine.commit(LOBBY, posts(1 + (index % 3), index * 10)));
        const committed = await Promise.all(all);
        const offsets = committed.flatMap(({ outcomes }) => outcomes.map((outcome) => (outcome as Outcome & { kind: "appended" }).offset));
        expect(offsets).toEqual(offsets.map((_, index) => index + 2));
        expect(await log()).toEqual(["clock", ...committed.flatMap((_, index) => postTexts(1 + (index % 3), index * 10))]);
      });

      it("[L1] commits of several rooms at once do not disturb each other", async () => {
        const rooms = [LOBBY, DEN];
        await Promise.all(Array.from({ length: 30 }, (_, index) => engine.commit(rooms[index % 2] ?? LOBBY, [post(`${index}`)])));
        expect(await log(LOBBY)).toEqual(["clock", ...Array.from({ length: 15 }, (_, index) => `${2 * index}`)]);
        expect(await log(DEN)).toEqual(["clock", ...Array.from({ length: 15 }, (_, index) => `${2 * index + 1}`)]);
      });

      it("[L1] follows what other nodes append, not what this one does", async () => {
        const heard: News[] = [];
        const stop = engine.follow(LOBBY, (news) => heard.push(news));
        await engine.open(LOBBY);
        await engine.commit(LOBBY, [post("one")]);
        stop();
        stop();
        await engine.commit(LOBBY, [post("two")]);
        expect(heard.filter(({ kind }) => kind !== "whole")).toEqual([]);
      });
    });

    describe("says the time:", () => {
      /** Commits a post after the clock was changed; gives the chunk, and what it says. */
      async function postAfter(change: () => void): Promise<{ chunk: Chunk; said: string[] }> {
        change();
        const { chunk } = await engine.commit(LOBBY, [post("post"), post("another")]);
        const packets = await readAll(engine, LOBBY);
        const { first, last } = chunk as Chunk;
        return {
          chunk: chunk as Chunk,
          said: texts([...packets].filter(([offset]) => offset >= first && offset <= last).map(([, packet]) => packet)),
        };
      }

      it("[L3] before the first packet of a log", async () => {
        const { chunk, said } = await postAfter(() => {});
        expect(said).toEqual(["clock", "post", "another"]);
        expect(chunk).toMatchObject({ first: 1, last: 3, before: 0, at: clock.wall() });
        expect((await readAll(engine, LOBBY)).get(1)).toMatchObject({ fields: { type: "clock", at: clock.wall() } });
        expect((await engine.open(LOBBY)).at).toBe(clock.wall());
      });

      it("[L3] again once a second has passed, and not before", async () => {
        await postAfter(() => {});
        const at = clock.wall();
        const soon = await postAfter(() => clock.advance(999));
        expect(soon.said).toEqual(["post", "another"]);
        expect(soon.chunk).toMatchObject({ before: at, at });
        const later = await postAfter(() => clock.advance(1));
        expect(later.said).toEqual(["clock", "post", "another"]);
        expect(later.chunk).toMatchObject({ before: at, at: at + 1000 });
      });

      it("[L3] when the system's clock was set back, too", async () => {
        await postAfter(() => {});
        const at = clock.wall();
        expect((await postAfter(() => clock.stepWall(-999))).said).toEqual(["post", "another"]);
        const later = await postAfter(() => clock.stepWall(-1));
        expect(later.said).toEqual(["clock", "post", "another"]);
        expect(later.chunk).toMatchObject({ before: at, at: at - 1000 });
        expect((await postAfter(() => clock.stepWall(HOUR_MS))).chunk).toMatchObject({ before: at - 1000, at: at - 1000 + HOUR_MS });
      });
    });

    describe("reads:", () => {
      let chunks: Chunk[];
      beforeEach(async () => {
        chunks = [];
        for (let index = 0; index < 10; index++) chunks.push((await engine.commit(LOBBY, posts(3, index * 10))).chunk as Chunk);
      });

      it("[L1] from the chunk that holds the next packet on", async () => {
        for (let after = 0; after < 31; after++) {
          const [first] = await engine.read(LOBBY, after, 1);
          expect(first?.first).toBeLessThanOrEqual(after + 1);
          expect(first?.last).toBeGreaterThanOrEqual(after + 1);
        }
        expect(await engine.read(LOBBY, 31, 1)).toEqual([]);
        expect(await engine.read(LOBBY, 1000, 1)).toEqual([]);
        expect(await engine.read(DEN, 0, 1)).toEqual([]);
      });

      it("[L1] as many octets as it is asked for, and always one chunk", async () => {
        const octets = (await engine.read(LOBBY, 0, 1_000_000)).reduce((sum, chunk) => sum + chunk.octets.length, 0);
        for (const budget of [0, 1, 60, 61, 200, octets - 1, octets]) {
          const read = await engine.read(LOBBY, 0, budget);
          const length = read.reduce((sum, chunk) => sum + chunk.octets.length, 0);
          expect(read.length).toBeGreaterThanOrEqual(1);
          if (read.length > 1) expect(length).toBeLessThanOrEqual(budget);
          const following = (await engine.read(LOBBY, read.at(-1)?.last ?? 0, 1))[0]?.octets.length ?? 0;
          if (length < octets) expect(length + following).toBeGreaterThan(budget);
          expect([...(await readAll(engine, LOBBY, budget)).keys()]).toHaveLength(31);
        }
      });

      it("[L4] with the times that were in force", async () => {
        const at = clock.wall();
        clock.advance(5000);
        await engine.commit(LOBBY, [post("later")]);
        const read = await engine.read(LOBBY, 0, 1_000_000);
        expect(read[0]).toMatchObject({ before: 0, at });
        expect(read.at(-2)).toMatchObject({ before: at, at });
        expect(read.at(-1)).toMatchObject({ before: at, at: at + 5000 });
      });

      it("[L7] large chunks, whole", async () => {
        const large = Array.from({ length: 3000 }, (_, index) => post(`${index} ${"x".repeat(900)}`));
        const { chunk, outcomes } = await engine.commit(DEN, large);
        expect(outcomes).toHaveLength(3000);
        expect(chunk).toMatchObject({ first: 1, last: 3001 });
        expect(await log(DEN)).toEqual(["clock", ...large.map((_, index) => `${index} ${"x".repeat(900)}`)]);
        const whole = Buffer.concat((await engine.read(DEN, 0, 10_000_000)).map(({ octets }) => octets));
        expect(whole.equals(chunk?.octets ?? Buffer.alloc(0))).toBe(true);
      });
    });

    describe("trims:", () => {
      it("[L6] what is above twice the limit, down to the limit or a little more", async () => {
        await startAgain({ packets: 10, days: 30 });
        for (let count = 1; count <= 20; count++) {
          await engine.commit(LOBBY, count === 1 ? [] : [post(`${count}`)]);
          expect((await engine.open(LOBBY)).first).toBe(1);
        }
        const { first, chunk } = await engine.commit(LOBBY, [post("one too many")]);
        expect(chunk?.last).toBe(21);
        expect(first).toBe(12);
        expect(await engine.open(LOBBY)).toMatchObject({ first: 12, last: 21 });
        expect([...(await readAll(engine, LOBBY)).keys()]).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20, 21]);
        expect((await engine.read(LOBBY, 0, 1))[0]?.first).toBe(12);
        expect((await engine.read(LOBBY, 5, 1))[0]?.first).toBe(12);
      });

      it("[L6] never below the limit, and never keeps more than twice as much, whatever the size of commits", async () => {
        await startAgain({ packets: 50, days: 30 });
        let last = 0;
        for (const size of [1, 30, 7, 49, 50, 51, 1, 1, 99, 3, 100, 101, 1, 400, 5, 20, 20, 20, 20, 20, 1300, 1]) {
          const committed = await engine.commit(LOBBY, posts(size));
          last += size + (last === 0 ? 1 : 0);
          const log = await engine.open(LOBBY);
          expect(log.last).toBe(last);
          expect(committed.first).toBe(log.first);
          expect(log.last - log.first + 1).toBeGreaterThanOrEqual(Math.min(last, 50));
          expect(log.last - log.first + 1).toBeLessThanOrEqual(100);
          expect([...(await readAll(engine, LOBBY)).keys()]).toEqual(
            Array.from({ length: last - log.first + 1 }, (_, index) => log.first + index),
          );
        }
      });

      it("[L6] every log by itself", async () => {
        await startAgain({ packets: 10, days: 30 });
        await Promise.all([engine.commit(LOBBY, posts(5)), engine.commit(DEN, posts(25)), engine.commit(LOBBY, posts(5))]);
        expect((await engine.open(LOBBY)).first).toBe(1);
        expect((await engine.open(DEN)).first).toBeGreaterThan(1);
        expect((await readAll(engine, LOBBY)).size).toBe(11);
      });

      it("[L5] forgets a log that keeps nothing, once nobody is there or was for a while; then another one begins", async () => {
        await join(engine, "alice");
        await engine.commit(LOBBY, posts(3));
        const { log: identity } = await engine.open(LOBBY);
        clock.advance(31 * DAY_MS);
        await engine.tidy();
        expect(await engine.open(LOBBY), "alice is there").toMatchObject({ log: identity, first: 5, last: 4 });
        await engine.commit(LOBBY, [release("alice"), announce({ left: ["alice"], silent: true })]);
        await engine.tidy();
        expect(await engine.open(LOBBY), "it was used a moment ago").toMatchObject({ log: identity, first: 5, last: 4 });
        clock.advance(HOUR_MS);
        await engine.tidy();
        const begun = await engine.open(LOBBY);
        expect(begun).toMatchObject({ first: 1, last: 0, at: 0 });
        expect(begun.log).not.toBe(identity);
        await engine.commit(LOBBY, posts(1));
        expect(await log()).toEqual(["clock", "post 1"]);
      });

      it("[L6] neither what is young nor for ever what is old, after the clock was hours and months ahead for a while", async () => {
        await engine.commit(LOBBY, [post("before")]);
        for (const hours of [9, 24 * 90]) {
          clock.stepWall(hours * HOUR_MS);
          await engine.commit(LOBBY, [post(`${hours} h ahead`)]);
          clock.stepWall(-hours * HOUR_MS);
        }
        clock.advance(29 * DAY_MS);
        await engine.commit(LOBBY, [post("after")]);
        await engine.tidy();
        expect(await log()).toEqual(["clock", "before", "clock", "9 h ahead", "clock", "2160 h ahead", "clock", "after"]);
        clock.advance(2 * DAY_MS);
        await engine.tidy();
        // As old as what follows them, as far as the log tells.
        expect((await log()).filter((text) => text !== "clock")).toEqual(["2160 h ahead", "after"]);
        clock.advance(30 * DAY_MS);
        await engine.tidy();
        expect(await log()).toEqual([]);
      });

      it("[L6] by age when it tidies up, and goes on with the next number", async () => {
        await join(engine, "alice");
        await engine.commit(LOBBY, posts(3));
        clock.advance(20 * DAY_MS);
        await engine.commit(LOBBY, posts(3));
        const { at } = await engine.open(LOBBY);
        clock.advance(10 * DAY_MS);
        await engine.tidy();
        expect((await engine.open(LOBBY)).first).toBe(1);
        clock.advance(1000);
        await engine.tidy();
        expect(await engine.open(LOBBY)).toMatchObject({ first: 5, last: 8 });
        expect(await log()).toEqual(["clock", "post 1", "post 2", "post 3"]);
        clock.advance(30 * DAY_MS);
        await engine.tidy();
        expect(await engine.open(LOBBY)).toMatchObject({ first: 9, last: 8, at });
        expect(await engine.read(LOBBY, 0, 1000)).toEqual([]);
        const { chunk, first } = await engine.commit(LOBBY, [post("anew")]);
        expect(first).toBe(9);
        expect(chunk).toMatchObject({ first: 9, last: 10, before: at, at: clock.wall() });
        expect(await log()).toEqual(["clock", "anew"]);
      });
    });

    describe("keeps claims:", () => {
      it("[S4] hello claims a nickname and a place", async () => {
        const committed = await engine.commit(LOBBY, [hello("alice", { nick: "Alice" })]);
        const record = {
          session: idOf("alice"),
          room: LOBBY,
          nick: "Alice",
          key: "alice",
          turn: 1,
          seq: 0,
          refusals: [],
          held: true,
          announced: false,
          graceMs: GRACE_MS,
        };
        expect(committed.outcomes).toEqual([{ kind: "welcomed", resumed: false, record }]);
        expect(await engine.find(idOf("alice"))).toEqual(record);
        expect(await engine.held()).toBe(1);
      });

      it("[S3, S8] hello again resumes, and begins another turn", async () => {
        await join(engine, "alice");
        await engine.commit(LOBBY, [chat("alice", 1)]);
        const outcome = await one(engine, LOBBY, helloAgain("alice", { graceMs: 5000 }));
        expect(outcome).toMatchObject({ kind: "welcomed", resumed: true, record: { turn: 2, seq: 1, nick: "alice", graceMs: 5000 } });
        expect(await engine.held()).toBe(1);
      });

      it("[S10] a nickname is ignored while the claim holds", async () => {
        await join(engine, "alice");
        await join(engine, "bob");
        for (const nick of ["carol", "bob", "alice"]) {
          expect(await one(engine, LOBBY, hello("alice", { nick }))).toMatchObject({ resumed: true, record: { nick: "alice" } });
        }
        expect(briefly([await one(engine, LOBBY, hello("carol"))])).toEqual(["welcomed"]);
      });

      it("[S10] a session is of one room, as long as it is known", async () => {
        await join(engine, "alice");
        expect(briefly([await one(engine, DEN, hello("alice"))])).toEqual(["wrong-room"]);
        await engine.commit(LOBBY, [release("alice")]);
        expect(briefly([await one(engine, DEN, hello("alice"))])).toEqual(["wrong-room"]);
        expect(await engine.find(idOf("alice"))).toMatchObject({ room: LOBBY, turn: 1, held: false });
        expect(await engine.held()).toBe(0);
      });

      it("[S10] what is asked of a session in another room finds nobody", async () => {
        await join(engine, "alice");
        const { outcomes } = await engine.commit(DEN, [
          chat("alice", 1),
          refuse("alice", 1),
          rename("alice", "ann"),
          linger("alice", 1),
          release("alice"),
          announce({ joined: ["alice"], silent: true }),
        ]);
        expect(briefly(outcomes)).toEqual(["stale", "stale", "stale", "stale", "stale", "noted"]);
        expect(await engine.find(idOf("alice"))).toMatchObject({ seq: 0, nick: "alice", held: true, announced: false });
      });

      it("[P11, X3] a nickname is its holder's, by key, in its room", async () => {
        await join(engine, "alice");
        expect(briefly([await one(engine, LOBBY, hello("mallory", { nick: "ALICE" }))])).toEqual(["nick-taken"]);
        expect(await engine.find(idOf("mallory"))).toBeUndefined();
        expect(briefly([await one(engine, DEN, hello("mallory", { nick: "alice" }))])).toEqual(["welcomed"]);
      });

      it("[T3, X3] a post goes under a name that nobody holds", async () => {
        await engine.commit(LOBBY, [hello("alice", { nick: "Alice" })]);
        const taken = { kind: "refused", refusal: { code: "nick-taken", message: expect.any(String) } };
        expect(await one(engine, LOBBY, postAs("ALICE", "not me"))).toEqual(taken);
        expect(await one(engine, LOBBY, postAs("cron", "done"))).toEqual({ kind: "appended", offset: 2 });
        expect(await one(engine, DEN, postAs("alice", "elsewhere"))).toEqual({ kind: "appended", offset: 2 });
        await engine.commit(LOBBY, [release("alice")]);
        expect(await one(engine, LOBBY, postAs("alice", "she went"))).toEqual({ kind: "appended", offset: 3 });
      });

      it("[S41, L9] who ended keeps the nickname from renames until the log says that they left; a newcomer may have it", async () => {
        const taken = { kind: "refused", refusal: { code: "nick-taken", message: expect.any(String) } };
        for (const name of ["alice", "bob", "carol", "dave"]) await join(engine, name);
        await engine.commit(LOBBY, [announce({ joined: ["alice", "bob"], silent: true })]);
        expect((await engine.commit(LOBBY, [release("alice"), rename("dave", "alice")])).outcomes).toEqual([{ kind: "noted" }, taken]);
        const said = [announce({ left: ["alice"], silent: true }), rename("dave", "alice")];
        expect((await engine.commit(LOBBY, said)).outcomes).toMatchObject([{ kind: "noted" }, { kind: "renamed" }]);
        // Bob is followed by another bob, whose `joined` comes after his `left`.
        expect(briefly((await engine.commit(LOBBY, [release("bob"), hello("erin", { nick: "bob" })])).outcomes)).toEqual([
          "noted",
          "welcomed",
        ]);
        await engine.commit(LOBBY, [announce({ left: ["bob"], silent: true })]);
        expect(briefly([await one(engine, LOBBY, rename("carol", "bob"))])).toEqual(["nick-taken"]);
        // Carol was never said to have come: it is the same for her.
        const outcomes = [release("carol"), rename("dave", "carol"), announce({ left: ["carol"], silent: true }), rename("dave", "carol")];
        expect((await engine.commit(LOBBY, outcomes)).outcomes).toMatchObject([{}, { kind: "refused" }, {}, { kind: "renamed" }]);
      });

      it("[S9] a new session names a nickname", async () => {
        expect(briefly([await one(engine, LOBBY, helloAgain("alice"))])).toEqual(["nick-invalid"]);
        expect(await engine.find(idOf("alice"))).toBeUndefined();
        expect(await engine.held()).toBe(0);
      });

      it("[S4] places are counted over all rooms, and resuming needs none", async () => {
        const tight = { maxHeld: 2 };
        await engine.commit(LOBBY, [hello("alice", tight)]);
        await engine.commit(DEN, [hello("bob", tight)]);
        expect(briefly([await one(engine, LOBBY, hello("carol", tight))])).toEqual(["full"]);
        expect(briefly([await one(engine, DEN, hello("carol", tight))])).toEqual(["full"]);
        expect(await one(engine, LOBBY, hello("alice", { maxHeld: 0 }))).toMatchObject({ resumed: true });
        expect(await engine.held()).toBe(2);
        await engine.commit(DEN, [release("bob")]);
        expect(await engine.held()).toBe(1);
        expect(briefly([await one(engine, LOBBY, hello("carol", tight))])).toEqual(["welcomed"]);
      });

      it("[S4] of many who come at once only as many get in as there are places", async () => {
        const names = Array.from({ length: 30 }, (_, index) => `guest${index}`);
        const committed = await Promise.all(
          names.map((name, index) => engine.commit(index % 2 === 0 ? LOBBY : DEN, [hello(name, { maxHeld: 7 })])),
        );
        expect(committed.filter(({ outcomes }) => outcomes[0]?.kind === "welcomed")).toHaveLength(7);
        expect(await engine.held()).toBe(7);
      });

      it("[P11] of several who want a nickname at once one gets it", async () => {
        const committed = await Promise.all(["a", "b", "c", "d"].map((name) => engine.commit(LOBBY, [hello(name, { nick: "zoe" })])));
        expect(committed.flatMap(({ outcomes }) => briefly(outcomes))).toEqual(["welcomed", "nick-taken", "nick-taken", "nick-taken"]);
      });

      it("[S41] rename claims one nickname and gives the other back", async () => {
        await join(engine, "alice");
        const { outcomes, chunk } = await engine.commit(LOBBY, [rename("alice", "Ann")]);
        expect(outcomes).toEqual([{ kind: "renamed", from: "alice", offset: 2 }]);
        expect(chunk).toMatchObject({ first: 1, last: 2 });
        expect(await engine.find(idOf("alice"))).toMatchObject({ nick: "Ann", key: "ann" });
        expect(briefly([await one(engine, LOBBY, hello("bob", { nick: "ann" }))])).toEqual(["nick-taken"]);
        expect(briefly([await one(engine, LOBBY, hello("bob", { nick: "alice" }))])).toEqual(["welcomed"]);
      });

      it("[S41] rename may change the spelling, and need not be logged", async () => {
        await join(engine, "alice");
        expect(await one(engine, LOBBY, rename("alice", "ALICE", { silent: true }))).toEqual({ kind: "renamed", from: "alice" });
        expect(await engine.find(idOf("alice"))).toMatchObject({ nick: "ALICE", key: "alice" });
        expect((await engine.open(LOBBY)).last).toBe(0);
        expect(briefly([await one(engine, LOBBY, hello("bob", { nick: "alice" }))])).toEqual(["nick-taken"]);
      });

      it("[S41] rename is refused where the nickname is taken, and stale from an older turn", async () => {
        await join(engine, "alice");
        await join(engine, "bob");
        expect(briefly([await one(engine, LOBBY, rename("alice", "Bob"))])).toEqual(["nick-taken"]);
        await engine.commit(LOBBY, [helloAgain("alice")]);
        expect(briefly([await one(engine, LOBBY, rename("alice", "ann"))])).toEqual(["stale"]);
        expect(briefly([await one(engine, LOBBY, rename("nobody", "ann"))])).toEqual(["stale"]);
        expect(await engine.find(idOf("alice"))).toMatchObject({ nick: "alice" });
        expect((await engine.open(LOBBY)).last).toBe(0);
      });

      it("[S27] linger holds until the next hello", async () => {
        await join(engine, "alice");
        expect(await one(engine, LOBBY, linger("alice", 10_000))).toEqual({ kind: "noted" });
        expect(await engine.find(idOf("alice"))).toMatchObject({ graceMs: 10_000, held: true });
        await engine.commit(LOBBY, [helloAgain("alice")]);
        expect(await engine.find(idOf("alice"))).toMatchObject({ graceMs: GRACE_MS });
        await engine.commit(LOBBY, [release("alice")]);
        expect(briefly([await one(engine, LOBBY, linger("alice", 1)), await one(engine, LOBBY, linger("nobody", 1))])).toEqual([
          "stale",
          "stale",
        ]);
      });

      it("[S26] release gives nickname and place back, once", async () => {
        await join(engine, "alice");
        expect(await one(engine, LOBBY, release("alice", "lost"))).toEqual({ kind: "noted" });
        expect(await engine.find(idOf("alice"))).toMatchObject({ held: false, why: "lost", turn: 1 });
        expect(await engine.held()).toBe(0);
        expect(briefly([await one(engine, LOBBY, release("alice")), await one(engine, LOBBY, release("nobody"))])).toEqual([
          "stale",
          "stale",
        ]);
        expect(await engine.find(idOf("alice"))).toMatchObject({ why: "lost" });
        expect(briefly([await one(engine, LOBBY, hello("bob", { nick: "alice" }))])).toEqual(["welcomed"]);
      });

      it("[S29, S30] hello after that claims anew, and goes on with seq and turn", async () => {
        await join(engine, "alice");
        await engine.commit(LOBBY, [chat("alice", 1), refuse("alice", 2), release("alice")]);
        clock.advance(23 * HOUR_MS);
        await engine.tidy();
        const outcome = await one(engine, LOBBY, hello("alice", { nick: "Ann" }));
        expect(outcome).toMatchObject({
          kind: "welcomed",
          resumed: false,
          record: { nick: "Ann", key: "ann", turn: 2, seq: 2, held: true },
        });
        expect((outcome as Outcome & { kind: "welcomed" }).record).not.toHaveProperty("why");
        expect((outcome as Outcome & { kind: "welcomed" }).record.refusals.map(({ seq }) => seq)).toEqual([2]);
        const { outcomes } = await engine.commit(
          LOBBY,
          [1, 2, 3].map((seq) => chat("alice", seq, { turn: 2 })),
        );
        expect(briefly(outcomes)).toEqual(["duplicate", "duplicate", "appended"]);
      });

      it("[S30] without a nickname it claims the one that it had, if that is free", async () => {
        await join(engine, "alice");
        await engine.commit(LOBBY, [release("alice"), hello("bob", { nick: "alice" })]);
        expect(briefly([await one(engine, LOBBY, helloAgain("alice"))])).toEqual(["nick-taken"]);
        expect(await engine.find(idOf("alice"))).toMatchObject({ held: false, turn: 1 });
        await engine.commit(LOBBY, [release("bob")]);
        expect(await one(engine, LOBBY, helloAgain("alice"))).toMatchObject({
          kind: "welcomed",
          resumed: false,
          record: { nick: "alice", turn: 2 },
        });
      });

      it("[S30] it needs a place like anyone", async () => {
        await join(engine, "alice");
        await engine.commit(LOBBY, [release("alice"), hello("bob")]);
        expect(briefly([await one(engine, LOBBY, hello("alice", { maxHeld: 1 }))])).toEqual(["full"]);
        expect(await engine.held()).toBe(1);
      });

      it("says that it is well while what it is given is kept", async () => {
        await engine.commit(LOBBY, [post("one")]);
        expect(engine.well).toBe(true);
      });

      it("[S29] a session that ended is remembered for 24 hours", async () => {
        await join(engine, "alice");
        await engine.commit(LOBBY, [chat("alice", 1), release("alice")]);
        clock.advance(DAY_MS);
        await engine.tidy();
        expect(await engine.find(idOf("alice"))).toMatchObject({ seq: 1 });
        clock.advance(1);
        await engine.tidy();
        expect(await engine.find(idOf("alice"))).toBeUndefined();
        expect(await one(engine, DEN, hello("alice"))).toMatchObject({ resumed: false, record: { turn: 1, seq: 0, room: DEN } });
      });

      it("[S29] a session that ended is remembered for 24 hours, however the clock is set meanwhile", async () => {
        await engine.commit(LOBBY, [hello("alice"), hello("bob"), chat("alice", 1), release("alice")]);
        for (const hours of [5, -9, 5000, -6000]) {
          clock.stepWall(hours * HOUR_MS);
          clock.advance(6 * HOUR_MS);
          await engine.tidy();
          expect(await engine.find(idOf("alice"))).toMatchObject({ seq: 1 });
        }
        clock.advance(1);
        await engine.tidy();
        expect(await engine.find(idOf("alice"))).toBeUndefined();
      });

      it("[S29] a session that is held, or whose `left` is still to be said, is not forgotten", async () => {
        await join(engine, "alice");
        await join(engine, "bob");
        await engine.commit(LOBBY, [announce({ joined: ["alice", "bob"] }), release("bob")]);
        clock.advance(3 * DAY_MS);
        await engine.tidy();
        expect(await engine.find(idOf("alice"))).toMatchObject({ held: true });
        expect(await engine.find(idOf("bob"))).toMatchObject({ held: false, announced: true });
        await engine.commit(LOBBY, [announce({ left: ["bob"] })]);
        await engine.tidy();
        expect(await engine.find(idOf("bob"))).toBeUndefined();
      });

      it("[L9] announce notes whose coming and going the log tells", async () => {
        await join(engine, "alice");
        const said = await engine.commit(LOBBY, [announce({ joined: ["alice", "nobody"] })]);
        expect(said.outcomes).toEqual([{ kind: "appended", offset: 2 }]);
        expect(await engine.find(idOf("alice"))).toMatchObject({ held: true, announced: true });
        expect(await engine.find(idOf("nobody"))).toBeUndefined();
        await engine.commit(LOBBY, [release("alice")]);
        expect(await engine.find(idOf("alice"))).toMatchObject({ held: false, announced: true });
        expect(await one(engine, LOBBY, announce({ left: ["alice"], silent: true }))).toEqual({ kind: "noted" });
        expect(await engine.find(idOf("alice"))).toMatchObject({ held: false, announced: false, why: "left" });
        expect(await log()).toEqual(["clock", "joined"]);
      });

      it("[L9] what may have been said is not said again", async () => {
        await engine.commit(LOBBY, [hello("alice"), hello("bob"), hello("carol"), announce({ joined: ["alice"] })]);
        const again = (names: { joined?: string[]; left?: string[] }) => ({ ...announce(names), again: true });
        const outcomes = await engine.commit(LOBBY, [
          again({ joined: ["alice", "bob"] }),
          again({ joined: ["bob", "nobody"] }),
          again({ left: ["carol", "alice"] }),
          again({ left: ["alice"] }),
        ]);
        expect(outcomes.outcomes).toEqual([
          { kind: "stale", sessions: [idOf("alice")] },
          { kind: "appended", offset: 3 },
          { kind: "stale", sessions: [idOf("carol")] },
          { kind: "appended", offset: 4 },
        ]);
      });

      it("[H15] a session that is held can be attended, without another turn", async () => {
        const record = await join(engine, "alice");
        const attend = (name: string, turn = 1) => one(engine, LOBBY, { kind: "attend", session: idOf(name), turn });
        expect(await attend("alice")).toEqual({ kind: "attended", record });
        await engine.commit(LOBBY, [helloAgain("alice")]);
        expect(await attend("alice")).toEqual({ kind: "stale" });
        expect(await attend("alice", 2)).toMatchObject({ kind: "attended" });
        await engine.commit(LOBBY, [release("alice")]);
        for (const name of ["alice", "nobody"]) expect(await attend(name, 2)).toEqual({ kind: "stale" });
      });

      it("[S3] nobody is found who was never here", async () => {
        expect(await engine.find(idOf("nobody"))).toBeUndefined();
      });

      it("[S3] what was handed out stays as it was", async () => {
        const { outcomes } = await engine.commit(LOBBY, [hello("alice"), chat("alice", 1), rename("alice", "ann")]);
        const { record } = outcomes[0] as Outcome & { kind: "welcomed" };
        const found = await engine.find(idOf("alice"));
        const state = await engine.open(LOBBY);
        await engine.commit(LOBBY, [chat("alice", 2), refuse("alice", 3), release("alice")]);
        expect(record).toMatchObject({ seq: 0, nick: "alice", refusals: [], held: true });
        expect(found).toMatchObject({ seq: 1, nick: "ann", refusals: [], held: true });
        expect(state).toMatchObject({ last: 3 });
      });

      it("[S28] hands over nobody that this process looks after", async () => {
        expect(await engine.adopt()).toEqual([]);
        await join(engine, "alice");
        await engine.commit(LOBBY, [hello("bob"), announce({ joined: ["bob"] }), release("bob")]);
        expect(await engine.adopt()).toEqual([]);
      });
    });

    describe("keeps each session's numbers:", () => {
      beforeEach(async () => {
        await join(engine, "alice");
      });

      it("[S14, S16] appends each number once, in order", async () => {
        const { outcomes } = await engine.commit(
          LOBBY,
          [1, 1, 3, 2, 2, 1, 3, 5, 0, 4].map((seq) => chat("alice", seq)),
        );
        expect(briefly(outcomes)).toEqual([
          "appended",
          "duplicate",
          "skipped",
          "appended",
          "duplicate",
          "duplicate",
          "appended",
          "skipped",
          "duplicate",
          "appended",
        ]);
        expect(await log()).toEqual(["clock", "alice 1", "alice 2", "alice 3", "alice 4"]);
        expect(await engine.find(idOf("alice"))).toMatchObject({ seq: 4 });
      });

      it("[S16] a number that is sent many times at once is appended once", async () => {
        const committed = await Promise.all(Array.from({ length: 20 }, () => engine.commit(LOBBY, [chat("alice", 1)])));
        expect(committed.flatMap(({ outcomes }) => briefly(outcomes)).filter((kind) => kind === "appended")).toHaveLength(1);
        expect(await log()).toEqual(["clock", "alice 1"]);
      });

      it("[S8, S17] takes nothing of an older turn", async () => {
        await engine.commit(LOBBY, [chat("alice", 1), helloAgain("alice")]);
        const { outcomes } = await engine.commit(LOBBY, [
          chat("alice", 1),
          chat("alice", 2),
          refuse("alice", 2),
          chat("alice", 2, { turn: 2 }),
        ]);
        expect(briefly(outcomes)).toEqual(["stale", "stale", "stale", "appended"]);
      });

      it("[S26] takes nothing of a session that is not held", async () => {
        await engine.commit(LOBBY, [release("alice")]);
        const { outcomes } = await engine.commit(LOBBY, [chat("alice", 1), refuse("alice", 1), chat("nobody", 1), refuse("nobody", 1)]);
        expect(briefly(outcomes)).toEqual(["stale", "stale", "stale", "stale"]);
        expect((await engine.open(LOBBY)).last).toBe(0);
      });

      it("[S18] a refused number is used up", async () => {
        const { outcomes, chunk } = await engine.commit(LOBBY, [
          refuse("alice", 1),
          refuse("alice", 1),
          chat("alice", 1),
          refuse("alice", 3),
        ]);
        expect(briefly(outcomes)).toEqual(["noted", "duplicate", "duplicate", "skipped"]);
        expect(chunk).toBeUndefined();
        expect(briefly([await one(engine, LOBBY, chat("alice", 2))])).toEqual(["appended"]);
        expect((await engine.find(idOf("alice")))?.refusals).toEqual([{ seq: 1, code: "message-invalid", message: "no 1" }]);
      });

      it("[S20] remembers the newest 64 refusals, as they were said", async () => {
        const refusal = { seq: 1, code: "rate-limited", message: "slower", retryAfterMs: 1234 } as const;
        await engine.commit(LOBBY, [{ kind: "refuse", session: idOf("alice"), turn: 1, refusal }]);
        expect((await engine.find(idOf("alice")))?.refusals).toEqual([refusal]);
        await engine.commit(
          LOBBY,
          Array.from({ length: MAX_REFUSALS + 5 }, (_, index) => refuse("alice", index + 2)),
        );
        const { refusals = [] } = (await engine.find(idOf("alice"))) ?? {};
        expect(refusals.map(({ seq }) => seq)).toEqual(Array.from({ length: MAX_REFUSALS }, (_, index) => index + 7));
      });

      it("[S16] within a commit each operation sees what the ones before it did", async () => {
        const { outcomes } = await engine.commit(LOBBY, [
          hello("bob", { nick: "robert" }),
          chat("bob", 1),
          rename("bob", "bob"),
          hello("carol", { nick: "robert" }),
          release("bob"),
          chat("bob", 2),
          hello("dave", { nick: "bob", maxHeld: 3 }),
          hello("eve", { maxHeld: 3 }),
        ]);
        expect(briefly(outcomes)).toEqual(["welcomed", "appended", "renamed", "welcomed", "noted", "stale", "welcomed", "full"]);
        expect(await log()).toEqual(["clock", "bob 1", "renamed"]);
      });
    });

    describe("closes:", () => {
      it("[D4] when all that was committed is kept", async () => {
        const committed = [engine.commit(LOBBY, [post("one")]), engine.commit(DEN, [post("two")])];
        await engine.close();
        expect((await Promise.all(committed)).map(({ outcomes }) => briefly(outcomes))).toEqual([["appended"], ["appended"]]);
      });

      it("[D4] once; then it takes nothing more", async () => {
        await join(engine, "alice");
        await Promise.all([engine.close(), engine.close()]);
        await engine.close();
        await expect(engine.commit(LOBBY, [post("late")])).rejects.toThrow(EngineError);
        await expect(engine.commit(LOBBY, [])).rejects.toThrow(EngineError);
        await expect(engine.open(DEN)).rejects.toThrow(EngineError);
        await expect(engine.adopt()).rejects.toThrow(EngineError);
        await expect(engine.tidy()).rejects.toThrow(EngineError);
      });
    });

    it("does what a simple model does, whatever it is asked", async () => {
      await checkAgainstModel(maker);
    }, 120_000);

    if (maker.lasting) {
      describe("after a restart:", () => {
        let lasting: Lasting;
        beforeEach(() => {
          lasting = running as Lasting;
        });
        async function reopen(): Promise<void> {
          engine = await lasting.reopen();
        }

        it("[L5, L7] has its logs, under the same identity, and goes on with the next number", async () => {
          await engine.commit(LOBBY, posts(3));
          await engine.commit(LOBBY, posts(2, 4));
          await engine.commit(DEN, posts(1));
          const states = [await engine.open(LOBBY), await engine.open(DEN)];
          const read = plain(await engine.read(LOBBY, 0, 100_000));
          await reopen();
          expect([await engine.open(LOBBY), await engine.open(DEN)]).toEqual(states);
          expect(plain(await engine.read(LOBBY, 0, 100_000))).toEqual(read);
          expect(await one(engine, LOBBY, post("on"))).toEqual({ kind: "appended", offset: 7 });
          await reopen();
          expect(await log()).toEqual(["clock", ...postTexts(5), "on"]);
        });

        it("[L7] has what was committed just before it closed", async () => {
          const committed = Array.from({ length: 20 }, (_, index) => engine.commit(LOBBY, [post(`${index}`)]));
          await reopen();
          await Promise.all(committed);
          expect(await log()).toEqual(["clock", ...committed.map((_, index) => `${index}`)]);
        });

        it("[S16, S29] knows every session as it was", async () => {
          await engine.commit(LOBBY, [
            hello("alice"),
            chat("alice", 1),
            refuse("alice", 2),
            announce({ joined: ["alice"] }),
            linger("alice", 5),
            hello("bob"),
            release("bob", "removed"),
          ]);
          const found = [await engine.find(idOf("alice")), await engine.find(idOf("bob"))];
          await reopen();
          expect([await engine.find(idOf("alice")), await engine.find(idOf("bob"))]).toEqual(found);
          expect(await engine.held()).toBe(1);
          const { outcomes } = await engine.commit(
            LOBBY,
            [1, 2, 3].map((seq) => chat("alice", seq)),
          );
          expect(briefly(outcomes)).toEqual(["duplicate", "duplicate", "appended"]);
          expect(briefly([await one(engine, LOBBY, hello("carol", { nick: "alice" }))])).toEqual(["nick-taken"]);
          expect(briefly([await one(engine, LOBBY, hello("carol", { maxHeld: 1 }))])).toEqual(["full"]);
          expect(await one(engine, LOBBY, helloAgain("alice"))).toMatchObject({ resumed: true, record: { turn: 2 } });
        });

        it("[S28, D6] hands over, once, those who are held, and those whose coming or going is still to be said", async () => {
          const everybody = ["here", "unsaid", "gone", "unsaid-gone", "never-said"];
          await engine.commit(
            LOBBY,
            everybody.map((name) => hello(name)),
          );
          await engine.commit(LOBBY, [
            announce({ joined: ["here", "gone", "unsaid-gone"] }),
            release("gone"),
            announce({ left: ["gone"] }),
            release("unsaid-gone", "lost"),
            release("never-said"),
          ]);
          await reopen();
          const adopted = await engine.adopt();
          expect(adopted.map(({ session }) => session).sort()).toEqual([idOf("here"), idOf("unsaid"), idOf("unsaid-gone")].sort());
          for (const record of adopted) expect(record).toEqual(await engine.find(record.session));
          expect(await engine.adopt()).toEqual([]);
          await reopen();
          expect(await Promise.all([engine.adopt(), engine.adopt()]).then((both) => both.map((records) => records.length).sort())).toEqual([
            0, 3,
          ]);
        });

        it("[S28] hands over nobody who came back by themselves", async () => {
          await engine.commit(LOBBY, [hello("alice"), hello("bob"), hello("carol")]);
          await reopen();
          await engine.commit(LOBBY, [helloAgain("alice"), release("bob")]);
          expect((await engine.adopt()).map(({ session }) => session)).toEqual([idOf("carol")]);
        });

        it("[S29, L6] forgets and trims by age at once", async () => {
          await engine.commit(LOBBY, [hello("alice"), hello("bob"), chat("alice", 1), release("alice")]);
          clock.advance(37 * HOUR_MS);
          await reopen();
          expect(await engine.find(idOf("alice"))).toBeUndefined();
          expect(await engine.find(idOf("bob"))).toMatchObject({ held: true });
          expect((await engine.open(LOBBY)).first).toBe(1);
          clock.advance(30 * DAY_MS);
          await reopen();
          expect(await engine.open(LOBBY)).toMatchObject({ first: 3, last: 2 });
          expect(await one(engine, LOBBY, post("on"))).toEqual({ kind: "appended", offset: 4 });
        });

        it.each([-2000, -9, 0, 5, 12])(
          "[S29] remembers for 24 hours also who ended before a restart, with the clock %i h off",
          async (off) => {
            await engine.commit(LOBBY, [hello("alice"), chat("alice", 1), release("alice")]);
            clock.advance(12 * HOUR_MS);
            clock.stepWall(off * HOUR_MS);
            await reopen();
            clock.advance(12 * HOUR_MS);
            await engine.tidy();
            expect(await engine.find(idOf("alice"))).toMatchObject({ seq: 1 });
          },
        );

        it.each([-2000, -9, 0, 5, 50])(
          "[S29] forgets who ended before a restart, with the clock %i h off, two days after that at the latest",
          async (off) => {
            await engine.commit(LOBBY, [hello("alice"), release("alice"), hello("bob")]);
            clock.stepWall(off * HOUR_MS);
            await reopen();
            clock.stepWall(-1000 * HOUR_MS);
            clock.advance(2 * DAY_MS);
            await engine.tidy();
            expect(await engine.find(idOf("alice"))).toBeUndefined();
            expect(await engine.find(idOf("bob"))).toMatchObject({ held: true });
          },
        );

        it("[L6] keeps no more than before", async () => {
          await lasting.dispose();
          await start({ packets: 10, days: 30 });
          lasting = running as Lasting;
          await engine.commit(LOBBY, posts(15));
          await reopen();
          await engine.commit(LOBBY, posts(15));
          const state = await engine.open(LOBBY);
          await reopen();
          expect(await engine.open(LOBBY)).toEqual(state);
          expect((await readAll(engine, LOBBY)).size).toBe(state.last - state.first + 1);
          expect((await engine.read(LOBBY, 0, 1))[0]?.first).toBe(state.first);
        });
      });
    }
  });
}

function postTexts(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, index) => `post ${from + index}`);
}

/** Chunks, their octets in a form that compares by content alone. */
function plain(chunks: readonly Chunk[]): unknown {
  return chunks.map(({ octets, ...chunk }) => ({ ...chunk, octets: Buffer.from(octets).toString("latin1") }));
}
