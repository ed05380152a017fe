import { describe, expect, it } from "vitest";
import type { ChatClient } from "../../server/testing/chat-client.ts";
import { nodeEnvironment } from "../../server/testing/node-environment.ts";
import { error, ROSTER, type StubRequest, service, welcome } from "../../server/testing/stub-server.ts";
import { SECRET, StubStage } from "../../server/testing/stub-stage.ts";
import { encodeChat } from "../packet.ts";

const stage = new StubStage();

function bo(message: string): Uint8Array {
  return encodeChat("bo", message);
}

describe("the first hello", () => {
  it("[S1, S12, W1] says who, where and how much, under the server's own path", async () => {
    stage.connect({ history: 7 });
    const socket = await stage.server.sockets.next();
    expect(await socket.heard.next()).toEqual({ type: "hello", session: SECRET, nick: "ana", room: "lobby", history: 7, seq: 0 });
  });

  it("[S5, S20] says what an earlier life of the page knew, and settles what was on its way then", async () => {
    const outbox = [
      { id: 3, text: "there", typedAt: 1, seq: 8 },
      { id: 4, text: "refused", typedAt: 2, seq: 9 },
      { id: 5, text: "not yet", typedAt: 3, seq: 10 },
    ];
    const saved = { log: "log", offset: 40, at: 5, nick: "ana", knownSeq: 7, nextId: 6, outbox };
    const client = stage.connect({ saved });
    expect(client.shown).toEqual(["there pending", "refused pending", "not yet pending"]);
    const socket = await stage.server.sockets.next();
    expect(await socket.heard.next()).toMatchObject({ log: "log", offset: 40, seq: 7 });
    const refused = service("refused", { seq: 9, code: "message-invalid", message: "" });
    socket.says(welcome({ resumed: true, offset: 40, seq: 9, turn: 2 }), refused, bo("meanwhile"));
    expect(await socket.heard.next()).toEqual({ nick: "ana", said: "not yet" });
    expect(client.heard).toEqual(["41 meanwhile"]);
    expect(client.events[0]).toMatchObject({ kind: "welcome", fresh: false, offset: 40 });
    expect(client.shown).toEqual(["there accepted", "refused refused", "not yet pending"]);
    socket.says(service("ping", { offset: 41, online: 1 }));
    await socket.heard.next();
    expect(client.shown).toEqual(["refused refused", "not yet pending"]);
    expect(client.connection.send("next")).toEqual([6]);
  });
});

describe("the next life of a page", () => {
  it("[S33] goes back to what was confirmed, and finds out what was lost in the one before", async () => {
    const { client, socket } = await stage.onWebSocket();
    socket.says(bo("one"), service("ping", { offset: 1, online: 1 }));
    await socket.heard.next();
    socket.says(bo("three")); // "two" was lost
    await client.hears("one", "three");
    const saved = client.connection.save();
    socket.says(bo("four"));
    await client.hears("one", "three", "four");
    client.connection.stop();
    const next = stage.connect({ saved });
    const second = await stage.server.sockets.next();
    expect(await second.heard.next()).toMatchObject({ log: "log", offset: 1 });
    second.says(welcome({ resumed: true, offset: 1, turn: 2 }), bo("two"), bo("three"), bo("four"));
    expect(await second.heard.next()).toMatchObject({ log: "log", offset: 1 });
    second.says(welcome({ resumed: true, offset: 1, turn: 3 }), bo("two"), bo("three"), bo("four"));
    await next.hears("two", "three", "four");
    expect(next.heard[0]).toBe("2 two");
  });

  it("[S33] takes what is the same again for what it knows", async () => {
    const { client, socket } = await stage.onWebSocket();
    socket.says(bo("one"), bo("two"));
    await client.hears("one", "two");
    const saved = client.connection.save();
    socket.says(bo("three")); // after it was saved
    await client.hears("one", "two", "three");
    client.connection.stop();
    const next = stage.connect({ saved });
    const second = await stage.server.sockets.next();
    expect(await second.heard.next()).toMatchObject({ log: "log", offset: 0 });
    second.says(welcome({ resumed: true, turn: 2 }), bo("one"), bo("two"), bo("three"), service("ping", { offset: 3, online: 1 }));
    expect(await second.heard.next()).toEqual({ type: "pong" });
    expect(next.heard).toEqual(["3 three"]);
  });
});

describe("what the table of codes advises", () => {
  it.each(["nick-taken", "nick-invalid", "room-invalid", "wrong-room", "forbidden", "removed", "malformed"])(
    "[S44] %s is the server's last word on a hello",
    async (code) => {
      const client = stage.connect({ only: "long-poll" });
      (await stage.server.posts.next()).answers(400, error(code));
      await client.reaches("ended");
      expect(client.connection.state).toEqual({ kind: "ended", why: { code, message: "" } });
      expect(stage.waits).toEqual([]);
    },
  );

  it("[S44] the last word on one transport ends the race", async () => {
    const client = stage.connect();
    const socket = await stage.server.sockets.next();
    await socket.heard.next();
    socket.says(error("nick-taken"));
    await client.reaches("ended");
    await socket.closed;
    expect(stage.waits).toEqual([]);
    expect(stage.server.posts.count).toBe(0);
  });

  it("[S30, S44] also when the claim was lost and another took the name", async () => {
    const { client, socket } = await stage.onWebSocket();
    socket.cut();
    await stage.pass(125);
    const second = await stage.server.sockets.next();
    await second.heard.next();
    second.says(error("nick-taken"));
    await client.reaches("ended");
  });

  it("[S44, S45] full: waits as long as the server says, and then comes in", async () => {
    const client = stage.connect();
    const socket = await stage.server.sockets.next();
    await socket.heard.next();
    socket.says(error("full", 4_000));
    await client.reaches("waiting");
    expect(client.connection.state).toMatchObject({ attempt: 2, why: { code: "full" }, retryAtMs: stage.clock.now() + 5_000 });
    await stage.pass(5_000);
    const second = await stage.server.sockets.next();
    await second.heard.next();
    second.says(welcome(), ROSTER);
    await client.reaches("open");
  });

  it("[H5, S44] unknown-session: says hello at once, but backs off where that does not help", async () => {
    const { client, poll } = await stage.onLongPoll();
    poll.answers(410, error("unknown-session"));
    const hello = await stage.server.posts.next();
    expect(client.connection.state).toMatchObject({ kind: "connecting", why: { code: "unknown-session" } });
    hello.says(welcome({ log: "another" }), ROSTER);
    (await stage.server.polls.next()).answers(410, error("unknown-session"));
    await client.reaches("waiting");
    await stage.pass(250);
    (await stage.server.posts.next()).says(welcome(), ROSTER);
    await client.reaches("open");
  });

  it("[S44] malformed on the way there: what was said is said anew", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.send("one");
    await socket.heard.next();
    socket.says(error("malformed"));
    await stage.pass(125);
    const second = await stage.server.sockets.next();
    await second.heard.next();
    second.says(welcome({ resumed: true }));
    expect(await second.heard.next()).toEqual({ nick: "ana", said: "one" });
  });

  it("[D3, S45] stopping: waits, and says so, for about as long as the server asks", async () => {
    const { client, socket } = await stage.onWebSocket();
    socket.says(service("stopping", { reason: "shutdown", reconnectIn: 1000 }));
    await client.reaches("waiting");
    expect(client.events.at(-1)).toEqual({ kind: "stopping", reason: "shutdown", reconnectInMs: 1000 });
    expect(client.connection.state).toMatchObject({ why: { code: "stopping" }, retryAtMs: stage.clock.now() + 1250 });
    await stage.pass(1250);
    await stage.server.sockets.next();
  });
});

describe("replaced", () => {
  it("[S5] is the last word where another took the session over", async () => {
    const { client, socket } = await stage.onWebSocket();
    socket.says(error("replaced"));
    await client.reaches("ended");
    expect(client.connection.state).toMatchObject({ why: { code: "replaced" } });
  });

  it("[S5] also where an earlier hello was refused: that one is answered, and takes nothing any more", async () => {
    const client = stage.connect({ only: "websocket" });
    const first = await stage.server.sockets.next();
    await first.heard.next();
    first.says(error("internal"));
    await stage.pass(125);
    const second = await stage.server.sockets.next();
    await second.heard.next();
    second.says(welcome(), ROSTER, error("replaced"));
    await client.reaches("ended");
  });

  /** What follows when polling is answered `replaced`: it waits `delayMs`, says hello again, and is let in. Gives the poll after that. */
  async function comesBack(client: ChatClient, poll: StubRequest, delayMs: number): Promise<StubRequest> {
    poll.answers(409, error("replaced"));
    await client.reaches("waiting");
    await stage.pass(delayMs);
    (await stage.server.posts.next()).says(welcome({ resumed: true, heartbeat: 600_000 }));
    return stage.server.polls.next();
  }

  it("[H11] is not, where a proxy may have repeated the hello of somebody who polls; but that is believed three times a minute", async () => {
    const { client, poll } = await stage.onLongPoll();
    let next = poll;
    for (const delayMs of [125, 250, 500]) next = await comesBack(client, next, delayMs);
    next.answers(409, error("replaced"));
    await client.reaches("ended");
    expect(client.connection.state).toMatchObject({ why: { code: "replaced" } });
    expect(stage.waits).toEqual([]);
  });

  it("[H11] is not either where it happens again a minute later", async () => {
    const { client, poll } = await stage.onLongPoll();
    let next = poll;
    for (const delayMs of [125, 250, 500]) next = await comesBack(client, next, delayMs);
    stage.clock.advance(60_000);
    next.answers(500, error("internal"));
    await stage.pass(125);
    (await stage.server.posts.next()).says(welcome({ resumed: true }));
    await comesBack(client, await stage.server.polls.next(), 250);
    expect(client.connection.state.kind).toBe("open");
  });

  it("[H11] is, half a minute after its own hello", async () => {
    const client = stage.connect({ only: "long-poll" });
    (await stage.server.posts.next()).says(welcome({ heartbeat: 600_000 }), ROSTER);
    const poll = await stage.server.polls.next();
    stage.clock.advance(30_001);
    poll.answers(409, error("replaced"));
    await client.reaches("ended");
  });

  it("is not, where a hello of its own that it had given up may have done it; but then only once", async () => {
    stage.server.webSocket = "open";
    const client = stage.connect();
    const lost = await stage.server.sockets.next();
    await lost.heard.next();
    await stage.pass(1500);
    (await stage.server.posts.next()).says(welcome({ turn: 1 }), ROSTER);
    const poll = await stage.server.polls.next();
    await stage.pass(8_500); // the WebSocket is given up, ten seconds after it began
    await lost.closed;
    // Once for that hello, and three times because a proxy may have repeated the newer ones.
    let next = poll;
    for (const delayMs of [125, 250, 500, 1000]) next = await comesBack(client, next, delayMs);
    next.answers(409, error("replaced"));
    await client.reaches("ended");
  });
});

describe("waiting", () => {
  it("[S45] backs off by 0.25 s that doubles, with jitter, and counts its attempts", async () => {
    const client = stage.connect({ only: "long-poll" });
    for (const delayMs of [125, 250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]) {
      (await stage.server.posts.next()).cut();
      await client.reaches("waiting");
      await stage.pass(delayMs);
    }
    expect(client.connection.state).toMatchObject({ kind: "connecting", attempt: 10, why: { code: "unreachable" } });
  });

  it("[S45] starts over after 10 s of a good connection", async () => {
    const { client, poll } = await stage.onLongPoll();
    poll.answers(500, error("internal"));
    await stage.pass(125);
    (await stage.server.posts.next()).says(welcome());
    const second = await stage.server.polls.next();
    stage.clock.advance(9_999);
    second.answers(500, error("internal"));
    await stage.pass(250);
    (await stage.server.posts.next()).says(welcome());
    const third = await stage.server.polls.next();
    stage.clock.advance(10_000);
    third.answers(500, error("internal"));
    await stage.pass(125);
    expect(client.connection.state).toMatchObject({ attempt: 2, why: { code: "internal" } });
  });

  it("gives a transport that opens and says nothing 10 s", async () => {
    const client = stage.connect({ only: "websocket" });
    const socket = await stage.server.sockets.next();
    await socket.heard.next();
    await stage.pass(10_000);
    await socket.closed;
    expect(client.connection.state).toMatchObject({ kind: "waiting", why: { code: "unreachable" } });
  });
});

describe("a probe", () => {
  it("tries now what was being waited for", async () => {
    const client = stage.connect({ only: "long-poll" });
    (await stage.server.posts.next()).answers(503, error("full", 60_000));
    await client.reaches("waiting");
    client.connection.probe();
    (await stage.server.posts.next()).says(welcome(), ROSTER);
    await client.reaches("open");
  });

  it("begins anew what hangs", async () => {
    stage.server.webSocket = "hold";
    let opened = 0;
    const { connectWebSocket } = nodeEnvironment();
    const count = (url: string, protocol: string) => {
      opened++;
      return (connectWebSocket as NonNullable<typeof connectWebSocket>)(url, protocol);
    };
    const client = stage.connect({ only: "websocket" }, { connectWebSocket: count });
    client.connection.probe(); // only just begun: that would help nobody
    expect(opened).toBe(1);
    stage.clock.advance(1_500);
    client.connection.probe();
    expect(opened).toBe(2);
    expect(client.connection.state).toMatchObject({ kind: "connecting", attempt: 1 });
  });

  it("on WebSocket says hello, and goes on where that is answered", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.probe();
    expect(await socket.heard.next()).toMatchObject({ type: "hello", offset: 0, log: "log" });
    socket.says(welcome({ turn: 2, resumed: true }), encodeChat("bo", "one"));
    await client.hears("one");
    stage.clock.advance(2_000);
    expect(client.path).toEqual(["connecting", "websocket"]);
  });

  it("on WebSocket gives up after 1.5 s of silence", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.probe();
    await socket.heard.next();
    await stage.pass(1_500);
    await client.reaches("waiting");
    await socket.closed;
    expect(client.connection.save().preferred).toBeUndefined();
  });

  it("on long polling asks again at once", async () => {
    const { client, poll } = await stage.onLongPoll();
    client.connection.probe();
    await poll.givenUp();
    const next = await stage.server.polls.next();
    expect(next.query).toEqual(poll.query);
    next.says(encodeChat("bo", "one"));
    await client.hears("one");
  });
});

describe("the end", () => {
  it("[S26] leaves in a word on its WebSocket, after what was said before", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.send("bye");
    const left = client.connection.leave();
    expect(await socket.heard.next()).toMatchObject({ said: "bye" });
    expect(await socket.heard.next()).toEqual({ type: "leave" });
    expect(client.connection.state).toEqual({ kind: "ended", why: { code: "left" } });
    socket.hangsUp();
    await left;
    expect(stage.waits).toEqual([]);
    expect(await Promise.race([client.connection.leave(), "again"])).toBeUndefined();
  });

  it("[H9] leaves by POST where it polls", async () => {
    const { client, poll } = await stage.onLongPoll();
    const left = client.connection.leave();
    const post = await stage.server.posts.next();
    expect(post.fields).toEqual({ type: "leave" });
    expect(post.authorization).toBe(`Bearer ${SECRET}`);
    post.answers(200);
    await left;
    await poll.givenUp();
    expect(stage.waits).toEqual([]);
  });

  it("[H10] leaves by the last word where nothing carries it, as the server may still hold its place", async () => {
    const { client, socket } = await stage.onWebSocket();
    socket.cut();
    await client.reaches("waiting");
    const left = client.connection.leave();
    const word = await stage.server.posts.next();
    expect(word.fields).toEqual({ type: "leave", session: SECRET });
    word.answers(204);
    await left;
    expect(stage.waits).toEqual([]);
  });

  it("waits no longer than 2 s for the server to know", async () => {
    const { client, socket } = await stage.onWebSocket();
    const left = client.connection.leave();
    await socket.heard.next();
    await stage.pass(2_000);
    await left;
    await socket.closed;
  });

  it("needs no answer where the server goes down meanwhile", async () => {
    const { client, socket } = await stage.onWebSocket();
    const left = client.connection.leave();
    await socket.heard.next();
    socket.says(service("stopping", { reason: "shutdown", reconnectIn: 1000 }));
    await left;
    expect(client.connection.state).toEqual({ kind: "ended", why: { code: "left" } });
    expect(stage.waits).toEqual([]);
  });

  it("is the end: no start, no probe, no history after it", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.start();
    socket.says(error("removed"));
    await client.reaches("ended");
    client.connection.start();
    client.connection.probe();
    await expect(client.connection.history(5)).rejects.toThrow("closed");
    expect(client.path).toEqual(["connecting", "websocket", "ended"]);
    expect(stage.waits).toEqual([]);
  });

  it("has nobody to tell where it never came to a hello", async () => {
    stage.server.webSocket = "hold";
    const client = stage.connect();
    await client.connection.leave();
    expect(client.connection.state.kind).toBe("ended");
    expect(stage.waits).toEqual([]);
  });

  it("[S27, H10, H11] lingers: says so past its own end, for the turn that ends, and stops without a sound", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.connection.send("one");
    await socket.heard.next();
    const told = client.states.length;
    client.connection.linger();
    const word = await stage.server.posts.next();
    expect(word.fields).toEqual({ type: "leave", session: SECRET, linger: 10_000 });
    expect(word.query).toEqual({ turn: "1" });
    await socket.closed;
    expect(client.states).toHaveLength(told);
    expect(client.connection.save().outbox).toMatchObject([{ text: "one", seq: 1 }]);
  });

  it.each([
    ["as it was typed", 1],
    ["as it was about to go out, which is said before it is done", 2],
  ])("stops from within what it tells: %s", async (_, stopAt) => {
    const { client, socket } = await stage.onWebSocket();
    let told = 0;
    client.onOutbox = () => {
      if (++told === stopAt) client.connection.stop();
    };
    client.connection.send("one");
    await socket.closed;
    expect(socket.heard.count).toBe(0);
    expect(stage.waits).toEqual([]);
  });

  it("stops from within what it tells, also where that called for an answer", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.onEvents = () => client.connection.stop();
    socket.says(bo("one"), service("ping", { offset: 2, online: 1 }));
    await socket.closed;
    expect(stage.waits).toEqual([]);
  });

  it("is not disturbed by a page that throws", async () => {
    const { client, socket } = await stage.onWebSocket();
    client.onOutbox = () => {
      client.onOutbox = undefined;
      throw new Error("a fault of the page");
    };
    client.connection.send("one");
    expect(await socket.heard.next()).toMatchObject({ said: "one" });
    // It comes up as a fault of the page, and by itself.
    expect(() => stage.clock.advance(0)).toThrow("a fault of the page");
  });
});

describe("history", () => {
  it("[H18] gives a page of what was before, each with its place and time", async () => {
    const { client } = await stage.onWebSocket();
    const page = client.connection.history(50, 3);
    const request = await stage.server.others.next();
    expect([request.path, request.query]).toEqual(["/chat/history", { before: "50", limit: "3" }]);
    expect(request.authorization).toBe(`Bearer ${SECRET}`);
    const packets = [encodeChat("bo", "one"), service("clock", { at: 9_000 }), service("left", { nicks: ["bo"], why: "lost" })];
    request.answers(200, Buffer.concat(packets), { "Palabre-First-Offset": "47", "Palabre-At": "8000" });
    expect(await page).toEqual({
      first: 47,
      events: [
        { kind: "message", offset: 47, at: 8_000, nick: "bo", message: "one" },
        { kind: "left", offset: 49, at: 9_000, nicks: ["bo"], why: "lost" },
      ],
    });
  });

  it.each([
    ["refuses", 410, error("unknown-session")],
    ["is not heard, but a portal", 200, Buffer.from("<html>")],
  ])("rejects where the server %s", async (_, status, body) => {
    const { client } = await stage.onWebSocket();
    const page = client.connection.history(50);
    (await stage.server.others.next()).answers(status, body);
    await expect(page).rejects.toThrow(`(${status})`);
  });

  it("rejects where the connection is stopped meanwhile", async () => {
    const { client } = await stage.onWebSocket();
    const page = client.connection.history(50);
    const request = await stage.server.others.next();
    client.connection.stop();
    await expect(page).rejects.toThrow("closed");
    await request.givenUp();
  });
});
