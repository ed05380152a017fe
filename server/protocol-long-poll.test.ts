import { describe, expect, it } from "vitest";
import { type Answer, ask, settled, within } from "./testing/ask.ts";
import { longPolling, standingCompany, webSocket } from "./testing/company.ts";
import type { LongPollMember } from "./testing/long-poll-member.ts";
import { chat, newSecret, raw, service } from "./testing/member.ts";

describe("long polling", () => {
  const company = standingCompany(longPolling, { RATE_BURST: "0" });

  /** Alice, who asks only when the test does, and bob, who speaks. */
  async function pair() {
    const [bob] = await company.gathers("bob");
    const alice = await joinsQuietly("alice", bob.room);
    await alice.polls(); // her own joined
    alice.forgets();
    return { alice, bob };
  }

  async function joinsQuietly(nick: string, room: string): Promise<LongPollMember> {
    const member = company.somebody(nick, room);
    member.asksAgain = false;
    await member.comes();
    company.clock.advance(250);
    return member;
  }

  const get = (member: LongPollMember, query: string) => ask(company.house, "GET", `/poll?${query}`, { session: member.session });
  const post = (member: LongPollMember, query: string, ...body: Uint8Array[]) =>
    within(ask(company.house, "POST", `/poll${query}`, { session: member.session, body }), "the answer to a POST");
  const refusal = (answer: Answer) => [answer.status, answer.told[0]?.code];

  it("[H1, H3, H17] says packets as text that is stored nowhere, with the offset", async () => {
    const { alice, bob } = await pair();
    await bob.speaks("hello");
    const answers = [
      await alice.polls(),
      await post(alice, "?seq=1", chat("alice", "hi")),
      await ask(company.house, "POST", "/poll", { body: service({ type: "hello", session: newSecret(), nick: "carol", room: bob.room }) }),
      await get(alice, "after=nonsense"),
    ];
    for (const { headers } of answers) {
      expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
      expect(headers["cache-control"]).toBe("no-store");
    }
    for (const { headers } of answers.slice(0, 3)) expect(headers["palabre-offset"]).toMatch(/^\d+$/);
    expect(answers[0]?.headers["palabre-offset"]).toBe(String(alice.offset));
  });

  it("[H5] answers a poll at once where there are packets, and parks it where there are none", async () => {
    const { alice, bob } = await pair();
    await bob.speaks("one");
    expect((await alice.polls()).told).toEqual([{ type: "chat", nick: "bob", message: "one" }]);
    let answered = false;
    const parked = get(alice, `after=${alice.offset}&turn=1`).finally(() => {
      answered = true;
    });
    await settled(company.house);
    expect(answered).toBe(false);
    await bob.speaks("two");
    expect(await within(parked, "the poll")).toMatchObject({ status: 200, told: [{ type: "chat", nick: "bob", message: "two" }] });
  });

  it("[H15] gives what was asked for again, wherever the receiver says that it is", async () => {
    const { alice, bob } = await pair();
    for (const text of ["one", "two", "three"]) await bob.speaks(text);
    const from = alice.offset;
    for (const _ of [1, 2]) {
      const answer = await get(alice, `after=${from}`);
      expect(answer.told.map(({ message }) => message)).toEqual(["one", "two", "three"]);
      expect(answer.headers["palabre-offset"]).toBe(String(from + 3));
    }
    expect((await get(alice, `after=${from + 2}`)).told.map(({ message }) => message)).toEqual(["three"]);
    expect((await get(alice, "after=0")).told.length).toBe(from + 3);
  });

  it("[H5, S34, S33] ends a poll empty-handed after the heartbeat with ping", async () => {
    const { alice } = await pair();
    const parked = get(alice, `after=${alice.offset}`);
    await settled(company.house);
    company.clock.advance(28_000);
    const answer = await within(parked, "ping");
    expect(answer).toMatchObject({ status: 200, told: [{ type: "ping", offset: alice.offset, online: 2 }] });
    expect(answer.headers["palabre-offset"]).toBe(String(alice.offset));
  });

  it("[S34, S32] keeps who goes on asking", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    for (let time = 0; time < 12; time++) {
      company.clock.advance(10_000);
      await settled(company.house);
    }
    await bob.speaks("still here");
    await alice.hears("still here");
    expect(alice.since().filter(({ type }) => type === "left")).toEqual([]);
    expect(alice.since().filter(({ type }) => type === "ping").length).toBeGreaterThan(2);
  });

  it("[H5] answers a poll beyond the end with 410", async () => {
    const { alice } = await pair();
    expect(refusal(await get(alice, `after=${alice.offset + 1}`))).toEqual([410, "unknown-session"]);
  });

  it("[H4, H5] gives a replay in pieces of at most 256 KiB", async () => {
    const { bob } = await pair();
    const text = "x".repeat(980);
    for (let number = 0; number < 8; number++)
      await bob.sends(...Array.from({ length: 62 }, (_, index) => chat("bob", `${number}-${index} ${text}`)));
    const carol = company.somebody("carol", bob.room);
    carol.asksAgain = false;
    await carol.comes({ history: 500 });
    expect(carol.octets.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(256 * 1024);
    for (let polls = 0; carol.heard().length < 496 && polls < 10; polls++)
      expect((await carol.polls()).octets.length).toBeLessThanOrEqual(256 * 1024);
    expect(carol.heard().slice(-496)).toEqual(bob.heard().slice(-496));
    expect(carol.told.filter(({ type }) => type === "roster")).toHaveLength(1);
    expect((await get(carol, "after=0")).octets.length).toBeLessThanOrEqual(256 * 1024);
  });

  it("[H16] ends the older poll with 204 when there is a newer one", async () => {
    const { alice, bob } = await pair();
    const older = get(alice, `after=${alice.offset}&turn=1`);
    await settled(company.house);
    const newer = get(alice, `after=${alice.offset}&turn=1`);
    expect(await within(older, "the end of the older poll")).toMatchObject({ status: 204 });
    await bob.speaks("hello");
    expect(await within(newer, "the newer poll")).toMatchObject({ status: 200, told: [{ message: "hello" }] });
  });

  it("[S6] ends a parked poll with 204 when the session says hello by poll", async () => {
    const { alice } = await pair();
    const parked = get(alice, `after=${alice.offset}&turn=1`);
    await settled(company.house);
    expect(await alice.returns()).toMatchObject({ turn: 2 });
    expect(await within(parked, "the end of the poll")).toMatchObject({ status: 204 });
  });

  it("[S7] answers a parked poll with replaced when the session moves to a stream", async () => {
    const { alice } = await pair();
    const parked = get(alice, `after=${alice.offset}&turn=1`);
    await settled(company.house);
    const moved = new webSocket.Kind(company.house, "alice", alice.room, alice.session);
    expect(await moved.says({ log: alice.log, offset: alice.offset })).toMatchObject({ resumed: true, turn: 2 });
    expect(refusal(await within(parked, "the end of the poll"))).toEqual([409, "replaced"]);
    expect(await alice.returns()).toMatchObject({ turn: 3 }); // and back: only hello moves it
    expect(await moved.ends()).toEqual({ code: "replaced", number: 1008 });
  });

  it("[H11, S8] answers what is of an earlier turn with replaced, and takes nothing of it", async () => {
    const { alice, bob } = await pair();
    await alice.returns();
    for (const answer of [
      await get(alice, `after=${alice.offset}&turn=1`),
      await post(alice, "?seq=1&turn=1", chat("alice", "stale")),
      await post(alice, "?turn=1", service({ type: "rename", nick: "stale" })),
      await post(alice, "?turn=1", service({ type: "leave" })),
    ])
      expect(refusal(answer)).toEqual([409, "replaced"]);
    expect((await post(alice, "?seq=1&turn=2", chat("alice", "fresh"))).told).toMatchObject([{ type: "ack", seq: 1 }]);
    expect((await post(alice, "?seq=2", chat("alice", "without a turn"))).told).toMatchObject([{ type: "ack", seq: 2 }]);
    await bob.hears("without a turn");
    expect(bob.since().map(({ type, message }) => message ?? type)).not.toEqual(expect.arrayContaining(["stale"]));
    expect(bob.since().map(({ type }) => type)).not.toContain("renamed");
  });

  it.each(["after=-1", "after=", "after=1.5", "after=0x1", "", "after=1&turn=x", "after=1&turn=-1", "after=9999999999999999999"])(
    "[H13] answers a poll of ?%s with malformed",
    async (query) => {
      const { alice } = await pair();
      expect(refusal(await within(get(alice, query), "an answer"))).toEqual([400, "malformed"]);
    },
  );

  it.each(["", "?seq=", "?seq=0", "?seq=-1", "?seq=one", "?seq=1.0"])(
    "[H13] answers chat packets to /poll%s with malformed",
    async (query) => {
      const { alice } = await pair();
      expect(refusal(await post(alice, query, chat("alice", "unsaid")))).toEqual([400, "malformed"]);
      expect((await post(alice, "?seq=1", chat("alice", "said"))).told).toMatchObject([{ type: "ack", seq: 1 }]);
    },
  );

  it("[H10, X1] answers the beacon of a closing page with 204 always", async () => {
    const { alice, bob } = await pair();
    const beacon = (session: string) => ask(company.house, "POST", "/poll", { body: service({ type: "leave", session }) });
    expect(await beacon(newSecret())).toMatchObject({ status: 204, octets: Buffer.alloc(0) });
    for (const _ of [1, 2]) expect((await beacon(alice.session)).status).toBe(204);
    company.clock.advance(250);
    expect(await bob.next("left")).toEqual({ type: "left", nicks: ["alice"], why: "left" });
  });

  it("[H10, S27] takes linger in a beacon", async () => {
    const { alice, bob } = await pair();
    const body = service({ type: "leave", session: alice.session, linger: 10_000 });
    expect((await ask(company.house, "POST", "/poll", { body })).status).toBe(204);
    company.clock.advance(9000);
    await bob.speaks("not yet");
    await bob.hears("not yet");
    expect(bob.since().map(({ type }) => type)).not.toContain("left");
    company.clock.advance(2250);
    expect(await bob.next("left")).toMatchObject({ why: "left" });
  });

  it("[H9] answers leave of a session with an empty 200, and rename without seq", async () => {
    const { alice } = await pair();
    expect((await post(alice, "", service({ type: "rename", nick: "alicia" }))).told).toEqual([{ type: "you", nick: "alicia" }]);
    const left = await post(alice, "", service({ type: "leave" }));
    expect(left).toMatchObject({ status: 200, told: [] });
    expect(left.octets).toHaveLength(0);
  });

  it.each(["PUT", "DELETE", "PATCH"])("[H17] answers %s with 405 and what is allowed", async (method) => {
    for (const [path, allowed] of [
      ["/poll", ["GET", "POST"]],
      ["/history", ["GET"]],
    ] as const) {
      const answer = await ask(company.house, method, path);
      expect(answer.status, path).toBe(405);
      for (const one of allowed) expect(answer.headers.allow).toContain(one);
    }
  });

  it("[H14, H8] answers a body over 64 KiB with too-large and takes nothing of it, and takes one of 64 KiB", async () => {
    const { alice } = await pair();
    const fits = [...Array.from({ length: 64 }, () => chat("alice", "y".repeat(999))), chat("alice", "z".repeat(950))];
    expect(Buffer.concat(fits)).toHaveLength(65_536);
    expect(refusal(await post(alice, "?seq=1", ...fits, chat("alice", "")))).toEqual([413, "too-large"]);
    const answer = await post(alice, "?seq=1", ...fits);
    expect(answer.status).toBe(200);
    expect(answer.told.at(-1)).toMatchObject({ type: "ack", seq: 65 });
  });

  it.each([
    ["empty", raw("")],
    [
      "two hellos",
      Buffer.concat([
        service({ type: "hello", session: newSecret(), nick: "b" }),
        service({ type: "hello", session: newSecret(), nick: "c" }),
      ]),
    ],
    ["not packets", raw("hello there")],
  ])("[P5, H4] takes no body that is %s", async (_, body) => {
    const answer = await ask(company.house, "POST", "/poll", { body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.told[0]).toMatchObject({ type: "error" });
  });
});
