import { describe, expect, it } from "vitest";
import { isJoinedOf, openCompany, standingCompany, transports } from "./testing/company.ts";
import type { Member } from "./testing/member.ts";

/** When each text was said, as a reader knows it by L4: `welcome.at`, then each `gap` and `clock`. */
function timesOf(member: Member): Record<string, number> {
  const times: Record<string, number> = {};
  let now = 0;
  for (const { type, at, message } of member.told) {
    if (type === "welcome" || type === "gap" || type === "clock") now = at ?? Number.NaN;
    if (type === "chat") times[String(message)] = now;
  }
  return times;
}

describe.each(transports)("the log of a room over $name", (transport) => {
  const company = standingCompany(transport, { RATE_BURST: "0" });

  it("[L1, S18] numbers the packets 1, 2, 3, …, the same for everybody, and ack names the number", async () => {
    const room = company.newRoom();
    const alice = await company.joins("alice", room);
    await alice.next("joined");
    expect(alice.told.map(({ type }) => type)).toEqual(["welcome", "roster", "clock", "joined"]);
    expect(await alice.speaks("Hello")).toMatchObject({ type: "ack", seq: 1, offset: 3 });
    const bob = await company.joins("bob", room);
    expect(await bob.speaks("Hi")).toMatchObject({ type: "ack", seq: 1, offset: 5 }); // his joined comes first
    for (const member of [alice, bob]) {
      await member.hears("Hi");
      expect(member.offset).toBe(5);
    }
  });

  it("[L2] counts no session packet", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    const before = alice.offset;
    await alice.renames("a"); // renamed, a room packet; and you, which is not
    await alice.renames("bob"); // refused
    await alice.speaks(" ", "a"); // refused
    const ack = await alice.speaks("hello", "a");
    expect(ack).toMatchObject({ offset: before + 2 });
    await bob.hears("hello");
    expect(bob.offset).toBe(before + 2);
  });

  it("[L3] says the time before a packet when it is a second or more from the last one's, and not before", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    company.clock.advance(5000);
    await alice.speaks("one");
    const one = company.clock.wall();
    company.clock.advance(999);
    await alice.speaks("two");
    company.clock.advance(1);
    await alice.speaks("three");
    await bob.hears("three");
    expect(bob.since().map(({ type, message, at }) => message ?? [type, at])).toEqual([
      ["clock", one],
      "one",
      "two",
      ["clock", one + 1000],
      "three",
    ]);
  });

  it.each([
    ["back by a second", -1000, true],
    ["back by a day", -86_400_000, true],
    ["back by less than a second", -999, false],
    ["forward by a year", 31_536_000_000, true],
  ])("[L3] follows a system clock that steps %s", async (_, step, said) => {
    const [alice, bob] = await company.gathers("alice", "bob");
    company.clock.advance(5000);
    await alice.speaks("before");
    await bob.hears("before");
    bob.forgets();
    company.clock.stepWall(step);
    await alice.speaks("after");
    await bob.hears("after");
    expect(bob.since().filter(({ type }) => type === "clock")).toEqual(said ? [{ type: "clock", at: company.clock.wall() }] : []);
    company.clock.stepWall(-step);
  });

  it("[L4] tells the time of every packet to the second, live or replayed, from wherever a reader comes in", async () => {
    const room = company.newRoom();
    const alice = await company.joins("alice", room);
    const saidAt: Record<string, number> = {};
    for (let number = 0; number < 12; number++) {
      company.clock.advance([0, 400, 700, 2600][number % 4] ?? 0);
      saidAt[`${number}`] = company.clock.wall();
      await alice.speaks(`${number}`);
    }
    await alice.hears("11");
    const readers = [alice];
    for (const history of [1, 2, 3, 4, 5, 9]) readers.push(await company.joins(`after-${history}`, room, { history }));
    for (const reader of readers) {
      await reader.hears("11");
      for (const [text, at] of Object.entries(timesOf(reader))) expect(Math.abs((saidAt[text] ?? 0) - at), text).toBeLessThan(1000);
    }
    for (let offset = 0; offset <= 12; offset++) {
      const reader = company.somebody(`from-${offset}`, room);
      await reader.comes({ log: alice.log, offset });
      await reader.hears("11");
      for (const [text, at] of Object.entries(timesOf(reader))) expect(Math.abs((saidAt[text] ?? 0) - at), text).toBeLessThan(1000);
    }
  });

  it("[L5] gives every log an identity of its own", async () => {
    const [tea, coffee] = [await company.joins("alice"), await company.joins("alice")];
    expect(tea.log).not.toBe("");
    expect(tea.log).not.toBe(coffee.log);
    expect((await company.joins("bob", tea.room)).log).toBe(tea.log);
  });

  it("[L8] says joined at once where the last was 250 ms ago, and gathers those that come before", async () => {
    const room = company.newRoom();
    const alice = await company.joins("alice", room);
    expect(await alice.next("joined")).toMatchObject({ nicks: ["alice"] }); // time stands still: at once
    await company.joins("bob", room);
    await company.joins("carol", room);
    company.clock.advance(249);
    await alice.speaks("not yet");
    await alice.hears("not yet");
    expect(alice.since().map(({ type }) => type)).not.toContain("joined");
    company.clock.advance(1);
    expect((await alice.next("joined")).nicks?.toSorted()).toEqual(["bob", "carol"]);
    company.clock.advance(250);
    await company.joins("dave", room);
    expect(await alice.next("joined")).toMatchObject({ nicks: ["dave"] });
  });

  it("[L8] says joined before somebody's first chat packet", async () => {
    const room = company.newRoom();
    const alice = await company.joins("alice", room);
    await alice.next("joined");
    const [bob] = [await company.joins("bob", room), await company.joins("carol", room)];
    await bob.speaks("first");
    await alice.hears("first");
    const [joined, said] = [alice.told.findIndex((told) => isJoinedOf(told, "bob")), alice.told.findIndex(({ type }) => type === "chat")];
    expect(joined).toBeGreaterThan(-1);
    expect(joined).toBeLessThan(said);
  });

  it("[L8, L9] gathers left as well, and announces who goes before being announced", async () => {
    const room = company.newRoom();
    const alice = await company.joins("alice", room);
    await alice.next("joined");
    const bob = await company.joins("bob", room);
    await bob.leaves();
    company.clock.advance(250);
    const joined = alice.told.indexOf(await alice.next("joined"));
    expect(alice.told[joined]).toMatchObject({ nicks: ["bob"] });
    company.clock.advance(250);
    await alice.until(() => alice.told.find(({ type }) => type === "left"), "left");
    const left = alice.told.findIndex(({ type }) => type === "left");
    expect(alice.told[left]).toEqual({ type: "left", nicks: ["bob"], why: "left" });
    expect(left).toBeGreaterThan(joined);
  });
});

describe.each(transports)("a room above NOTICE_LIMIT over $name", (transport) => {
  it("[L10] does not log who comes, goes and is renamed, and does again below 80 % of it, after a roster to all", async () => {
    const company = await openCompany(transport, { NOTICE_LIMIT: "5", RATE_BURST: "0" });
    const [alice, bob, carol, dave, erin] = await company.gathers("alice", "bob", "carol", "dave", "erin");
    const frank = await company.joins("frank", alice.room);
    company.clock.advance(250);
    expect(await bob.renames("robert")).toMatchObject({ type: "you", nick: "robert" });
    await frank.speaks("six of us");
    await erin.leaves();
    await dave.leaves();
    company.clock.advance(250);
    await frank.speaks("four of us");
    await alice.hears("four of us");
    expect(alice.since().map(({ type, message }) => message ?? type)).toEqual(["six of us", "four of us"]);
    alice.forgets();
    await carol.leaves();
    company.clock.advance(250);
    expect(await alice.next("roster", "left")).toMatchObject({ type: "roster", online: 3 });
    await frank.renames("francis");
    expect(await alice.next("renamed")).toMatchObject({ from: "frank", to: "francis" });
  });
});
