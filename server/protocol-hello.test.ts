import { describe, expect, it } from "vitest";
import { endWith, longPolling, standingCompany, transports, webSocket } from "./testing/company.ts";
import { chat, newSecret, service } from "./testing/member.ts";

const wrong = { close: 1008, status: 400 };

describe.each(transports)("hello over $name", (transport) => {
  const company = standingCompany(transport, { RATE_BURST: "0" });

  it("[S4, S39] answers a new session with welcome, replay, roster, and then what is new", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.speaks("before");
    const carol = company.somebody("carol", alice.room);
    const welcome = await carol.comes();
    await carol.next("roster");
    await bob.speaks("after");
    await carol.hears("after");
    expect(welcome).toEqual({
      type: "welcome",
      version: 1,
      nick: "carol",
      room: alice.room,
      resumed: false,
      turn: 1,
      log: alice.log,
      offset: expect.any(Number),
      at: expect.any(Number),
      seq: 0,
      heartbeat: expect.any(Number),
      online: 3,
      limits: { nick: 15, message: 999, rate: { burst: 0, perSecond: 5 } },
    });
    const order = carol.told.map(({ type, message }) => message ?? type).filter((name) => name !== "clock" && name !== "joined");
    expect(order).toEqual(["welcome", "before", "roster", "after"]);
  });

  it("[S3] is idempotent: said twice on two connections, it joins once", async () => {
    const [alice] = await company.gathers("alice");
    const secret = newSecret();
    const first = company.somebody("bob", alice.room, secret);
    await first.comes();
    first.drops(); // whether the answer came or not
    const second = company.somebody("bob", alice.room, secret);
    expect(await second.comes()).toMatchObject({ type: "welcome", nick: "bob", resumed: true, turn: 2, online: 2, seq: 0 });
    company.clock.advance(250);
    await second.speaks("hello");
    await alice.hears("hello");
    expect(alice.told.filter(({ type, nicks }) => type === "joined" && nicks?.includes("bob"))).toHaveLength(1);
  });

  it("[S5] answers a known session with what was missed, oldest first, before anything new, and without a roster", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.speaks("one");
    await bob.hears("one");
    await bob.cuts();
    await alice.speaks("two");
    await alice.speaks("three");
    bob.forgets();
    const from = bob.offset;
    expect(await bob.returns()).toMatchObject({ resumed: true, turn: 2, offset: from });
    await alice.speaks("four");
    await bob.hears("four");
    expect(bob.heard()).toEqual(["one", "two", "three", "four"]);
    expect(bob.since().map(({ type }) => type)).toEqual(["chat", "chat", "chat"]);
  });

  it("[S5, S3] goes on on a new connection, and ends the old one as replaced", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    const moved = company.somebody("bob", bob.room, bob.session);
    expect(await moved.says({ log: bob.log, offset: bob.offset })).toMatchObject({ type: "welcome", resumed: true, turn: 2 });
    if (transport !== longPolling) {
      expect(await bob.ends()).toEqual(endWith(transport, "replaced", { close: 1008, status: 409 }));
      expect(bob.since().map(({ type }) => type)).toEqual(["error"]);
    }
    await alice.speaks("hello");
    await moved.hears("hello");
    expect(bob.heard()).toEqual([]);
    expect(alice.since().map(({ type }) => type)).not.toContain("left");
  });

  it("[S6, S8] synchronises again by a second hello on the same transport", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.speaks("one");
    await bob.hears("one");
    const from = bob.offset - 1;
    expect(await bob.says({ log: bob.log, offset: from })).toMatchObject({ type: "welcome", offset: from, turn: 2, resumed: true });
    await bob.next("chat");
    await alice.speaks("two");
    await bob.hears("two");
    expect(bob.heard()).toEqual(["one", "one", "two"]);
    expect(await bob.returns()).toMatchObject({ turn: 3 });
    expect(bob.end).toBeUndefined();
    expect(bob.told.map(({ type }) => type)).not.toContain("error");
  });

  it("[S9] takes no new session without a nickname", async () => {
    const nobody = company.somebody("nobody");
    expect(await nobody.says({ room: nobody.room })).toMatchObject({ type: "error", code: "nick-invalid" });
    expect(await nobody.ends()).toEqual(endWith(transport, "nick-invalid", wrong));
  });

  it("[S10] ignores the nickname that a known session says", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.cuts();
    for (const nick of ["robert", "alice", "not a nickname"])
      expect(await bob.returns({ nick })).toMatchObject({ type: "welcome", nick: "bob" });
    await bob.speaks("it is still me");
    await alice.hears("it is still me");
    expect(alice.since().map(({ type }) => type)).not.toContain("renamed");
  });

  it("[S10] keeps a known session in its room", async () => {
    const [alice] = await company.gathers("alice");
    await alice.cuts();
    expect(await alice.returns({ room: alice.room })).toMatchObject({ type: "welcome", room: alice.room });
    await alice.cuts();
    expect(await alice.returns({ room: "elsewhere" })).toMatchObject({ type: "error", code: "wrong-room" });
    expect(await alice.ends()).toEqual(endWith(transport, "wrong-room", wrong));
    expect(await alice.returns()).toMatchObject({ type: "welcome", room: alice.room, resumed: true });
  });

  it.each([
    ["without a log", () => ({ offset: 1 })],
    ["of another log", () => ({ log: "another", offset: 1 })],
    ["beyond the end", (log: string) => ({ log, offset: 1_000_000 })],
  ])("[S11] counts an offset %s as none", async (_, wherefrom) => {
    const [alice, bob] = await company.gathers("alice", "bob");
    for (const text of ["one", "two", "three"]) await alice.speaks(text);
    await bob.hears("three");
    await bob.cuts();
    const welcome = await bob.says({ ...wherefrom(bob.log), history: 2 });
    expect(welcome).toMatchObject({ type: "welcome", resumed: true });
    await bob.next("roster");
    expect(bob.heard()).toEqual(["one", "two", "three", "two", "three"]);
  });

  it("[S11] replays all that follows an offset, also to a new session", async () => {
    const [alice] = await company.gathers("alice");
    for (let number = 1; number <= 60; number++) await alice.speaks(`${number}`);
    const carol = company.somebody("carol", alice.room);
    expect(await carol.comes({ log: alice.log, offset: 0 })).toMatchObject({ offset: 0, resumed: false });
    await carol.hears("60");
    expect(carol.heard()).toHaveLength(60);
    expect(carol.told[1]).toMatchObject({ type: "clock" });
  });

  it("[S12, S4] replays the last 50 chat packets, as many as asked for, or at most 500", async () => {
    const [alice] = await company.gathers("alice");
    for (let number = 1; number <= 520; number++) await alice.sends(chat("alice", `${number}`));
    await alice.hears("520");
    for (const [history, texts] of [
      [undefined, 50],
      [0, 0],
      [1, 1],
      [500, 500],
      [501, 500],
      [1_000_000, 500],
    ]) {
      const reader = company.somebody(`r-${history ?? "default"}`, alice.room);
      await reader.comes(history === undefined ? {} : { history });
      await reader.next("roster");
      expect(reader.heard(), `history ${history}`).toHaveLength(texts ?? -1);
      if (texts) expect(reader.heard().at(-1)).toBe("520");
    }
  });

  it("[S12] begins at a chat packet, and comes to the end", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.speaks("one");
    await bob.renames("robert");
    const carol = company.somebody("carol", alice.room);
    await carol.comes({ history: 1 });
    await carol.next("roster");
    expect(carol.told.map(({ type }) => type).slice(0, 3)).toEqual(["welcome", "chat", "renamed"]);
  });

  it.each([
    ["too short", "short"],
    ["too long", "a".repeat(65)],
    ["not base64url", "!".repeat(22)],
  ])("[S1, P4] takes no secret that is %s", async (_, session) => {
    const alice = company.somebody("alice", undefined, session);
    expect(await alice.comes()).toMatchObject({ type: "error", code: "malformed" });
    expect(await alice.ends()).toEqual(endWith(transport, "malformed", wrong));
  });

  it.each([22, 64])("[S1] takes a secret of %i characters", async (length) => {
    expect(await company.somebody("alice", undefined, "aB-_".repeat(16).slice(0, length)).comes()).toMatchObject({ type: "welcome" });
  });

  it("[S43] ignores fields that it does not know", async () => {
    expect(await company.somebody("alice").comes({ colour: "green", session2: 1 })).toMatchObject({ type: "welcome" });
  });
});

describe("hello on a stream", () => {
  const company = standingCompany(webSocket);

  it("[S13] may be followed by chat packets at once where the secret is new", async () => {
    const [alice] = await company.gathers("alice");
    const bob = company.somebody("bob", alice.room);
    const socket = await bob.opens();
    const hello = service({ type: "hello", session: bob.session, nick: "bob", room: bob.room });
    socket.send(Buffer.concat([hello, chat("bob", "one"), chat("bob", "two")]));
    socket.send(chat("bob", "three"));
    expect(await bob.next("welcome", "error")).toMatchObject({ type: "welcome", seq: 0 });
    await alice.hears("three");
    expect(alice.heard()).toEqual(["one", "two", "three"]);
    expect(await bob.answerTo(3)).toMatchObject({ type: "ack" });
    expect(alice.since().map(({ type }) => type)).toEqual(["joined", "chat", "chat", "chat"]);
  });
});
