import { describe, expect, it } from "vitest";
import WebSocket from "ws";
import { MemoryStore } from "./engine/memory-store.ts";
import { ask, settled, tell, within } from "./testing/ask.ts";
import { engineOn, longPolling, openCompany, transports, webSocket } from "./testing/company.ts";
import { HeldStore } from "./testing/held-store.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { chat, newSecret, service } from "./testing/member.ts";

const STOPPING = { type: "stopping", reason: "shutdown", reconnectIn: 1000 };

describe.each(transports)("stopping over $name", (transport) => {
  it("[D3] tells everybody, and says nothing of anybody leaving", async () => {
    const company = await openCompany(transport);
    const [alice, bob] = await company.gathers("alice", "bob");
    await settled(company.house); // polls are parked
    const stopped = company.house.stop();
    for (const member of [alice, bob]) expect(await member.next("stopping")).toEqual(STOPPING);
    await within(stopped, "the stop", 6000);
    for (const member of [alice, bob]) expect(member.told.map(({ type }) => type)).not.toContain("left");
  });

  it("[D2, L7] settles what is in flight before it tells", async () => {
    const clock = new ManualClock();
    const store = new HeldStore();
    const company = await openCompany(transport, {}, { clock, engine: await engineOn(store, clock) });
    const [alice, bob] = await company.gathers("alice", "bob");
    store.holds();
    alice.sends(chat("alice", "just in time")).catch(() => undefined);
    await settled(company.house);
    const stopped = company.house.stop();
    await settled(company.house).catch(() => undefined);
    store.letsGo();
    expect(await alice.answerTo(1)).toMatchObject({ type: "ack" });
    await bob.next("stopping");
    await within(stopped, "the stop", 6000);
    // By a stream it is in what came before; by poll it is in the same answer, or in the next that the last second brings
    if (transport !== longPolling) expect(bob.heard()).toEqual(["just in time"]);
  });

  it("[D6, S28] lets each session resume on what was kept, with nothing lost, nobody having left or joined", async () => {
    const clock = new ManualClock();
    const store = new MemoryStore();
    const before = await openCompany(transport, {}, { clock, engine: await engineOn(store, clock) });
    const [alice, bob] = await before.gathers("alice", "bob");
    await alice.speaks("one");
    await bob.hears("one");
    await settled(before.house);
    await within(before.house.stop(), "the stop", 6000);
    clock.advance(3_600_000); // a long repair
    const after = await openCompany(transport, {}, { clock, engine: await engineOn(store, clock) });
    const newBob = after.somebody("bob", bob.room, bob.session);
    expect(await newBob.says({ log: bob.log, offset: bob.offset })).toMatchObject({
      resumed: true,
      offset: bob.offset,
      turn: 2,
      online: 2,
    });
    await newBob.speaks("two");
    const newAlice = after.somebody("alice", alice.room, alice.session);
    expect(await newAlice.says({ log: alice.log, offset: alice.offset, seq: alice.seq })).toMatchObject({ resumed: true, seq: 1 });
    clock.advance(250);
    expect(await newAlice.speaks("three")).toMatchObject({ type: "ack", seq: 2 });
    for (const member of [newAlice, newBob]) {
      await member.hears("three");
      expect(member.told.map(({ type }) => type)).not.toContain("left");
      expect(member.told.map(({ type }) => type)).not.toContain("joined");
    }
  });
});

describe("stopping, door by door", () => {
  it("[D3, W6] closes WebSockets with 1012, after stopping, without an error", async () => {
    const company = await openCompany(webSocket);
    const [alice] = await company.gathers("alice");
    void company.house.stop();
    expect(await alice.ends()).toEqual({ code: undefined, number: 1012 });
    expect(alice.told.at(-1)).toEqual(STOPPING);
  });

  it("[D2, W7, H17] refuses who comes while it stops with 503, on every door", async () => {
    const company = await openCompany(longPolling);
    const stopped = company.house.stop();
    const body = service({ type: "hello", session: newSecret(), nick: "late" });
    const hello = await ask(company.house, "POST", "/poll", { body });
    expect(hello).toMatchObject({ status: 503, told: [{ type: "error", code: "stopping" }] });
    expect(Number(hello.headers["retry-after"])).toBeGreaterThanOrEqual(1);
    const upgrade = new Promise<[number, Buffer]>((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${company.house.port}/ws`, "palabre.v1");
      socket.on("error", () => undefined);
      socket.on("unexpected-response", (_, response) => {
        response.once("data", (octets: Buffer) => resolve([response.statusCode ?? 0, octets]));
      });
    });
    const [status, octets] = await within(upgrade, "the answer to an upgrade", 900);
    expect(status).toBe(503);
    expect(tell(octets)?.[0]?.[0]).toMatchObject({ type: "error", code: "stopping" });
    await within(stopped, "the stop", 6000);
  });

  it("[D2] refuses the hello of a connection that was open before", async () => {
    const company = await openCompany(webSocket);
    const late = company.somebody("late");
    await late.opens();
    void company.house.stop();
    late.socket.send(service({ type: "hello", session: late.session, nick: "late", room: late.room }));
    const end = await late.ends();
    expect(end.number).toBe(1012);
    expect(late.told.map(({ type }) => type)).not.toContain("welcome");
  });

  it("[D3] answers parked polls with stopping, and polls that arrive in the next second too", async () => {
    const company = await openCompany(longPolling);
    const [alice] = await company.gathers("alice");
    await alice.cuts();
    const poll = () => ask(company.house, "GET", `/poll?after=${alice.offset}&turn=${alice.turn}`, { session: alice.session });
    const parked = poll();
    await settled(company.house);
    const begun = performance.now();
    const stopped = company.house.stop();
    for (const answer of [await within(parked, "the parked poll"), await poll(), await poll()]) {
      expect(answer).toMatchObject({ status: 200, told: [STOPPING] });
      expect(answer.headers["palabre-offset"]).toBe(String(alice.offset));
    }
    while (performance.now() - begun < 850) expect((await poll()).told).toEqual([STOPPING]);
    await within(stopped, "the stop", 6000);
  });

  it("[D3, D6] gives a poll that arrives late what it has not heard yet, with stopping", async () => {
    const company = await openCompany(longPolling);
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.cuts();
    await bob.speaks("one more thing");
    const stopped = company.house.stop();
    const answer = await ask(company.house, "GET", `/poll?after=${alice.offset}&turn=${alice.turn}`, { session: alice.session });
    expect(answer.status).toBe(200);
    expect(answer.told.at(-1)).toEqual(STOPPING);
    await within(stopped, "the stop", 6000);
  });

  it("[D2] takes in nothing more by POST", async () => {
    const company = await openCompany(longPolling);
    const [alice, bob] = await company.gathers("alice", "bob");
    const stopped = company.house.stop();
    const answer = await ask(company.house, "POST", "/poll?seq=1", { session: alice.session, body: chat("alice", "too late") });
    expect(answer).toMatchObject({ status: 503, told: [{ type: "error", code: "stopping" }] });
    await within(stopped, "the stop", 6000);
    expect(bob.heard()).toEqual([]);
  });

  it("[D4] does not wait for a peer that never closes", async () => {
    const company = await openCompany(webSocket, { DRAIN_MS: "300" });
    const [alice] = await company.gathers("alice");
    alice.socket.pause();
    const begun = performance.now();
    await within(company.house.stop(), "the stop", 6000);
    expect(performance.now() - begun).toBeLessThan(2500);
  });

  it("[D1] stops once: a second call waits for the first", async () => {
    const company = await openCompany(webSocket);
    const [alice] = await company.gathers("alice");
    await within(Promise.all([company.house.stop(), company.house.stop()]), "both", 6000);
    expect(alice.told.filter(({ type }) => type === "stopping")).toHaveLength(1);
  });
});
