import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { RoomName } from "../shared/room-name.ts";
import { sessionId } from "./chat/hub.ts";
import { EmbeddedEngine } from "./engine/embedded.ts";
import { MemoryStore } from "./engine/memory-store.ts";
import { type Answer, ask, settled, within } from "./testing/ask.ts";
import { longPolling, webSocket } from "./testing/company.ts";
import { post as say } from "./testing/engine-samples.ts";
import { openHouse } from "./testing/house.ts";
import type { LongPollMember } from "./testing/long-poll-member.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { chat, service } from "./testing/member.ts";
import { standingNodes } from "./testing/nodes.ts";
import { SharedEngine } from "./testing/shared-engine.ts";

const refusal = (answer: Answer) => [answer.status, answer.told[0]?.code];

describe("polls at two nodes", () => {
  const all = standingNodes({ RATE_BURST: "0" });

  /** Alice, who polls wherever a test asks, and bob, who listens by a stream at the first node. */
  async function pair() {
    const room = all.nodes.newRoom();
    const bob = await all.nodes.joins(webSocket, all.a, "bob", room);
    const alice = all.nodes.somebody(longPolling, all.a, "alice", room);
    alice.asksAgain = false;
    await alice.comes();
    await bob.until(() => bob.told.find(({ nicks, type }) => type === "joined" && nicks?.includes("alice")), "alice");
    return { alice, bob, room };
  }

  const get = (house: { port: number }, member: LongPollMember, query: string) =>
    within(ask(house, "GET", `/poll?${query}`, { session: member.session }), "the answer to a poll", 10_000);
  const post = (house: { port: number }, member: LongPollMember, query: string, ...body: Uint8Array[]) =>
    within(ask(house, "POST", `/poll${query}`, { session: member.session, body }), "the answer to a POST", 10_000);

  it("[H15] any node answers any poll, and any POST: nothing is lost, nothing comes twice", async () => {
    const room = all.nodes.newRoom();
    const bob = await all.nodes.joins(webSocket, all.b, "bob", room);
    const alice = await all.nodes.joins(longPolling, all.nodes.inTurn(), "alice", room);
    const said: string[] = [];
    for (let number = 0; number < 30; number++) {
      said.push(`alice ${number}`, `bob ${number}`);
      const answers = await Promise.all([alice.speaks(`alice ${number}`), bob.speaks(`bob ${number}`)]);
      expect(answers.map(({ type }) => type)).toEqual(["ack", "ack"]);
    }
    for (const member of [alice, bob]) {
      await member.until(() => member.heard().length >= said.length || undefined, "all that was said");
      expect(member.heard().toSorted()).toEqual(said.toSorted());
      expect(member.told.filter(({ type }) => type === "left")).toEqual([]);
      expect(member.told.filter(({ type, nicks }) => type === "joined" && nicks?.includes("alice"))).toHaveLength(1);
    }
    expect(bob.heard()).toEqual(alice.heard());
  });

  it("[H16] a newer poll at another node ends the older one with 204", async () => {
    const { alice, bob } = await pair();
    await get(all.a, alice, `after=${alice.offset}`); // her own joined
    const [{ offset }] = [bob];
    const older = get(all.a, alice, `after=${offset}&turn=1`);
    await settled(all.a);
    const newer = get(all.b, alice, `after=${offset}&turn=1`);
    expect(await older).toMatchObject({ status: 204 });
    await bob.speaks("hello");
    expect(await newer).toMatchObject({ status: 200, told: expect.arrayContaining([expect.objectContaining({ message: "hello" })]) });
    expect(all.a.hub.sessions.size + all.b.hub.sessions.size).toBeGreaterThan(0);
  });

  it("[H5] a poll that has heard more than this node of the room is not beyond the end; one that has heard what nobody said is", async () => {
    const { alice, bob } = await pair();
    await bob.speaks("hello");
    await bob.hears("hello");
    const asked = get(all.b, alice, `after=${bob.offset}&turn=1`);
    await bob.speaks("again");
    expect((await asked).told).toMatchObject([{ message: "again" }]);
    for (const house of [all.a, all.b])
      expect(refusal(await get(house, alice, `after=${bob.offset + 9}`))).toEqual([410, "unknown-session"]);
  });

  it("[H6, H7] a POST at another node than the parked poll is taken, and leaves the poll where it is", async () => {
    const { alice, bob } = await pair();
    await alice.polls();
    const parked = get(all.a, alice, `after=${bob.offset}&turn=1`);
    await settled(all.a);
    const answer = await post(all.b, alice, "?seq=1&turn=1", chat("alice", "one"), chat("alice", "two"));
    expect(answer.told).toMatchObject([
      { type: "ack", seq: 1 },
      { type: "ack", seq: 2 },
    ]);
    expect((await parked).told.map(({ message }) => message)).toEqual(expect.arrayContaining(["one"]));
    // Said again, wherever that is, the answers are the same.
    for (const house of [all.b, all.a])
      expect((await post(house, alice, "?seq=1&turn=1", chat("alice", "one"), chat("alice", "two"))).told).toEqual(answer.told);
    expect(refusal(await post(all.a, alice, "?seq=4&turn=1", chat("alice", "four")))).toEqual([409, "seq-gap"]);
    expect((await post(all.a, alice, "?seq=3&turn=1", chat("alice", "three"))).told).toMatchObject([{ type: "ack", seq: 3 }]);
    await bob.hears("three");
    expect(bob.heard()).toEqual(["one", "two", "three"]);
  });

  it("[H7, S18] what one node refused another one says again as refused", async () => {
    const { alice } = await pair();
    expect((await post(all.b, alice, "?seq=1", chat("mallory", "no"))).told).toMatchObject([{ type: "refused", seq: 1 }]);
    for (const house of [all.a, all.b])
      expect((await post(house, alice, "?seq=1", chat("mallory", "no"))).told).toMatchObject([
        { type: "refused", seq: 1, code: "nick-mismatch" },
      ]);
  });

  it("[S41] a rename at another node is known everywhere", async () => {
    const { alice, bob, room } = await pair();
    expect((await post(all.b, alice, "?turn=1", service({ type: "rename", nick: "alicia" }))).told).toEqual([
      { type: "you", nick: "alicia" },
    ]);
    await bob.until(() => bob.told.find(({ type, to }) => type === "renamed" && to === "alicia"), "the new name");
    expect((await post(all.a, alice, "?seq=1&turn=1", chat("alicia", "it is me"))).told).toMatchObject([{ type: "ack", seq: 1 }]);
    // The old one was good until the new one was used, wherever that was.
    for (const house of [all.b, all.a])
      expect((await post(house, alice, "?seq=2&turn=1", chat("alice", "it was me"))).told).toMatchObject([
        { type: "refused", seq: 2, code: "nick-mismatch" },
      ]);
    const carol = all.nodes.somebody(webSocket, all.a, "Alicia", room);
    expect(await carol.comes()).toMatchObject({ type: "error", code: "nick-taken" });
    const dave = await all.nodes.joins(webSocket, all.b, "alice", room);
    const roster = dave.told.find(({ type }) => type === "roster");
    expect(roster?.nicks?.toSorted()).toEqual(["alice", "alicia", "bob"]);
  });

  it("[H11, S7] requests of an earlier turn, or of a session that moved to a stream, are replaced at every node", async () => {
    const { alice, room } = await pair();
    const again = all.nodes.somebody(longPolling, all.b, "alice", room, alice.session);
    again.asksAgain = false;
    expect(await again.says({ log: alice.log, offset: alice.offset })).toMatchObject({ resumed: true, turn: 2 });
    for (const house of [all.a, all.b]) {
      expect(refusal(await get(house, alice, `after=${alice.offset}&turn=1`))).toEqual([409, "replaced"]);
      expect(refusal(await post(house, alice, "?seq=1&turn=1", chat("alice", "stale")))).toEqual([409, "replaced"]);
    }
    const parked = get(all.a, alice, `after=${again.offset}&turn=2`);
    await settled(all.a);
    const moved = all.nodes.somebody(webSocket, all.b, "alice", room, alice.session);
    expect(await moved.says({ log: alice.log, offset: alice.offset })).toMatchObject({ resumed: true, turn: 3 });
    expect(refusal(await parked)).toEqual([409, "replaced"]);
    for (const house of [all.a, all.b]) {
      expect(refusal(await get(house, alice, `after=${alice.offset}`))).toEqual([409, "replaced"]);
      expect(refusal(await post(house, alice, "?seq=1", chat("alice", "stale")))).toEqual([409, "replaced"]);
    }
    // And nothing of it disturbs the stream.
    expect(await moved.speaks("still here")).toMatchObject({ type: "ack", seq: 1 });
  });

  it("[S6] ends a parked poll with 204 when the session says hello by poll at another node", async () => {
    const { alice, bob } = await pair();
    const parked = get(all.a, alice, `after=${bob.offset}&turn=1`);
    await settled(all.a);
    const again = all.nodes.somebody(longPolling, all.b, "alice", alice.room, alice.session);
    again.asksAgain = false;
    expect(await again.says({ log: alice.log, offset: bob.offset })).toMatchObject({ resumed: true, turn: 2 });
    expect(await parked).toMatchObject({ status: 204 });
  });

  it("[H9, H10, S26] who leaves at another node has left, once", async () => {
    for (const leave of ["leave", "beacon"] as const) {
      const { alice, bob } = await pair();
      const parked = get(all.a, alice, `after=${bob.offset}&turn=1`);
      await settled(all.a);
      if (leave === "leave") expect((await post(all.b, alice, "?turn=1", service({ type: "leave" }))).status).toBe(200);
      else {
        const body = service({ type: "leave", session: alice.session });
        expect((await ask(all.b, "POST", "/poll", { body })).status).toBe(204);
      }
      expect((await parked).status).toBe(204);
      await bob.until(() => bob.told.find(({ type }) => type === "left"), "left");
      for (const house of [all.a, all.b]) expect(refusal(await get(house, alice, "after=0"))).toEqual([410, "unknown-session"]);
      await bob.speaks("later");
      await bob.hears("later");
      expect(bob.told.filter(({ type }) => type === "left")).toEqual([{ type: "left", nicks: ["alice"], why: "left" }]);
    }
  });

  it("[H10] a page's last word at another node closes its stream with 1000", async () => {
    const room = all.nodes.newRoom();
    const alice = await all.nodes.joins(webSocket, all.a, "alice", room);
    const bob = await all.nodes.joins(webSocket, all.b, "bob", room);
    const body = service({ type: "leave", session: alice.session });
    expect((await ask(all.b, "POST", "/poll", { body })).status).toBe(204);
    expect(await alice.ends()).toEqual({ code: undefined, number: 1000 });
    expect(await bob.next("left")).toEqual({ type: "left", nicks: ["alice"], why: "left" });
  });

  it("[S27] lingers at another node for as long as it said", async () => {
    const { alice, bob } = await pair();
    const body = service({ type: "leave", session: alice.session, linger: 1000 });
    expect((await ask(all.b, "POST", "/poll", { body })).status).toBe(204);
    expect(await bob.next("left")).toEqual({ type: "left", nicks: ["alice"], why: "left" });
  });

  it("[H18] any node shows older packets", async () => {
    const { alice, bob } = await pair();
    await bob.speaks("long ago");
    await bob.hears("long ago");
    for (const house of [all.a, all.b]) {
      const page = await ask(house, "GET", `/history?before=${bob.offset + 1}`, { session: alice.session });
      expect(page.headers["palabre-offset"]).toBe(String(bob.offset));
      expect(page.told.map(({ message }) => message)).toContain("long ago");
    }
  });
});

describe("a poll that has heard more than its node", () => {
  it("[H5] waits for the news, and is beyond the end only if there are none", async () => {
    const clock = new ManualClock();
    const log = pino({ level: "silent" });
    const history = { packets: 1000, days: 30 };
    const engine = new SharedEngine(await EmbeddedEngine.start({ store: new MemoryStore(), clock, history, log }));
    const house = await openHouse({}, { engine, clock });
    const alice = new longPolling.Kind(house, "alice", "lobby");
    alice.asksAgain = false;
    await alice.comes();
    expect((await alice.polls()).told).toMatchObject([{ type: "clock" }, { type: "joined" }]);
    const lobby = "lobby" as RoomName;
    const { chunk, first } = await engine.inner.commit(lobby, [say("elsewhere"), say("and again")]);
    engine.catchUp = async () => {
      if (chunk !== undefined) engine.tell(lobby, { kind: "changed", chunk, first, came: [], went: [], taken: [] });
    };
    const asks = (after: number) => ask(house, "GET", `/poll?after=${after}`, { session: alice.session });
    expect((await within(asks(alice.offset + 1), "the answer")).told).toMatchObject([{ message: "and again" }]);
    expect(refusal(await within(asks(alice.offset + 9), "the answer"))).toEqual([410, "unknown-session"]);
    await house.stop();
  });

  it("[H11, S7] a turn that this node has not heard of yet is not an earlier one: it finds out, and goes on", async () => {
    const clock = new ManualClock();
    const log = pino({ level: "silent" });
    const history = { packets: 1000, days: 30 };
    const engine = new SharedEngine(await EmbeddedEngine.start({ store: new MemoryStore(), clock, history, log }));
    const house = await openHouse({}, { engine, clock });
    const alice = new longPolling.Kind(house, "alice", "lobby");
    alice.asksAgain = false;
    await alice.comes();
    const lobby = "lobby" as RoomName;
    const session = sessionId(alice.session);
    // At another node: of her second hello nothing was heard here.
    const [told] = (await engine.inner.commit(lobby, [{ kind: "hello", session, maxHeld: 10, graceMs: 60_000, carrier: "poll" }])).outcomes;
    expect(told).toMatchObject({ kind: "welcomed", record: { turn: 2 } });
    let looked = 0;
    engine.catchUp = async () => {
      if (looked++ === 0) engine.tell(lobby, { kind: "changed", first: 1, came: [], went: [], taken: [{ session, by: "poll" }] });
    };
    const answer = await within(
      ask(house, "POST", "/poll?seq=1&turn=2", { session: alice.session, body: [chat("alice", "here")] }),
      "the answer",
    );
    expect(answer.told).toMatchObject([{ type: "ack", seq: 1 }]);
    expect(looked).toBe(1);
    expect(refusal(await ask(house, "POST", "/poll?seq=2&turn=3", { session: alice.session, body: [chat("alice", "no")] }))).toEqual([
      409,
      "replaced",
    ]);
    await house.stop();
  });
});

describe("polls at two nodes that let people say little at once", () => {
  const all = standingNodes({ RATE_BURST: "5", RATE_PER_SECOND: "1" });

  it("[S21, S22] who goes from node to node has at each what they left there, and nothing new", async () => {
    const room = all.nodes.newRoom();
    const alice = all.nodes.somebody(longPolling, all.a, "alice", room);
    alice.asksAgain = false;
    await alice.comes();
    const parks = (house: { port: number }) => void ask(house, "GET", "/poll?after=0", { session: alice.session });
    const speaks = async (house: { port: number }, seq: number) => {
      const answer = await ask(house, "POST", `/poll?seq=${seq}`, { session: alice.session, body: chat("alice", `number ${seq}`) });
      return answer.told[0]?.type;
    };
    const answers: (string | undefined)[] = [];
    for (let seq = 1; seq <= 40; seq++) {
      const house = seq % 2 === 0 ? all.a : all.b;
      parks(seq % 3 === 0 ? all.a : all.b); // which of them looks after her changes all the time
      answers.push(await speaks(house, seq));
    }
    // Each node lets her say five at once, and one more for each second; a fresh budget for each move would let all through.
    expect(answers.filter((type) => type === "ack").length).toBeLessThan(25);
    expect(answers.slice(20)).toContain("refused");
  });
});
