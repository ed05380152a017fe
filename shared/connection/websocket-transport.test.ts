import { describe, expect, it, vi } from "vitest";
import { error, service, welcome } from "../../server/testing/stub-server.ts";
import { StubStage } from "../../server/testing/stub-stage.ts";
import { encodeChat } from "../packet.ts";

const stage = new StubStage();

function bo(message: string): Uint8Array {
  return encodeChat("bo", message);
}

describe("heartbeat", () => {
  it("[S31] answers each ping with a pong", async () => {
    const { socket } = await stage.onWebSocket();
    socket.says(bo("one"), service("ping", { offset: 1, online: 3 }));
    expect(await socket.heard.next()).toEqual({ type: "pong" });
    socket.says(service("ping", { offset: 1, online: 3 }));
    expect(await socket.heard.next()).toEqual({ type: "pong" });
  });

  it("[S33] says hello again on the same WebSocket where a ping counts differently, and starts over from where both agreed", async () => {
    const { client, socket } = await stage.onWebSocket();
    socket.says(bo("one"), service("ping", { offset: 1, online: 1 }));
    await socket.heard.next();
    socket.says(bo("two"));
    socket.says(bo("four"), service("ping", { offset: 4, online: 1 })); // "three" was lost on the way
    expect(await socket.heard.next()).toEqual({ type: "pong" });
    expect(await socket.heard.next()).toMatchObject({ type: "hello", log: "log", offset: 1 });
    socket.says(bo("five")); // still counted wrong
    socket.says(welcome({ turn: 2, offset: 1, resumed: true }), bo("two"), bo("three"), bo("four"), bo("five"));
    await client.hears("two", "three", "four", "five");
    expect(client.heard[0]).toBe("2 two");
    expect(stage.server.sockets.count).toBe(0);
    expect(client.path).toEqual(["connecting", "websocket"]);
  });

  it("[S13] sends nothing between a second hello and its welcome", async () => {
    const { client, socket } = await stage.onWebSocket();
    socket.says(service("ping", { offset: 1, online: 1 }));
    await socket.heard.next();
    await socket.heard.next();
    client.connection.send("wait");
    socket.says(service("ping", { offset: 1, online: 1 }));
    expect(await socket.heard.next()).toEqual({ type: "pong" });
    socket.says(welcome({ turn: 2, resumed: true, seq: 4 }), bo("one"));
    expect(await socket.heard.next()).toEqual({ nick: "ana", said: "wait" });
    socket.says(service("ack", { seq: 5, offset: 2 }), encodeChat("ana", "wait"));
    await client.hears("one", "wait");
    expect(client.shown).toEqual([]);
  });

  it("[S32] gives it up when nothing was heard for heartbeat + 10 s, and comes back from where it was", async () => {
    const { client, socket } = await stage.onWebSocket();
    stage.clock.advance(34_999);
    socket.says(bo("one"));
    await client.hears("one");
    stage.clock.advance(1);
    expect(client.connection.state.kind).toBe("open");
    await stage.pass(34_999);
    expect(client.connection.state).toMatchObject({ kind: "waiting", why: { code: "unreachable" } });
    await socket.closed;
    await stage.pass(125);
    const second = await stage.server.sockets.next();
    // 0 and not 1: no ping has said that "one" was the first.
    expect(await second.heard.next()).toMatchObject({ offset: 0, log: "log" });
    second.says(welcome({ turn: 2, resumed: true }), bo("one"), bo("two"));
    await client.hears("one", "two");
  });
});

describe("what is no packet", () => {
  it.each([
    ["text", "hello?"],
    ["half a packet", "05005al"],
    ["an empty packet", "00000"],
    ["a welcome without its fields", '00018{"type":"welcome"}'],
  ])("[P4, P5] %s drops the WebSocket; what was whole before it counts, and hello is said again", async (_, garbage) => {
    const { client, socket } = await stage.onWebSocket();
    socket.says(bo("one"), Buffer.from(garbage));
    await socket.closed;
    expect(client.words).toEqual(["one"]);
    expect(client.connection.state).toMatchObject({ kind: "waiting", why: { code: "unreachable" } });
    await stage.pass(125);
    const second = await stage.server.sockets.next();
    // 0 and not 1: what a broken line brought before is not confirmed.
    expect(await second.heard.next()).toMatchObject({ offset: 0 });
    second.says(welcome({ turn: 2, resumed: true }), bo("one"), bo("two"));
    await client.hears("one", "two");
  });

  it("[P4] a room packet before welcome is none either", async () => {
    stage.connect({ only: "websocket" });
    const socket = await stage.server.sockets.next();
    socket.says(bo("one"));
    await socket.closed;
  });

  it("[P6, S43] types and fields from a later version are passed over", async () => {
    const { client, socket } = await stage.onWebSocket();
    socket.says(service("confetti", { colour: "red" }), bo("one"), service("ping", { offset: 1, online: 1, mood: "fine" }));
    expect(await socket.heard.next()).toEqual({ type: "pong" });
    expect(client.words).toEqual(["one"]);
  });
});

describe("[S20] what was accepted and does not come", () => {
  const ana = (message: string) => encodeChat("ana", message);
  const refused = service("refused", { seq: 1, code: "message-invalid", message: "" });

  it("is asked for again: a refusal that was lost on the way does not read as accepted", async () => {
    const { client, socket } = await stage.onWebSocket();
    for (const line of ["one", "two"]) client.connection.send(line);
    for (const said of ["one", "two"]) expect(await socket.heard.next()).toMatchObject({ said });
    // `refused` for number 1 was lost on the way.
    socket.says(service("ack", { seq: 2, offset: 1 }), ana("two"));
    expect(await socket.heard.next()).toMatchObject({ type: "hello", seq: 0 });
    expect(client.shown).toEqual(["one pending"]);
    socket.says(welcome({ turn: 2, resumed: true, seq: 2 }), refused, ana("two"));
    await vi.waitFor(() => expect(client.shown[0]).toBe("one refused"));
    socket.says(service("ping", { offset: 1, online: 1 }));
    await socket.heard.next();
    expect(client.shown).toEqual(["one refused"]);
    expect(client.heard).toEqual(["1 two"]);
  });

  it("is asked for again also where the same words came after it", async () => {
    const { client, socket } = await stage.onWebSocket();
    for (const line of ["one", "one"]) client.connection.send(line);
    for (let line = 0; line < 2; line++) await socket.heard.next();
    socket.says(service("ack", { seq: 2, offset: 1 }), ana("one"));
    expect(await socket.heard.next()).toMatchObject({ type: "hello", seq: 0 });
    socket.says(welcome({ turn: 2, resumed: true, seq: 2 }), refused, ana("one"));
    await vi.waitFor(() => expect(client.shown[0]).toBe("one refused"));
  });

  it("is asked for again once: a room that then does not show it either has it all the same", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.send("one");
    await socket.heard.next();
    socket.says(service("ack", { seq: 1, offset: 1 }), ana("otherwise"));
    await socket.heard.next();
    socket.says(welcome({ turn: 2, resumed: true, seq: 1 }), ana("otherwise"), service("ping", { offset: 1, online: 1 }));
    expect(await socket.heard.next()).toEqual({ type: "pong" });
    expect(client.shown).toEqual([]);
    expect(socket.heard.count).toBe(0);
  });

  it("finds a packet that was lost on the way, before any ping does", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.send("one");
    await socket.heard.next();
    socket.says(service("ack", { seq: 1, offset: 1 }));
    socket.says(bo("two")); // "one" was lost
    expect(await socket.heard.next()).toMatchObject({ type: "hello", offset: 0, seq: 0 });
    socket.says(welcome({ turn: 2, resumed: true, seq: 1 }), ana("one"), bo("two"));
    expect(await socket.heard.next()).toMatchObject({ type: "hello", offset: 0 });
    socket.says(welcome({ turn: 3, resumed: true, seq: 1 }), ana("one"), bo("two"));
    await client.hears("one", "two");
    expect(client.heard).toEqual(["1 one", "2 two"]);
    expect(client.shown).toEqual([]);
  });

  it.each<[string, Uint8Array[]]>([
    ["comes with its answer", [service("ack", { seq: 2, offset: 3 }), ana("one"), bo("between"), ana("two")]],
    ["comes before its answer", [ana("one"), bo("between"), ana("two"), service("ack", { seq: 2, offset: 3 })]],
    ["bears a new name", [service("ack", { seq: 2, offset: 3 }), bo("between"), encodeChat("bea", "one"), encodeChat("bea", "two")]],
    ["is no longer kept", [service("ack", { seq: 2, offset: 3 }), service("gap", { from: 1, to: 3, at: 0 })]],
    ["is partly no longer kept", [service("ack", { seq: 2, offset: 3 }), service("gap", { from: 1, to: 2, at: 0 }), ana("two")]],
  ])("is not asked for where it %s", async (_, packets) => {
    const { client, socket } = await stage.onWebSocket();
    for (const line of ["one", "two"]) client.connection.send(line);
    for (let line = 0; line < 2; line++) await socket.heard.next();
    socket.says(...packets, service("ping", { offset: 3, online: 1 }));
    expect(await socket.heard.next()).toEqual({ type: "pong" });
    expect(client.shown).toEqual([]);
    client.connection.send("three");
    expect(await socket.heard.next()).toMatchObject({ said: "three" });
  });
});

describe("answers", () => {
  it("[S21] holds back what the budget does not allow, and nobody is told", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.send("a");
    for (let line = 2; line <= 40; line++) client.connection.send(`${line}`);
    // 20 at once, less the reserve of two.
    for (let line = 1; line <= 18; line++) await socket.heard.next();
    expect(socket.heard.count).toBe(0);
    await stage.pass(200);
    expect(await socket.heard.next()).toEqual({ nick: "ana", said: "19" });
    expect(client.outbox.every(({ state }) => state.kind === "pending")).toBe(true);
  });

  it("[S22] sends again, after the time named and under new numbers, what was refused for the rate", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.send("one");
    client.connection.send("two");
    await socket.heard.next();
    await socket.heard.next();
    const refused = (seq: number) => service("refused", { seq, code: "rate-limited", message: "", retryAfter: 700 });
    socket.says(refused(1));
    await vi.waitFor(() => expect(stage.waits).toContain(700));
    client.connection.send("three");
    socket.says(refused(2), service("ping", { offset: 0, online: 1 }));
    expect(await socket.heard.next()).toEqual({ type: "pong" });
    await stage.pass(700);
    expect(await socket.heard.next()).toEqual({ nick: "ana", said: "one" });
    await stage.pass(200);
    expect(await socket.heard.next()).toEqual({ nick: "ana", said: "two" });
    socket.says(service("ack", { seq: 4, offset: 2 }), encodeChat("ana", "one"), encodeChat("ana", "two"));
    await vi.waitFor(() => expect(client.shown).toEqual(["three pending"]));
  });

  it("[S18] shows a refusal with its code, and sends again when asked", async () => {
    const { client, socket } = await stage.onWebSocket();
    const [id] = client.connection.send("one");
    await socket.heard.next();
    socket.says(service("refused", { seq: 1, code: "message-invalid", message: "No." }));
    await vi.waitFor(() => expect(client.outbox[0]?.state).toEqual({ kind: "refused", code: "message-invalid", message: "No." }));
    client.connection.sendAgain(id ?? 0);
    expect(await socket.heard.next()).toEqual({ nick: "ana", said: "one" });
    socket.says(service("ack", { seq: 2, offset: 1 }), encodeChat("ana", "one"));
    await vi.waitFor(() => expect(client.shown).toEqual([]));
  });

  it("[S41] renames: the old name until the answer, the new one after it", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.rename("bea");
    client.connection.send("one");
    expect(await socket.heard.next()).toEqual({ type: "rename", nick: "bea" });
    expect(await socket.heard.next()).toEqual({ nick: "ana", said: "one" });
    socket.says(service("you", { nick: "bea" }));
    await vi.waitFor(() => expect(client.connection.nick).toBe("bea"));
    client.connection.send("two");
    expect(await socket.heard.next()).toEqual({ nick: "bea", said: "two" });
    client.connection.rename("taken");
    await socket.heard.next();
    socket.says(service("refused", { of: "rename", code: "nick-taken", message: "" }));
    await vi.waitFor(() => expect(client.events.at(-1)).toEqual({ kind: "rename-refused", code: "nick-taken", message: "" }));
    expect(client.connection.nick).toBe("bea");
  });

  it("[S23, S41] says again under the new name what a rename crossed", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.send("one");
    await socket.heard.next();
    socket.says(service("you", { nick: "bea" }), service("refused", { seq: 1, code: "nick-mismatch", message: "" }));
    expect(await socket.heard.next()).toEqual({ nick: "bea", said: "one" });
    socket.says(service("refused", { seq: 2, code: "nick-mismatch", message: "" }));
    await vi.waitFor(() => expect(client.shown).toEqual(["one refused"]));
  });

  it("[S41] asks again for the name where the answer was lost with the connection, unless the name says that it was given", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.rename("bea");
    await socket.heard.next();
    socket.cut();
    await stage.pass(125);
    const second = await stage.server.sockets.next();
    await second.heard.next();
    second.says(welcome({ resumed: true }));
    expect(await second.heard.next()).toEqual({ type: "rename", nick: "bea" });
    second.says(error("internal", 5_000));
    await stage.pass(6_250);
    const third = await stage.server.sockets.next();
    await third.heard.next();
    third.says(welcome({ resumed: true, nick: "bea" }));
    await vi.waitFor(() => expect(client.events.at(-1)).toEqual({ kind: "nick", nick: "bea" }));
  });

  it("[S37] hands over a roster in parts as one", async () => {
    const { client, socket } = await stage.onWebSocket();
    socket.says(service("roster", { nicks: ["ana"], more: true, online: 2 }));
    socket.says(service("roster", { nicks: ["bo"], online: 2 }), service("ping", { offset: 0, online: 2 }));
    await socket.heard.next();
    const rosters = client.events.filter((event) => event.kind === "roster").map(({ nicks }) => nicks);
    expect(rosters).toEqual([["ana"], ["ana", "bo"]]);
    expect(client.events.some((event) => event.kind === "online")).toBe(false);
  });

  it("sends in the order typed also what is typed while the page is being told", async () => {
    const { client, socket } = await stage.onWebSocket();
    let told = 0;
    client.onOutbox = () => {
      told++;
      // The first time it was typed, the second time it is about to go out.
      if (told === 1) client.connection.send("second");
      if (told === 3) client.connection.send("third");
    };
    client.connection.send("first");
    expect((await socket.heard.next()).said).toBe("first");
    expect((await socket.heard.next()).said).toBe("second");
    expect((await socket.heard.next()).said).toBe("third");
  });
});
