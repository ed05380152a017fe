import { describe, expect, it } from "vitest";
import { ask, settled } from "./testing/ask.ts";
import { longPolling, standingCompany, transports, webSocket } from "./testing/company.ts";
import { chat, service } from "./testing/member.ts";

describe.each(transports)("the roster and nicknames over $name", (transport) => {
  const company = standingCompany(transport, { RATE_BURST: "0" });

  it("[S35, S37] lists who is here, those away as well, after the replay", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.speaks("hello");
    await bob.cuts();
    const carol = company.somebody("carol", alice.room);
    expect(await carol.comes()).toMatchObject({ online: 3 });
    const roster = await carol.next("roster");
    expect(roster).toEqual({ type: "roster", nicks: expect.arrayContaining(["alice", "bob", "carol"]), online: 3 });
    expect(roster.nicks).toHaveLength(3);
    expect(carol.told.findIndex(({ type }) => type === "chat")).toBeLessThan(carol.told.indexOf(roster));
  });

  it("[S35] sends the roster to who resumed without an offset", async () => {
    const [alice] = await company.gathers("alice", "bob");
    await alice.cuts();
    alice.forgets();
    await alice.says({});
    expect(await alice.next("roster")).toMatchObject({ online: 2 });
  });

  it("[S35] sends no roster to who resumed by offset", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.cuts();
    alice.forgets();
    await alice.returns();
    await bob.speaks("hello");
    await alice.hears("hello");
    expect(alice.since().map(({ type }) => type)).toEqual(["chat"]);
  });

  it("[S36] [S41] lets nobody take a name by renaming before it is said that its owner left", async () => {
    const [alice, bob, carol] = await company.gathers("alice", "bob", "carol");
    company.clock.advance(1000);
    await company.joins("dave", alice.room); // said at once: what comes within 250 ms is gathered
    await bob.leaves();
    const answer = await carol.renames("bob");
    company.clock.advance(250);
    await alice.speaks("done");
    await alice.hears("done");
    const here = new Set(["alice", "bob", "carol"]);
    for (const { type, nicks = [], from, to } of alice.since()) {
      if (type === "joined") for (const nick of nicks) here.add(nick);
      if (type === "left") for (const nick of nicks) here.delete(nick);
      if (type === "renamed") here.delete(String(from));
      if (type === "renamed") here.add(String(to));
    }
    expect([...here].sort()).toEqual(["alice", answer.type === "you" ? "bob" : "carol", "dave"].sort());
  });

  it("[S35] sends the roster to a new session that names an offset", async () => {
    const [alice] = await company.gathers("alice");
    const bob = company.somebody("bob", alice.room);
    await bob.comes({ log: alice.log, offset: alice.offset });
    const roster = await bob.until(() => bob.told.find(({ type }) => type === "roster"), "roster").catch(() => undefined);
    // S35 to the letter: hello "resumed by offset" only where there was something to resume
    expect(roster).toMatchObject({ online: 2 });
  });

  it("[S36, S37] comes to the same set as the others, whatever came before", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.renames("robert");
    const carol = await company.joins("carol", alice.room);
    await alice.renames("alicia");
    await bob.leaves();
    company.clock.advance(250);
    await carol.next("left");
    const present = new Set<string>();
    for (const { type, nicks = [], from, to } of carol.told.slice(carol.told.findIndex((told) => told.type === "roster"))) {
      for (const nick of nicks) type === "left" ? present.delete(nick) : present.add(nick);
      if (type === "renamed" && present.delete(String(from))) present.add(String(to));
    }
    expect([...present].toSorted()).toEqual(["alicia", "carol"]);
  });

  it("[S41, S40] answers rename with you, tells everybody, and speaks under the new name from then on", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    expect(await alice.renames("alicia")).toEqual({ type: "you", nick: "alicia" });
    expect(await bob.next("renamed")).toEqual({ type: "renamed", from: "alice", to: "alicia" });
    expect(await alice.speaks("hello", "alicia")).toMatchObject({ type: "ack" });
    await alice.cuts();
    expect(await alice.returns()).toMatchObject({ nick: "alicia" });
    expect(await company.somebody("alice", alice.room).comes()).toMatchObject({ type: "welcome", nick: "alice" });
  });

  it("[S41, S23] takes the old name no more from who has spoken under the new one", async () => {
    const [alice] = await company.gathers("alice");
    await alice.renames("alicia");
    expect(await alice.speaks("hello", "alicia")).toMatchObject({ type: "ack", seq: 1 });
    expect(await alice.speaks("hello", "alice")).toMatchObject({ type: "refused", seq: 2, code: "nick-mismatch" });
  });

  it.each([
    ["taken", "BOB", "nick-taken"],
    ["that is none", "not a nick", "nick-invalid"],
    ["that is empty", "", "nick-invalid"],
  ])("[S41] refuses a nickname %s, and leaves everything as it was", async (_, nick, code) => {
    const [alice, bob] = await company.gathers("alice", "bob");
    expect(await alice.renames(nick)).toEqual({ type: "refused", of: "rename", code, message: expect.any(String) });
    await alice.speaks("still alice");
    await bob.hears("still alice");
    expect(bob.since().map(({ type }) => type)).toEqual(["chat"]);
  });

  it("[S41, P10] lets somebody change the spelling of their own nickname", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    expect(await alice.renames("Alice")).toEqual({ type: "you", nick: "Alice" });
    expect(await bob.next("renamed")).toEqual({ type: "renamed", from: "alice", to: "Alice" });
  });

  it("[S31, S33] sends ping with offset and online after a heartbeat", async () => {
    const [alice] = await company.gathers("alice", "bob");
    const heartbeat = alice.told[0]?.heartbeat ?? 0;
    expect(heartbeat).toBeGreaterThanOrEqual(22_500);
    expect(heartbeat).toBeLessThanOrEqual(27_500);
    await settled(company.house);
    company.clock.advance(heartbeat + 1000);
    expect(await alice.next("ping")).toEqual({ type: "ping", offset: alice.offset, online: 2 });
  });
});

describe("a large room", () => {
  const company = standingCompany(longPolling, { MAX_CLIENTS: "2000" });

  it("[S37] lists the first 1,000 of more, and the count of all", async () => {
    const room = company.newRoom();
    const hellos = Array.from({ length: 1004 }, (_, number) =>
      service({ type: "hello", session: `${number}`.padStart(22, "0"), nick: `guest${number}`, room, history: 0 }),
    );
    for (let at = 0; at < hellos.length; at += 50)
      await Promise.all(hellos.slice(at, at + 50).map((body) => ask(company.house, "POST", "/poll", { body })));
    const alice = company.somebody("alice", room);
    expect(await alice.comes({ history: 0 })).toMatchObject({ online: 1005 });
    await alice.until(() => alice.told.find(({ type, more }) => type === "roster" && more !== true), "the last of the roster");
    const rosters = alice.told.filter(({ type }) => type === "roster");
    expect(new Set(rosters.flatMap(({ nicks }) => nicks)).size).toBe(1000);
    for (const { online } of rosters) expect(online).toBe(1005);
  });
});

describe("on a stream", () => {
  const company = standingCompany(webSocket);

  it("[S41, P11] takes chat packets that were sent before the answer to a rename under the old name", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.sends(chat("alice", "one"), service({ type: "rename", nick: "alicia" }), chat("alice", "two"));
    expect(await alice.answerTo(2)).toMatchObject({ type: "ack", seq: 2 });
    await bob.hears("two");
    expect(bob.since().map(({ nick, to }) => nick ?? to)).toEqual(["alice", "alicia", "alicia"]);
  });

  it("[S32] gives up after twice the heartbeat who says nothing, and keeps who answers", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    bob.answersPings = false;
    const heartbeats = [alice, bob].map(({ told }) => told[0]?.heartbeat ?? 0);
    const end = 2 * Math.max(...heartbeats) + 2000;
    for (let at = 0; at < end; at += 1000) {
      if (at === 2 * Math.min(...heartbeats) - 2000) expect(bob.end).toBeUndefined();
      company.clock.advance(1000);
      await settled(company.house);
    }
    expect(await bob.ends()).toEqual({ code: "timeout", number: 1008 });
    expect(alice.end).toBeUndefined();
    expect(bob.told.filter(({ type }) => type === "ping").length).toBeGreaterThanOrEqual(1);
    expect(alice.since().map(({ type }) => type)).not.toContain("left"); // he is away
  });

  it("[S32] takes whatever is heard for a sign of life", async () => {
    const [alice] = await company.gathers("alice");
    alice.answersPings = false;
    for (let time = 0; time < 8; time++) {
      company.clock.advance(10_000);
      expect(await alice.speaks(`${time}`)).toMatchObject({ type: "ack" });
    }
    expect(alice.end).toBeUndefined();
  });

  it("[S31] spreads heartbeats by ±10 %", async () => {
    const beats = new Set<number>();
    for (let number = 0; number < 12; number++) beats.add((await company.joins(`guest${number}`)).told[0]?.heartbeat ?? 0);
    expect(beats.size).toBeGreaterThan(1);
    for (const beat of beats) expect(Math.abs(beat - 25_000)).toBeLessThanOrEqual(2500);
  });
});
