import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { settled, within } from "./testing/ask.ts";
import { newDataDir, runCommand } from "./testing/command.ts";
import { type Company, engineOn, longPolling, openCompany, standingCompany, tcp, webSocket } from "./testing/company.ts";
import { HeldStore } from "./testing/held-store.ts";
import { openHouse } from "./testing/house.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { chat, raw, service } from "./testing/member.ts";
import type { TcpMember } from "./testing/tcp-member.ts";
import { WebSocketMember } from "./testing/websocket-member.ts";

// Rules that hold on every transport are tested over TCP too, where they are tested: see `transports` in testing/company.ts.

const OVER = { code: undefined, number: 0 };

function helloOf(member: TcpMember): Uint8Array {
  return service({ type: "hello", session: member.session, nick: member.nick, room: member.room });
}

/** Somebody in a room by WebSocket, whom nothing that happens at the TCP door may disturb. */
async function witness(company: Company<TcpMember>, room: string): Promise<WebSocketMember> {
  const member = new WebSocketMember(company.house, "witness", room);
  onTestFinished(() => member.drops());
  await member.comes();
  await member.next("roster");
  return member;
}

describe("the TCP port", () => {
  it("[T1] is closed unless it is given", async () => {
    const house = await openHouse({ TCP_PORT: "" });
    onTestFinished(() => house.stop());
    expect(house.tcpPort).toBeUndefined();
    expect(house.lines.map(({ msg }) => msg).join()).not.toContain("tcp://");
  });

  it("[T1] is said in the log, beside the other one", async () => {
    const house = await openHouse();
    onTestFinished(() => house.stop());
    const lines = house.lines.map(({ msg }) => msg).filter((msg) => msg.startsWith("listening"));
    expect(lines).toEqual([`listening on http://127.0.0.1:${house.port}`, `listening on tcp://127.0.0.1:${house.tcpPort}`]);
  });

  it("[T1] stops the start with a line where it is in use, and with what to do", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const { status, stderr } = await runCommand(["start"], { PORT: "0", TCP_PORT: String(port), DATA_DIR: newDataDir() });
    expect(stderr).toBe(
      `Palabre did not start: Port ${port} on 127.0.0.1 is in use. Stop what listens there, or choose another port with TCP_PORT.\n`,
    );
    expect(status).toBe(1);
  });
});

describe("a session over TCP", () => {
  const company = standingCompany(tcp, { RATE_BURST: "0" });

  it("[T2, P6] is begun by hello, and packets of unknown types before it are ignored", async () => {
    const alice = company.somebody("alice");
    await alice.opens();
    await alice.sends(service({ type: "dance" }), service({ type: "clock", at: 1 }), helloOf(alice), chat("alice", "hello"));
    expect(await alice.next("welcome", "error")).toMatchObject({ type: "welcome", nick: "alice" });
    await alice.hears("hello");
  });

  it.each([
    ["pong", { type: "pong" }],
    ["rename", { type: "rename", nick: "bob" }],
    ["leave without a session", { type: "leave" }],
  ])("[S2] is not begun by %s", async (_, packet) => {
    const alice = company.somebody("alice");
    await alice.opens();
    await alice.sends(service(packet), helloOf(alice));
    expect(await alice.ends()).toEqual({ code: "hello-first", number: 0 });
    expect(alice.told.map(({ type }) => type)).toEqual(["error"]);
  });

  it("[T2, W5] is begun within 10 s, however slowly the first packet comes", async () => {
    const silent = company.somebody("silent");
    const slow = company.somebody("slow");
    await silent.opens();
    await slow.opens();
    const hello = helloOf(slow);
    slow.socket.write(hello.subarray(0, 3));
    await settled(company.house);
    company.clock.advance(9000);
    slow.socket.write(hello.subarray(3, 40));
    await settled(company.house);
    expect([silent.end, slow.end]).toEqual([undefined, undefined]);
    company.clock.advance(2000);
    for (const member of [silent, slow]) expect(await member.ends()).toEqual({ code: "timeout", number: 0 });
  });

  it("[P8] is read one octet at a time", async () => {
    const alice = company.somebody("alice");
    await alice.opens();
    for (const octet of Buffer.concat([helloOf(alice), chat("alice", "drop by drop")])) {
      alice.socket.write(Buffer.from([octet]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await alice.hears("drop by drop");
  });

  it("[P8] is read fifty packets at a time, and with a header cut in half", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    const texts = Array.from({ length: 50 }, (_, number) => `number ${number}`);
    const octets = Buffer.concat([...texts.map((text) => chat("alice", text)), chat("alice", "last")]);
    const cut = octets.length - chat("alice", "last").length + 2;
    alice.socket.write(octets.subarray(0, cut));
    await bob.hears("number 49");
    alice.socket.write(octets.subarray(cut));
    await bob.hears("last");
    expect(bob.heard()).toEqual([...texts, "last"]);
  });

  it("[P8, S14] is read in any pieces, from its first octet on", { timeout: 60_000 }, async () => {
    const text = fc.string({ minLength: 1, maxLength: 30, unit: fc.constantFrom("a", "é", "🦜", "0", "{") });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 20 }), fc.array(fc.nat(2000), { maxLength: 12 }), async (texts, cuts) => {
        const alice = company.somebody("alice");
        await alice.opens();
        const octets = Buffer.concat([helloOf(alice), ...texts.map((text) => chat("alice", text))]);
        const places = [...new Set([...cuts.map((cut) => cut % octets.length), octets.length])].sort((a, b) => a - b);
        let from = 0;
        for (const to of places) {
          alice.socket.write(octets.subarray(from, to));
          from = to;
          await new Promise((resolve) => setImmediate(resolve));
        }
        alice.hushes();
        expect(await alice.ends()).toEqual(OVER);
        expect(alice.heard()).toEqual(texts);
        expect(alice.told.findLast(({ type }) => type === "ack")).toMatchObject({ seq: texts.length });
      }),
      { numRuns: 25 },
    );
  });

  it("[T2, S24] is answered after its client has closed its half, told all there is, and away then", async () => {
    const [bob] = await company.gathers("bob");
    for (let number = 1; number <= 60; number++) await bob.speaks(`${number}`);
    const alice = company.somebody("alice", bob.room);
    await alice.opens();
    await alice.sends(helloOf(alice), chat("alice", "one"), chat("alice", "two"));
    alice.hushes();
    expect(await alice.ends()).toEqual(OVER);
    expect(alice.heard()).toEqual([...Array.from({ length: 50 }, (_, number) => `${number + 11}`), "one", "two"]);
    expect(alice.told.findLast(({ type }) => type === "ack")).toMatchObject({ seq: 2 });
    expect(alice.told.map(({ type }) => type)).toContain("roster");
    await bob.hears("two");
    expect(bob.told.map(({ type }) => type)).not.toContain("left");
    expect(await alice.returns()).toMatchObject({ type: "welcome", resumed: true, seq: 2, offset: alice.offset });
  });

  it("[T2, S4] is told a long replay to its end after its client has closed its half", async () => {
    const [bob] = await company.gathers("bob");
    const texts = Array.from({ length: 9900 }, (_, number) => `${number} `.padEnd(990, "x"));
    await bob.sends(...texts.map((text) => chat("bob", text)));
    await bob.until(() => bob.told.findLast(({ type }) => type === "ack")?.seq === texts.length || undefined, "the last ack");
    const alice = company.somebody("alice", bob.room);
    const socket = await alice.opens();
    socket.pause(); // 10 MB are more than the systems' own buffers take
    socket.end(service({ type: "hello", session: alice.session, nick: "alice", room: bob.room, log: bob.log, offset: 0 }));
    await settled(company.house);
    socket.resume();
    expect(await alice.ends()).toEqual(OVER);
    expect(alice.heard()).toEqual(texts);
    expect(alice.told.map(({ type }) => type)).toContain("roster");
  });

  it("[T2, P4] that ends in the middle of a packet is answered up to there, and malformed then", async () => {
    const clock = new ManualClock();
    const store = new HeldStore();
    const own = await openCompany(tcp, {}, { clock, engine: await engineOn(store, clock) });
    const [alice] = await own.gathers("alice");
    store.holds();
    await alice.sends(chat("alice", "whole"), chat("alice", "half").subarray(0, 9));
    alice.hushes();
    await settled(own.house);
    expect(alice.since()).toEqual([]);
    store.letsGo();
    expect(await alice.ends()).toEqual({ code: "malformed", number: 0 });
    expect(alice.since().map(({ type }) => type)).toEqual(["ack", "chat", "error"]);
  });

  it("[S24, S5] that is reset is away, and resumes with what was missed", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    alice.socket.write(chat("alice", "never whole").subarray(0, 7));
    await settled(company.house);
    alice.socket.resetAndDestroy();
    await settled(company.house);
    await bob.speaks("missed");
    expect(bob.since().map(({ type }) => type)).not.toContain("left");
    expect(await alice.returns()).toMatchObject({ type: "welcome", resumed: true, seq: 0 });
    await alice.hears("missed");
    expect(await alice.speaks("back")).toMatchObject({ type: "ack", seq: 1 });
  });

  it("[S5, S7, S16] moves from TCP to long polling to WebSocket and back, and nothing is lost or comes twice", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.speaks("by TCP");
    await bob.hears("by TCP");
    let old: { told: typeof alice.told; ends(): Promise<unknown> } = alice;
    let place = { log: alice.log, offset: alice.offset };
    for (const { Kind, name } of [longPolling, tcp, webSocket, tcp]) {
      const moved = new Kind(company.house, "alice", alice.room, alice.session);
      onTestFinished(() => moved.drops());
      const before = bob.heard().length;
      expect(await moved.says(place)).toMatchObject({ resumed: true, seq: before });
      if (old === alice) expect(await alice.ends()).toEqual({ code: "replaced", number: 0 });
      await moved.speaks(`by ${name}, ${before}`);
      await moved.hears(`by ${name}, ${before}`);
      await bob.hears(`by ${name}, ${before}`);
      old = moved;
      place = { log: moved.log, offset: moved.offset };
    }
    expect(bob.heard()).toEqual(["by TCP", "by long polling, 1", "by TCP, 2", "by WebSocket, 3", "by TCP, 4"]);
  });

  it("[S32] is given up where its client says nothing for two heartbeats", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    alice.answersPings = false;
    for (let round = 0; round < 3; round++) {
      company.clock.advance(20_000);
      await bob.speaks(`still here ${round}`);
    }
    expect(await alice.ends()).toEqual({ code: "timeout", number: 0 });
  });
});

describe("who speaks something else to the TCP port", () => {
  it.each([
    ["HTTP", raw("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")],
    ["TLS", Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), Buffer.alloc(507, 0x5a)])],
    ["SSH", raw("SSH-2.0-OpenSSH_9.2\r\n")],
    ["octets at random", Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * 7919 + 131) % 256))],
    ["more noise than any buffer takes", Buffer.alloc(20_000_000, "noise")],
  ])("[P5] is told malformed, and let go: %s", async (_, octets) => {
    const company = await openCompany(tcp);
    const bob = await witness(company, "lobby");
    const stranger = company.somebody("stranger");
    await stranger.opens();
    const before = company.house.lines.length;
    stranger.socket.write(octets);
    expect(await stranger.ends()).toEqual({ code: "malformed", number: 0 });
    expect(stranger.told.map(({ type }) => type)).toEqual(["error"]);
    await settled(company.house);
    expect(company.house.lines.slice(before)).toMatchObject([{ msg: "TCP connection closed", code: "malformed", address: "127.0.0.1" }]);
    expect(await bob.speaks("undisturbed")).toMatchObject({ type: "ack" });
    expect(bob.since().map(({ type }) => type)).toEqual(expect.arrayContaining(["chat"]));
    expect(bob.since().map(({ type }) => type)).not.toContain("error");
  });

  it("is cut off where it does not hang up", async () => {
    const company = await openCompany(tcp);
    const stranger = connect({ port: company.house.tcpPort as number, host: "127.0.0.1", allowHalfOpen: true });
    onTestFinished(() => void stranger.destroy());
    stranger.on("error", () => {}); // a reset
    stranger.resume().write("GET / HTTP/1.1\r\n");
    await within(once(stranger, "end"), "the last words");
    stranger.write("and what is more, ".repeat(1000));
    await settled(company.house);
    expect(stranger.destroyed).toBe(false);
    company.clock.advance(5000);
    // Who has heard the end learns of a reset only by writing.
    const asking = setInterval(() => stranger.write("are you listening?"), 20);
    onTestFinished(() => clearInterval(asking));
    await within(new Promise((resolve) => stranger.once("close", resolve)), "the end");
  });

  it("who says nothing at all, and goes, leaves no line in the log", async () => {
    const company = await openCompany(tcp);
    const before = company.house.lines.length;
    for (const goes of ["end", "resetAndDestroy"] as const) {
      const stranger = company.somebody("stranger");
      (await stranger.opens())[goes]();
      await stranger.ends();
    }
    await settled(company.house);
    expect(company.house.lines.slice(before)).toEqual([]);
  });
});

describe("many connections over TCP", () => {
  it("[S44, X5] that carry no session have as many places as sessions have, for each address", async () => {
    const company = await openCompany(tcp, { MAX_CLIENTS_PER_ADDRESS: "3" });
    const [first, second, poster] = [company.somebody("first"), company.somebody("second"), company.somebody("poster")];
    for (const member of [first, second, poster]) await member.opens();
    expect(await poster.speaks("I take a place too", "cron")).toMatchObject({ type: "ack" });
    const turnedAway = async () => {
      const member = company.somebody("turned-away");
      await member.opens();
      expect(await member.ends()).toEqual({ code: "full", number: 0 });
      expect(member.told).toMatchObject([{ type: "error", code: "full", retryAfter: expect.any(Number) }]);
    };
    await turnedAway();
    // Whoever said hello is no stranger any more
    expect(await first.comes()).toMatchObject({ type: "welcome" });
    const third = company.somebody("third");
    await third.opens();
    await settled(company.house);
    expect(third.end).toBeUndefined();
    await turnedAway();
    // and a place is free again when one of them goes, either way.
    second.hushes();
    await second.ends();
    poster.socket.resetAndDestroy();
    await settled(company.house);
    expect(await company.somebody("fourth").comes()).toMatchObject({ type: "welcome" });
    expect(await company.somebody("fifth").comes()).toMatchObject({ type: "welcome" });
  });

  it("[X5] are turned away with a line a second in the log, not one each", async () => {
    const company = await openCompany(tcp, { MAX_CLIENTS_PER_ADDRESS: "1" });
    await company.somebody("stranger").opens();
    const flood = async () => {
      for (let time = 0; time < 20; time++) {
        const member = company.somebody("flood");
        await member.opens();
        await member.ends();
      }
    };
    await flood();
    company.clock.advance(1000);
    await flood();
    const lines = company.house.lines.filter(({ msg }) => msg === "TCP connection refused");
    expect(lines).toMatchObject([{ code: "full", address: "127.0.0.1" }, { more: 19 }]);
  });
});

describe("backpressure over TCP", () => {
  /** Octets that the other side has not taken from `socket`, when that has stopped changing. */
  async function untaken(socket: Socket): Promise<number> {
    let before = -1;
    for (let same = 0; same < 10; same = socket.writableLength === before ? same + 1 : 0) {
      before = socket.writableLength;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return before;
  }

  it.each([
    ["a session", true],
    ["posts", false],
  ])("[X5] holds back who sends faster than the log takes it: %s", { timeout: 60_000 }, async (_, isSession) => {
    const clock = new ManualClock();
    const store = new HeldStore();
    const own = await openCompany(tcp, { RATE_BURST: "0" }, { clock, engine: await engineOn(store, clock) });
    const flooder = own.somebody("flooder", "lobby");
    await flooder.opens();
    if (isSession) await flooder.comes();
    else await flooder.speaks("first");
    const before = flooder.seq;
    store.holds();
    const packets = Array.from({ length: 20_000 }, (_, number) => chat("flooder", `${number} `.padEnd(900, "x")));
    await flooder.sends(...packets);
    // 18 MB; what the systems' own buffers take is a few of them
    expect(await untaken(flooder.socket)).toBeGreaterThan(8_000_000);
    store.letsGo();
    await flooder.until(() => flooder.told.findLast(({ type }) => type === "ack")?.seq === before + 20_000 || undefined, "the last ack");
    const acks = flooder.told.filter(({ type }) => type === "ack").map(({ seq }) => Number(seq));
    expect(acks).toEqual(acks.toSorted((a, b) => a - b));
    if (!isSession) expect(acks).toHaveLength(20_001);
  });

  it("[X5] lets a peer that never reads cost a cursor while 100,000 packets pass", { timeout: 120_000 }, async () => {
    const company = await openCompany(tcp, { RATE_BURST: "0", HISTORY_PACKETS: "1000", HEARTBEAT_MS: "3600000" });
    const stalled = await Promise.all(["stalled-one", "stalled-two"].map((nick) => company.joins(nick, "lobby")));
    company.clock.advance(250);
    const poster = connect({ port: company.house.tcpPort as number, host: "127.0.0.1" });
    onTestFinished(() => void poster.destroy());
    for (const { socket } of stalled) socket.pause();
    const before = await octetsInUse();
    const octets = Buffer.concat(Array.from({ length: 1000 }, () => chat("cron", "x".repeat(500))));
    let acks = 0;
    poster.on("data", (answers: Buffer) => (acks += answers.toString("latin1").split('"type":"ack"').length - 1));
    for (let thousand = 0; thousand < 100; thousand++) if (!poster.write(octets)) await within(once(poster, "drain"), "drain", 60_000);
    poster.end(chat("cron", "the end"));
    await within(once(poster, "close"), "the answers", 60_000);
    // 51 MB have passed; the room keeps 1 MB of them, or 2.
    expect((await octetsInUse()) - before).toBeLessThan(20_000_000);
    expect(acks).toBeGreaterThan(99_000); // one or the other answer comes in two pieces
    for (const member of stalled) {
      member.socket.resume();
      await member.hears("the end");
      expect(member.told.filter(({ type }) => type === "gap").length).toBeGreaterThan(0);
      expect(member.offset).toBeGreaterThan(100_000);
    }
  });
});

/** Memory of packets that somebody still holds. */
async function octetsInUse(): Promise<number> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let time = 0; time < 3; time++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().arrayBuffers;
}

describe("stopping over TCP", () => {
  const STOPPING = { type: "stopping", reason: "shutdown", reconnectIn: 1000 };

  it("[D3, D4] ends a session after stopping, without an error", async () => {
    const company = await openCompany(tcp);
    const [alice] = await company.gathers("alice");
    const stopped = company.house.stop();
    expect(await alice.ends()).toEqual(OVER);
    expect(alice.told.at(-1)).toEqual(STOPPING);
    await within(stopped, "the stop");
  });

  it("[D2, D3] tells who has said nothing, who has posted, and who comes late", async () => {
    const company = await openCompany(tcp);
    const [silent, poster, late] = ["silent", "poster", "late"].map((nick) => company.somebody(nick)) as [TcpMember, TcpMember, TcpMember];
    await silent.opens();
    await poster.opens();
    await poster.speaks("before", "cron");
    const stopped = company.house.stop();
    expect(await silent.ends()).toEqual({ code: "stopping", number: 0 });
    expect(await poster.ends()).toEqual(OVER);
    expect(poster.told.map(({ type }) => type)).toEqual(["ack", "stopping"]);
    await late.opens();
    expect(await late.ends()).toEqual({ code: "stopping", number: 0 });
    await within(stopped, "the stop");
    await expect(company.somebody("too-late").opens()).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("[D2, T4] settles the posts that are in flight, refuses those that come then, and answers each", async () => {
    const clock = new ManualClock();
    const store = new HeldStore();
    const company = await openCompany(tcp, {}, { clock, engine: await engineOn(store, clock) });
    const poster = company.somebody("poster");
    await poster.opens();
    await poster.speaks("first", "cron");
    store.holds();
    await poster.sends(chat("cron", "second"), chat("cron", "third"));
    await settled(company.house);
    const stopped = company.house.stop();
    await poster.sends(chat("cron", "too late"));
    await settled(company.house);
    store.letsGo();
    await poster.ends();
    expect(poster.told).toMatchObject([
      { type: "ack", seq: 1 },
      { type: "ack", seq: 2 },
      { type: "ack", seq: 3 },
      { type: "refused", seq: 4, code: "stopping" },
      STOPPING,
    ]);
    await within(stopped, "the stop");
  });

  it("[D4] waits for nobody who does not read and does not hang up", async () => {
    const company = await openCompany(tcp, { DRAIN_MS: "300" });
    const [alice] = await company.gathers("alice");
    const silent = company.somebody("silent");
    for (const socket of [alice.socket, await silent.opens()]) socket.pause();
    const begun = performance.now();
    await within(company.house.stop(), "the stop");
    expect(performance.now() - begun).toBeLessThan(2500);
  });
});
