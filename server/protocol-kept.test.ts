import { describe, expect, it } from "vitest";
import { settled } from "./testing/ask.ts";
import { engineOn, openCompany, transports } from "./testing/company.ts";
import { HeldStore } from "./testing/held-store.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { chat } from "./testing/member.ts";

describe.each(transports)("what is kept and what is trimmed, over $name", (transport) => {
  async function longTalk() {
    const company = await openCompany(transport, { HISTORY_PACKETS: "10", RATE_BURST: "0", GRACE_MS: "3600000" });
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.cuts();
    const offsets: Record<string, number> = {};
    for (let number = 1; number <= 60; number++) {
      company.clock.advance(1500);
      offsets[`${number}`] = (await alice.speaks(`${number}`)).offset ?? Number.NaN;
    }
    await alice.hears("60");
    return { company, alice, bob, offsets };
  }

  it("[L6, S11, S39] says what was trimmed as a gap, from what was asked for to the last that is gone", async () => {
    const { bob, offsets, company } = await longTalk();
    const from = bob.offset;
    const before = bob.heard().length;
    bob.forgets();
    const welcome = await bob.returns();
    expect(welcome).toMatchObject({ resumed: true, offset: from });
    const gap = await bob.next("gap", "chat", "clock");
    expect(gap).toMatchObject({ type: "gap", from: from + 1 });
    await bob.hears("60");
    const texts = bob.heard().slice(before);
    expect(texts.length).toBeGreaterThanOrEqual(5); // ten packets: every second one is a clock
    expect(texts.length).toBeLessThanOrEqual(20);
    const first = bob.told.findIndex((told) => told.type === "chat" && told.message === texts[0]);
    const skipped = bob.told.slice(bob.told.indexOf(gap) + 1, first).filter(({ type }) => type === "clock").length;
    expect(Number(gap.to) + skipped + 1).toBe(offsets[texts[0] ?? ""]);
    expect(bob.offset).toBe(offsets["60"]);
    const now = skipped > 0 ? bob.told[first - 1]?.at : gap.at;
    expect(company.clock.wall() - (now ?? 0)).toBe((60 - Number(texts[0])) * 1500);
  });

  it("[S35] sends the roster after a replay that had a gap, and not after one that had none", async () => {
    const { bob, alice } = await longTalk();
    bob.forgets();
    await bob.returns();
    const roster = await bob.next("roster");
    expect(roster).toMatchObject({ nicks: expect.arrayContaining(["alice", "bob"]), online: 2 });
    const place = bob.told.indexOf(roster);
    expect(bob.told.findLastIndex(({ message }) => message === "60")).toBeLessThan(place);
    await alice.cuts();
    alice.forgets();
    await alice.returns();
    await bob.speaks("on we go");
    await alice.hears("on we go");
    expect(alice.since().map(({ type }) => type)).not.toContain("roster");
  });

  it("[S12] begins a replay by history at the oldest packet kept where there are fewer, without a gap", async () => {
    const { company, alice } = await longTalk();
    const carol = company.somebody("carol", alice.room);
    const welcome = await carol.comes({ history: 50 });
    await carol.hears("60");
    expect(carol.told.map(({ type }) => type)).not.toContain("gap");
    expect(welcome.offset).toBeGreaterThan(0);
    expect(carol.offset).toBe(alice.offset);
    expect(carol.heard()).toEqual(alice.heard().slice(-carol.heard().length));
  });

  it("[L7] shows and acknowledges nothing before the log has it", async () => {
    const clock = new ManualClock();
    const store = new HeldStore();
    const company = await openCompany(transport, {}, { clock, engine: await engineOn(store, clock) });
    const [alice, bob] = await company.gathers("alice", "bob");
    store.holds();
    const sent = alice.sends(chat("alice", "hello"));
    await settled(company.house);
    for (const member of [alice, bob]) expect(member.since()).toEqual([]);
    store.letsGo();
    await sent;
    expect(await alice.answerTo(1)).toMatchObject({ type: "ack" });
    await bob.hears("hello");
  });

  it("[S17] says welcome when what was in flight is settled, so that seq is no guess", async () => {
    const clock = new ManualClock();
    const store = new HeldStore();
    const company = await openCompany(transport, {}, { clock, engine: await engineOn(store, clock) });
    const [alice, bob] = await company.gathers("alice", "bob");
    store.holds();
    alice.sends(chat("alice", "one"), chat("alice", "two")).catch(() => undefined);
    await settled(company.house);
    alice.drops();
    const again = company.somebody("alice", alice.room, alice.session);
    const welcome = again.returns();
    await settled(company.house);
    expect(again.told).toEqual([]);
    store.letsGo();
    expect(await welcome).toMatchObject({ type: "welcome", seq: 2 });
    await bob.hears("two");
    expect(bob.heard()).toEqual(["one", "two"]);
  });
});
