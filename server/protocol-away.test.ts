import { describe, expect, it } from "vitest";
import { MemoryStore } from "./engine/memory-store.ts";
import { settled } from "./testing/ask.ts";
import { endWith, engineOn, longPolling, openCompany, standingCompany, transports } from "./testing/company.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import type { Member } from "./testing/member.ts";
import { chat } from "./testing/member.ts";

/** How much later than it is due something may happen that has a time: timers may be coarse, and L8 gathers. */
const SOON_MS = 1250;

/** Lets time pass in steps short enough that everybody who listens answers the heartbeat. */
async function passes(clock: ManualClock, ms: number, present: Member): Promise<void> {
  for (let left = ms; left > 0; left -= 10_000) {
    clock.advance(Math.min(left, 10_000));
    await present.speaks(`${left}`); // a round trip
  }
}

describe.each(transports)("away over $name", (transport) => {
  const company = standingCompany(transport, { RATE_BURST: "0" });

  const leftOf = (member: Member) => member.told.filter(({ type }) => type === "left");

  it("[S24] tells nobody that a transport was lost, and keeps nickname and place", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.cuts();
    await passes(company.clock, 59_999, alice);
    const thief = company.somebody("BOB", bob.room);
    expect(await thief.comes()).toMatchObject({ type: "error", code: "nick-taken" });
    expect(await bob.returns()).toMatchObject({ type: "welcome", resumed: true, nick: "bob", online: 2 });
    company.clock.advance(250);
    await bob.speaks("back");
    await alice.hears("back");
    expect(alice.since().map(({ type }) => type)).not.toEqual(expect.arrayContaining(["left"]));
    expect(alice.since().map(({ type }) => type)).not.toEqual(expect.arrayContaining(["joined"]));
  });

  it("[S24] begins a full grace with every loss", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    for (let time = 0; time < 3; time++) {
      await bob.cuts();
      await passes(company.clock, 50_000, alice);
      expect(await bob.returns()).toMatchObject({ resumed: true });
    }
    expect(leftOf(alice)).toEqual([]);
  });

  it("[S26] says left, why lost, when the grace ends, and gives the nickname back", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.cuts();
    await passes(company.clock, 59_999, alice);
    expect(leftOf(alice)).toEqual([]);
    company.clock.advance(SOON_MS);
    expect(await alice.next("left")).toEqual({ type: "left", nicks: ["bob"], why: "lost" });
    expect(await company.somebody("bob", bob.room).comes()).toMatchObject({ type: "welcome", online: 2 });
  });

  it("[S26] says left, why left, at once after leave", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.leaves();
    company.clock.advance(250);
    expect(await alice.next("left")).toEqual({ type: "left", nicks: ["bob"], why: "left" });
    expect(await company.somebody("bob", bob.room).comes()).toMatchObject({ type: "welcome", online: 2 });
  });

  it("[S27] keeps who lingers for that long, and says left, why left, then", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.leaves({ linger: 10_000 });
    await bob.cuts();
    await passes(company.clock, 9999, alice);
    expect(leftOf(alice)).toEqual([]);
    company.clock.advance(SOON_MS);
    expect(await alice.next("left")).toEqual({ type: "left", nicks: ["bob"], why: "left" });
  });

  it("[S27] is silent where who lingers says hello in time, who has the full grace from then on", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.leaves({ linger: 10_000 });
    await bob.cuts();
    await passes(company.clock, 9999, alice);
    expect(await bob.returns()).toMatchObject({ type: "welcome", resumed: true });
    await bob.cuts();
    await passes(company.clock, 59_999, alice);
    expect(leftOf(alice)).toEqual([]);
    company.clock.advance(SOON_MS);
    expect(await alice.next("left")).toMatchObject({ why: "lost" });
  });

  it("[S27, S38] lets nobody linger longer than the grace", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.leaves({ linger: 600_000 });
    await bob.cuts();
    await passes(company.clock, 59_999, alice);
    expect(leftOf(alice)).toEqual([]);
    company.clock.advance(SOON_MS);
    expect(await alice.next("left")).toMatchObject({ nicks: ["bob"] });
  });

  it("[S29, S30] remembers seq after the session ended, and joins again under the same or another nickname", async () => {
    const [bob] = await company.gathers("bob");
    await bob.speaks("one");
    await bob.speaks(" ");
    await bob.leaves();
    await bob.cuts();
    company.clock.advance(23 * 3_600_000);
    const again = company.somebody("robert", bob.room, bob.session);
    expect(await again.comes()).toMatchObject({ type: "welcome", nick: "robert", resumed: false, seq: 2, turn: 2 });
    expect(await again.speaks("three")).toMatchObject({ type: "ack", seq: 3 });
    expect(again.told.filter(({ type, nicks }) => type === "joined" && nicks?.includes("robert"))).toHaveLength(1);
  });

  it("[S30] claims the nickname anew: who took it meanwhile keeps it", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.leaves();
    const newBob = await company.joins("bob", alice.room);
    const oldBob = company.somebody("bob", alice.room, bob.session);
    expect(await oldBob.comes()).toMatchObject({ type: "error", code: "nick-taken" });
    expect(await oldBob.ends()).toEqual(endWith(transport, "nick-taken", { close: 1008, status: 409 }));
    expect(await newBob.speaks("me")).toMatchObject({ type: "ack" });
  });

  it("[S16, D6, S28] resumes after a restart with nothing lost, nobody having left, and a full grace for each", async () => {
    const clock = new ManualClock();
    const store = new MemoryStore();
    const before = await openCompany(transport, { RATE_BURST: "0" }, { clock, engine: await engineOn(store, clock) });
    const [alice, bob] = await before.gathers("alice", "bob");
    await bob.cuts();
    await alice.sends(chat("alice", "one"), chat("alice", " "), chat("alice", "three"));
    await alice.answerTo(3);
    await passes(clock, 50_000, alice);
    const stopped = before.house.stop();
    await alice.next("stopping");
    await stopped;
    const after = await openCompany(transport, { RATE_BURST: "0" }, { clock, engine: await engineOn(store, clock) });
    const again = after.somebody("alice", alice.room, alice.session);
    const welcome = await again.says({ log: alice.log, offset: alice.offset, seq: 0 });
    expect(welcome).toMatchObject({ resumed: true, seq: alice.seq, log: alice.log, offset: alice.offset, online: 2, nick: "alice" });
    expect(await again.next("refused")).toMatchObject({ seq: 2, code: "message-invalid" });
    expect(await again.speaks("four")).toMatchObject({ type: "ack", seq: alice.seq + 1 });
    await passes(clock, 59_999, again);
    expect(again.told.map(({ type }) => type)).not.toContain("left");
    expect(again.told.map(({ type }) => type)).not.toContain("joined");
    clock.advance(SOON_MS);
    expect(await again.next("left")).toEqual({ type: "left", nicks: ["bob"], why: "lost" });
    const secondBob = after.somebody("bob", bob.room, bob.session);
    await secondBob.says({ log: bob.log, offset: bob.offset, nick: "bob" });
    await secondBob.hears("four");
    expect(secondBob.heard().slice(0, 2)).toEqual(["one", "three"]);
  });
});

describe("away between polls", () => {
  const company = standingCompany(longPolling, { RATE_BURST: "0" });

  it("[S25, S24] begins the grace anew with a hello that no poll follows", async () => {
    const alice = company.somebody("alice");
    alice.asksAgain = false;
    await alice.comes();
    for (let time = 0; time < 4; time++) {
      company.clock.advance(50_000);
      expect(await alice.returns(), `after ${time} more`).toMatchObject({ type: "welcome", resumed: true });
    }
  });

  it("[S25, S24] begins the grace anew with each poll that ends", async () => {
    const alice = company.somebody("alice");
    alice.asksAgain = false;
    await alice.comes();
    await alice.polls(); // her own joined
    for (let time = 0; time < 4; time++) {
      company.clock.advance(50_000);
      await alice.speaks(`${time}`);
      expect(await alice.polls()).toMatchObject({ status: 200 });
    }
  });

  it("[S25] is not put off by a POST", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.cuts();
    for (const ms of [30_000, 29_000]) {
      company.clock.advance(ms);
      await settled(company.house);
      expect(await bob.speaks(`after ${ms}`)).toMatchObject({ type: "ack" });
    }
    company.clock.advance(1000 + SOON_MS);
    expect(await alice.next("left")).toMatchObject({ nicks: ["bob"], why: "lost" });
  });
});
