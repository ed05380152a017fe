import { describe, expect, it } from "vitest";
import { ask, settled, within } from "./testing/ask.ts";
import { engineOn, longPolling, openCompany, standingCompany } from "./testing/company.ts";
import { HeldStore } from "./testing/held-store.ts";
import type { LongPollMember } from "./testing/long-poll-member.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { chat, service } from "./testing/member.ts";

const post = (house: { port: number }, member: LongPollMember, seq: number, ...texts: string[]) =>
  ask(house, "POST", `/poll?seq=${seq}&turn=${member.turn}`, {
    session: member.session,
    body: texts.map((text) => chat(member.nick, text)),
  });

describe("posts", () => {
  const company = standingCompany(longPolling, { RATE_BURST: "0" });
  const told = async (member: LongPollMember, seq: number, ...texts: string[]) => (await post(company.house, member, seq, ...texts)).told;

  it("[H6, H8] answers chat packets one by one", async () => {
    const [alice] = await company.gathers("alice");
    const from = alice.offset;
    expect(await told(alice, 1, "one", " ", "three")).toEqual([
      { type: "ack", seq: 1, offset: from + 1 },
      { type: "refused", seq: 2, code: "message-invalid", message: expect.any(String) },
      { type: "ack", seq: 3, offset: from + 2 },
    ]);
  });

  it("[H7, S16] answers the last POST again whole, and appends nothing", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    const first = await told(alice, 1, "one", " ", "three");
    for (const _ of [1, 2]) expect(await told(alice, 1, "one", " ", "three")).toEqual(first);
    await told(alice, 4, "four");
    await bob.hears("four");
    expect(bob.heard()).toEqual(["one", "three", "four"]);
  });

  it("[H7] answers older numbers with ack without offset", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await told(alice, 1, "one");
    await told(alice, 2, "two");
    await told(alice, 3, "three");
    expect(await told(alice, 1, "one")).toEqual([{ type: "ack", seq: 1 }]);
    await told(alice, 4, "four");
    await bob.hears("four");
    expect(bob.heard()).toEqual(["one", "two", "three", "four"]);
  });

  it("[H7, S18] never answers a refused number that is older with ack alone", async () => {
    const [alice] = await company.gathers("alice");
    await told(alice, 1, " ");
    await told(alice, 2, "two");
    const again = await told(alice, 1, " ");
    expect(again).toMatchObject([{ type: "refused", seq: 1, code: "message-invalid" }]);
  });

  it("[H7] takes what is new of a POST that overlaps one before", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    const from = alice.offset;
    await told(alice, 1, "one", "two");
    const answers = await told(alice, 1, "one", "two", "three");
    expect(answers.map(({ type, seq }) => [type, seq])).toEqual([
      ["ack", 1],
      ["ack", 2],
      ["ack", 3],
    ]);
    expect(answers[2]?.offset).toBe(from + 3);
    expect((await told(alice, 3, "three", "four"))[1]).toMatchObject({ type: "ack", seq: 4, offset: from + 4 });
    await bob.hears("four");
    expect(bob.heard()).toEqual(["one", "two", "three", "four"]);
  });

  it("[H7, S44] refuses a POST that skips a number whole", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    const answer = await post(company.house, alice, 2, "two", "three");
    expect(answer).toMatchObject({ status: 409, told: [{ type: "error", code: "seq-gap" }] });
    expect(await told(alice, 1, "one")).toMatchObject([{ type: "ack", seq: 1 }]);
    await bob.hears("one");
    expect(bob.heard()).toEqual(["one"]);
  });

  it("[H7, S14] knows the numbers also after another hello", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await told(alice, 1, "one", "two");
    await alice.returns();
    expect(await told(alice, 2, "two")).toMatchObject([{ type: "ack", seq: 2 }]);
    expect(await told(alice, 3, "three")).toMatchObject([{ type: "ack", seq: 3 }]);
    await bob.hears("three");
    expect(bob.heard()).toEqual(["one", "two", "three"]);
  });

  it("[H12, S16] takes overlapping POSTs one after the other", async () => {
    const clock = new ManualClock();
    const store = new HeldStore();
    const own = await openCompany(longPolling, { RATE_BURST: "0" }, { clock, engine: await engineOn(store, clock) });
    const [alice, bob] = await own.gathers("alice", "bob");
    store.holds();
    const first = post(own.house, alice, 1, "one", "two");
    await settled(own.house);
    const same = post(own.house, alice, 1, "one", "two");
    const next = post(own.house, alice, 3, "three");
    await settled(own.house);
    store.letsGo();
    const answers = await within(Promise.all([first, same, next]), "the answers");
    expect(answers.map(({ told: packets }) => packets.map(({ type, seq }) => [type, seq]))).toEqual([
      [
        ["ack", 1],
        ["ack", 2],
      ],
      [
        ["ack", 1],
        ["ack", 2],
      ],
      [["ack", 3]],
    ]);
    await bob.hears("three");
    expect(bob.heard()).toEqual(["one", "two", "three"]);
  });

  it.each(["rename", "leave"])(
    "[H6, H8] takes nothing of a body that has chat packets and %s: it is the one or the other",
    async (type) => {
      const [alice, bob] = await company.gathers("alice", "bob");
      const body = [chat("alice", "unsaid"), service({ type, ...(type === "rename" ? { nick: "alicia" } : {}) })];
      const answer = await ask(company.house, "POST", "/poll?seq=1", { session: alice.session, body });
      expect(answer).toMatchObject({ status: 400, told: [{ type: "error", code: "malformed" }] });
      expect(await told(alice, 1, "said")).toMatchObject([{ type: "ack", seq: 1 }]);
      await bob.hears("said");
      expect(bob.since().map(({ type: kind, message }) => message ?? kind)).toEqual(["said"]);
    },
  );
});

describe("history", () => {
  const company = standingCompany(longPolling, { RATE_BURST: "0" });
  const history = (member: LongPollMember, query: string) => ask(company.house, "GET", `/history?${query}`, { session: member.session });

  async function longTalk() {
    const [alice] = await company.gathers("alice");
    for (let number = 1; number <= 12; number++)
      await alice.sends(...Array.from({ length: 50 }, (_, index) => chat("alice", `${number}-${index}`)));
    await alice.hears("12-49");
    const all = (await ask(company.house, "GET", "/poll?after=0", { session: alice.session })).told;
    expect(all).toHaveLength(alice.offset);
    return { alice, all };
  }

  it("[H18, H1, L4] gives the packets before an offset, oldest first, with where and when they begin", async () => {
    const { alice, all } = await longTalk();
    const answer = await history(alice, "before=20&limit=5");
    expect(answer.status).toBe(200);
    expect(answer.told).toEqual(all.slice(14, 19));
    expect(answer.headers["palabre-first-offset"]).toBe("15");
    expect(Number(answer.headers["palabre-at"])).toBe(all.find(({ type }) => type === "clock")?.at);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
  });

  it("[H3] carries Palabre-Offset, as every 200", async () => {
    const { alice } = await longTalk();
    expect((await history(alice, "before=20&limit=5")).headers["palabre-offset"]).toBe("19");
  });

  it("[H18] gives at most 500, and what there is", async () => {
    const { alice, all } = await longTalk();
    const most = await history(alice, "before=601&limit=10000");
    expect(most.told).toEqual(all.slice(100, 600));
    expect(most.headers["palabre-first-offset"]).toBe("101");
    const start = await history(alice, "before=3&limit=500");
    expect(start.told).toEqual(all.slice(0, 2));
    expect(start.headers["palabre-first-offset"]).toBe("1");
    expect((await history(alice, "before=1&limit=500")).told).toEqual([]);
  });

  it("[H18, L4] says the time of what it begins with", async () => {
    const [alice] = await company.gathers("alice");
    company.clock.advance(5000);
    const one = await alice.speaks("one");
    const at = company.clock.wall();
    company.clock.advance(5000);
    await alice.speaks("two");
    const answer = await history(alice, `before=${(one.offset ?? 0) + 1}&limit=1`);
    expect(answer.told).toEqual([{ type: "chat", nick: "alice", message: "one" }]);
    expect(answer.headers["palabre-at"]).toBe(String(at));
  });

  it.each(["before=x&limit=5", "before=0&limit=5", "before=-1&limit=5", "before=5&limit=x", "before=5&limit=-1", "limit=5"])(
    "[H18, H13] answers ?%s with malformed",
    async (query) => {
      const [alice] = await company.gathers("alice");
      const answer = await history(alice, query);
      expect([answer.status, answer.told[0]?.code]).toEqual([400, "malformed"]);
    },
  );
});
