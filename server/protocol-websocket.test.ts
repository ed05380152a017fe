import { request } from "node:http";
import { describe, expect, it } from "vitest";
import WebSocket from "ws";
import { ask, settled, tell, within } from "./testing/ask.ts";
import { engineOn, openCompany, standingCompany, webSocket } from "./testing/company.ts";
import { HeldStore } from "./testing/held-store.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { chat, service } from "./testing/member.ts";

describe("WebSocket", () => {
  const company = standingCompany(webSocket, { RATE_BURST: "0", ALLOWED_ORIGINS: "https://friend.example" });

  /** The answer to an upgrade: its status, its headers, and the body where there was no upgrade. */
  function upgrade(headers: Record<string, string> = {}, path = "/ws") {
    const answer = new Promise<{ status: number; headers: Record<string, unknown>; octets: Buffer }>((resolve, reject) => {
      const key = Buffer.alloc(16, 7).toString("base64");
      const asked = request({
        port: company.house.port,
        host: "127.0.0.1",
        path,
        agent: false,
        headers: { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": key, ...headers },
      });
      asked.once("upgrade", (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, octets: Buffer.alloc(0) });
      });
      asked.once("response", (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.once("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, octets: Buffer.concat(pieces) }));
      });
      asked.once("error", reject);
      asked.end();
    });
    return within(answer, "the answer to an upgrade");
  }

  it.each([
    ["none is offered", undefined, undefined],
    ["palabre.v1 is", "palabre.v1", "palabre.v1"],
    ["it is among others", "chat, palabre.v1", "palabre.v1"],
    ["only others are", "chat, palabre.v2", undefined],
  ])("[W1] selects the right subprotocol where %s", async (_, offered, selected) => {
    const answer = await upgrade(offered === undefined ? {} : { "sec-websocket-protocol": offered });
    expect(answer.status).toBe(101);
    expect(answer.headers["sec-websocket-protocol"]).toBe(selected);
  });

  it("[W2, P4] answers half a packet at the end of a message with malformed", async () => {
    const [alice] = await company.gathers("alice");
    alice.socket.send(chat("alice", "hello").subarray(0, 8));
    expect(await alice.ends()).toEqual({ code: "malformed", number: 1008 });
  });

  it("[W2] puts whole packets into each message that it sends", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    const messages: Buffer[] = [];
    bob.socket.on("message", (message: Buffer) => messages.push(message));
    for (let number = 1; number <= 400; number++) await alice.sends(chat("alice", `${number} ${"x".repeat(900)}`));
    await bob.until(() => bob.heard().length === 400 || undefined, "all of them");
    for (const message of messages) expect(tell(message)).toBeDefined();
  });

  it("[W3] sends binary, and takes binary and text", async () => {
    const [alice] = await company.gathers("alice");
    const binary: boolean[] = [];
    alice.socket.on("message", (_: Buffer, isBinary: boolean) => binary.push(isBinary));
    alice.socket.send("05005aliceHello", { binary: false });
    alice.seq++;
    expect(await alice.answerTo(1)).toMatchObject({ type: "ack" });
    alice.socket.send(Buffer.from("05006aliceagain!"), { binary: true });
    await alice.hears("again!");
    expect(alice.heard()).toEqual(["Hello", "again!"]);
    expect(new Set(binary)).toEqual(new Set([true]));
  });

  it("[W4] compresses nothing, also for who offers it", async () => {
    const answer = await upgrade({ "sec-websocket-extensions": "permessage-deflate; client_max_window_bits" });
    expect(answer.status).toBe(101);
    expect(answer.headers["sec-websocket-extensions"]).toBeUndefined();
  });

  it("[W5] gives up who has not said hello within 10 s", async () => {
    const alice = company.somebody("alice");
    await alice.opens();
    await settled(company.house);
    company.clock.advance(9000);
    await settled(company.house);
    expect(alice.end).toBeUndefined();
    company.clock.advance(2000);
    expect(await alice.ends()).toEqual({ code: "timeout", number: 1008 });
  });

  it("[W5] gives nobody up who said hello in time", async () => {
    const [alice] = await company.gathers("alice");
    company.clock.advance(20_000);
    expect(await alice.speaks("still here")).toMatchObject({ type: "ack" });
  });

  it("[W6] closes with 1000 after leave, without an error", async () => {
    const [alice] = await company.gathers("alice");
    await alice.sends(service({ type: "leave" }));
    expect(await alice.ends()).toEqual({ code: undefined, number: 1000 });
  });

  it("[W6, H10] closes with 1000 when the session leaves by a beacon", async () => {
    const [alice] = await company.gathers("alice");
    const body = service({ type: "leave", session: alice.session });
    expect((await ask(company.house, "POST", "/poll", { body })).status).toBe(204);
    expect(await alice.ends()).toEqual({ code: undefined, number: 1000 });
  });

  it("[S7, S5] answers polls and POSTs of a session that is on a stream with replaced, and takes nothing of them", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    for (const [method, path, body] of [
      ["GET", `/poll?after=${alice.offset}`, undefined],
      ["GET", `/poll?after=${alice.offset}&turn=1`, undefined],
      ["POST", "/poll?seq=1", chat("alice", "unsaid")],
      ["POST", "/poll?seq=1&turn=1", chat("alice", "unsaid")],
    ] as const) {
      const answer = await within(ask(company.house, method, path, { session: alice.session, ...(body ? { body } : {}) }), path);
      expect(answer).toMatchObject({ status: 409, told: [{ type: "error", code: "replaced" }] });
    }
    expect(await alice.speaks("said")).toMatchObject({ type: "ack", seq: 1 });
    await bob.hears("said");
    expect(bob.heard()).toEqual(["said"]);
  });

  it("[W8] answers a message over 64 KiB with too-large, and takes one of 64 KiB", async () => {
    const [alice] = await company.gathers("alice");
    const fits = Buffer.concat(Array.from({ length: 64 }, () => chat("alice", "y".repeat(999)))); // 64,576 octets
    const filler = chat("alice", "z".repeat(65_536 - fits.length - 10));
    alice.socket.send(Buffer.concat([fits, filler]));
    alice.seq += 65;
    expect(await alice.answerTo(65)).toMatchObject({ type: "ack" });
    alice.socket.send(Buffer.concat([fits, filler, chat("alice", "")]));
    const end = await alice.ends();
    expect(end.number).toBe(1009);
    expect(end.code).toBe("too-large");
  });

  it.each([
    ["a foreign origin", "https://evil.example"],
    ["null", "null"],
    ["the same host by another port", "http://127.0.0.1:1"],
  ])("[W7, X1] refuses %s before the upgrade, with an error packet", async (_, origin) => {
    const answer = await upgrade({ origin });
    expect(answer.status).toBe(403);
    expect(answer.headers).toMatchObject({ "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
    expect(tell(answer.octets)?.map(([told]) => told)).toMatchObject([{ type: "error", code: "forbidden" }]);
  });

  it("[X1] takes the page's own origin, one on the list, and none at all", async () => {
    for (const headers of [{ origin: `http://127.0.0.1:${company.house.port}` }, { origin: "https://friend.example" }, {}])
      expect((await upgrade(headers)).status).toBe(101);
  });

  it("[S5, S6] says replaced only to the transport that another one took over from", async () => {
    const alice = await company.joins("alice");
    const socket = alice.socket;
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    const other = company.somebody("alice", alice.room, alice.session);
    await other.returns();
    expect(await within(closed, "the close")).toBe(1008);
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
    expect(await other.speaks("it is me")).toMatchObject({ type: "ack", seq: 1 });
  });

  it("[S17] listens no more to the old transport after welcome", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    const other = company.somebody("alice", alice.room, alice.session);
    const welcome = await other.returns();
    if (alice.socket.readyState === WebSocket.OPEN) alice.socket.send(chat("alice", "from the old one"));
    await settled(company.house);
    await other.speaks("from the new one");
    await bob.hears("from the new one");
    expect(welcome).toMatchObject({ seq: 0 });
    expect(bob.heard()).toEqual(["from the new one"]);
  });

  it("[S17] takes from the old transport only what seq in welcome counts", async () => {
    const clock = new ManualClock();
    const store = new HeldStore();
    const own = await openCompany(webSocket, {}, { clock, engine: await engineOn(store, clock) });
    const [alice, bob] = await own.gathers("alice", "bob");
    store.holds();
    await alice.sends(chat("alice", "before"));
    await settled(own.house);
    const other = own.somebody("alice", alice.room, alice.session);
    const welcomed = other.says({ log: alice.log, offset: alice.offset });
    await settled(own.house);
    alice.socket.send(chat("alice", "after"));
    await settled(own.house);
    store.letsGo();
    const { seq = Number.NaN } = await welcomed;
    expect(await other.speaks("from the new one")).toMatchObject({ type: "ack", seq: seq + 1 });
    await bob.hears("from the new one");
    expect(bob.heard()).toEqual([...["before", "after"].slice(0, seq), "from the new one"]);
  });

  it("[S38] ignores a session in leave where hello was said, if it is its own", async () => {
    const [alice] = await company.gathers("alice", "bob");
    await alice.sends(service({ type: "leave", session: alice.session }));
    expect(await alice.ends()).toEqual({ code: undefined, number: 1000 });
  });

  it("[S38] ends a session by leave with its secret on a connection that has not said hello", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await bob.cuts();
    await bob.opens();
    bob.socket.send(service({ type: "leave", session: bob.session }));
    await settled(company.house);
    company.clock.advance(250);
    expect(await alice.next("left")).toMatchObject({ nicks: ["bob"], why: "left" });
  });
});
