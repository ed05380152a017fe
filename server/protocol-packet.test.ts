import { describe, expect, it } from "vitest";
import { ask } from "./testing/ask.ts";
import { endWith, longPolling, standingCompany, transports, webSocket } from "./testing/company.ts";
import { chat, raw, service } from "./testing/member.ts";
import { TcpMember } from "./testing/tcp-member.ts";

const malformed = { close: 1008, status: 400 };

describe.each(transports)("packets over $name", (transport) => {
  const company = standingCompany(transport);

  it("[P1] carries 05005aliceHello as it is, to everybody", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.sends(raw("05005aliceHello"));
    for (const member of [alice, bob]) {
      await member.next("chat");
      expect(Buffer.from(member.octets[member.told.findIndex(({ type }) => type === "chat")] ?? []).toString()).toBe("05005aliceHello");
    }
  });

  it("[P1] counts octets, not characters", async () => {
    const [zoe, bob] = await company.gathers("zoé", "bob");
    await zoe.sends(raw("04004zoéélo"));
    expect(await bob.next("chat")).toEqual({ type: "chat", nick: "zoé", message: "élo" });
  });

  it("[P1, P13] takes a message of 999 octets in one packet, and gives it back in one", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    const text = `${"é".repeat(499)}!`;
    expect(await alice.speaks(text)).toMatchObject({ type: "ack" });
    expect(await bob.next("chat")).toMatchObject({ message: text });
  });

  it("[P1, P9] takes the longest nickname there is: 15 code points of 4 octets", async () => {
    const nick = "🦜".repeat(15);
    const parrot = await company.joins(nick);
    expect(await parrot.speaks("kraa")).toMatchObject({ type: "ack", seq: 1 });
  });

  it("[P3] puts a list that does not fit into 999 octets into several packets", async () => {
    const room = company.newRoom();
    const nicks = Array.from({ length: 26 }, (_, number) => String.fromCharCode(97 + number) + "🦜".repeat(14));
    for (const nick of nicks) await company.joins(nick, room);
    const last = await company.joins("zorro", room, { history: 0 });
    company.clock.advance(250);
    await last.until(() => last.told.some((told) => told.nicks?.includes("zorro") && told.type === "joined") || undefined, "all joined");
    for (const octets of last.octets) expect(octets.length).toBeLessThanOrEqual(5 + 999);
    const rosters = last.told.filter(({ type }) => type === "roster");
    expect(rosters.length).toBeGreaterThan(1);
    expect(rosters.map(({ more }) => more ?? false)).toEqual(rosters.map((_, index) => index < rosters.length - 1));
    expect(new Set(rosters.flatMap(({ nicks }) => nicks))).toEqual(new Set([...nicks, "zorro"]));
    const replayed = await company.joins("late", room, { history: 500 });
    const joined = replayed.told.filter(({ type }) => type === "joined").flatMap(({ nicks }) => nicks);
    expect(joined).toEqual(expect.arrayContaining([...nicks, "zorro"]));
    expect(joined).toHaveLength(27);
  });

  it.each([
    ["00000", raw("00000")],
    ["a header with a letter", raw("0a005aliceHello")],
    ["a nick that is not UTF-8", Buffer.concat([raw("02002"), Buffer.from([0xc3, 0x28]), raw("hi")])],
    ["a message that is not UTF-8", Buffer.concat([raw("05002alice"), Buffer.from([0xff, 0xfe])])],
    ["a surrogate in UTF-8", Buffer.concat([raw("05003alice"), Buffer.from([0xed, 0xa0, 0x80])])],
    ["a service message that is not JSON", raw("00005hello")],
    ["a service message that is an array", raw('00016[{"type":"pong"}]'.replace("00016", "00017"))],
    ["a service message that is null", raw("00004null")],
    ["a service message without a type", raw('00014{"nick":"bob"}')],
    ["a type that is no string", raw('00010{"type":1}')],
    ["a known type without its field", raw('00017{"type":"rename"}')],
    ["a known type whose field does not fit", raw('00026{"type":"rename","nick":1}')],
    ["half a packet at the end", raw("05005aliceHel")],
    ["half a header at the end", raw("050")],
  ])("[P4, P5] answers %s with malformed, and takes nothing back", async (what, octets) => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.speaks("before");
    await alice.sends(chat("alice", "with it"), octets).catch(() => undefined);
    // By TCP what is unfinished may go on, until the peer says that it does not.
    if (what.startsWith("half") && alice instanceof TcpMember) alice.hushes();
    expect(await alice.ends()).toEqual(endWith(transport, "malformed", malformed));
    await bob.speaks("after");
    expect(bob.heard().filter((text) => text !== "with it")).toEqual(["before", "after"]);
  });

  it.each([
    ["an unknown type", { type: "dance", nick: "alice" }],
    ["a type that is a property of every object", { type: "constructor" }],
    ["a room packet that only servers send", { type: "joined", nicks: ["mallory"] }],
    ["a session packet that only servers send", { type: "ack", seq: 1, offset: 1 }],
    ["one that only servers send, with fields that do not fit", { type: "clock", at: "noon" }],
  ])("[P6] ignores %s, and counts it nowhere", async (_, packet) => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.sends(service(packet));
    const ack = await alice.speaks("hello");
    expect(ack).toMatchObject({ type: "ack", seq: 1 });
    await bob.hears("hello");
    expect(bob.offset).toBe(ack.offset);
    expect(bob.since().map(({ type }) => type)).toEqual(["chat"]);
  });

  it("[P7] takes 11111 for a header like any other", async () => {
    const [nick, text] = ["alice-liddl", "1".repeat(111)];
    const [alice, bob] = await company.gathers(nick, "bob");
    await alice.sends(raw(`11111${nick}${text}`));
    expect(await bob.next("chat")).toEqual({ type: "chat", nick, message: text });
    expect(await bob.speaks("still here")).toMatchObject({ type: "ack" });
  });
});

describe("packets in pieces", () => {
  const webSockets = standingCompany(webSocket, { RATE_BURST: "0" });
  const polls = standingCompany(longPolling, { RATE_BURST: "0" });
  const fifty = Array.from({ length: 50 }, (_, number) => `number ${number}`);

  it("[P8, W2] reads fifty packets in one WebSocket message", async () => {
    const alice = await webSockets.joins("alice");
    await alice.sends(...fifty.map((text) => chat("alice", text)));
    await alice.hears("number 49");
    expect(alice.heard()).toEqual(fifty);
  });

  it("[P8, H6] reads fifty packets in one body", async () => {
    const alice = await polls.joins("alice");
    await alice.sends(...fifty.map((text) => chat("alice", text)));
    await alice.hears("number 49");
    expect(alice.heard()).toEqual(fifty);
  });

  it("[P8] reads a WebSocket message that comes octet by octet", async () => {
    const alice = await webSockets.joins("alice");
    const octets = Buffer.concat([chat("alice", "one"), chat("alice", "two")]);
    for (const [index, octet] of octets.entries())
      alice.socket.send(Buffer.from([octet]), { fin: index === octets.length - 1, binary: true });
    await alice.hears("two");
    expect(alice.heard()).toEqual(["one", "two"]);
  });

  it("[P8, P5] reads a body that comes without its length", async () => {
    const alice = await polls.joins("alice");
    const headers = { "transfer-encoding": "chunked" };
    const answer = await ask(polls.house, "POST", "/poll?seq=1", { session: alice.session, body: chat("alice", "one"), headers });
    expect(answer.told).toMatchObject([{ type: "ack", seq: 1 }]);
  });

  it("[P5] takes a WebSocket message whole before the one that is malformed", async () => {
    const [alice, bob] = await webSockets.gathers("alice", "bob");
    await alice.sends(chat("alice", "said"));
    await alice.sends(raw("00000"));
    expect(await alice.ends()).toEqual({ code: "malformed", number: 1008 });
    await bob.hears("said");
  });

  it("[P5] takes nothing of a body that is malformed at its end", async () => {
    const [alice, bob] = await polls.gathers("alice", "bob");
    await alice.sends(chat("alice", "unsaid"), raw("00000"));
    expect(alice.end).toEqual({ code: "malformed", number: 400 });
    const again = await ask(polls.house, "POST", "/poll?seq=1", { session: alice.session, body: chat("alice", "said") });
    expect(again.told).toMatchObject([{ type: "ack", seq: 1 }]);
    await bob.hears("said");
    expect(bob.heard()).toEqual(["said"]);
  });
});
