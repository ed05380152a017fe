import { describe, expect, it, vi } from "vitest";
import { error, ROSTER, service, welcome } from "../../server/testing/stub-server.ts";
import { StubStage } from "../../server/testing/stub-stage.ts";
import { encodeChat } from "../packet.ts";

const stage = new StubStage();

function bo(message: string): Uint8Array {
  return encodeChat("bo", message);
}

describe("the race", () => {
  it("long polling joins in after 1.5 s without welcome, and carries the session", async () => {
    stage.server.webSocket = "hold";
    const client = stage.connect();
    await stage.server.held.next();
    stage.clock.advance(1499);
    stage.clock.advance(1);
    (await stage.server.posts.next()).says(welcome(), ROSTER);
    await client.reaches("open");
    expect(client.connection.state).toMatchObject({ transport: "long-poll" });
  });

  it("[S7] moves to WebSocket where that comes after all, without a word, and nothing comes twice or not at all", async () => {
    stage.server.webSocket = "hold";
    const client = stage.connect();
    const late = await stage.server.held.next();
    await stage.pass(1500);
    (await stage.server.posts.next()).says(welcome(), bo("one"), ROSTER);
    const poll = await stage.server.polls.next();
    late.letIn();
    const socket = await stage.server.sockets.next();
    // What is known now, not what was known when the race began.
    expect(await socket.heard.next()).toMatchObject({ type: "hello", log: "log", offset: 1 });
    poll.says(bo("two"));
    const next = await stage.server.polls.next();
    next.answers(409, error("replaced"));
    await next.givenUp();
    socket.says(welcome({ resumed: true, offset: 1, turn: 2 }), bo("two"), bo("three"));
    await vi.waitFor(() => expect(client.heard).toEqual(["1 one", "2 two", "3 three"]));
    expect(client.states.map((state) => (state.kind === "open" ? state.transport : state.kind))).toEqual([
      "connecting",
      "long-poll",
      "websocket",
    ]);
    expect(stage.server.polls.count).toBe(0);
  });

  it("sends what the move left unanswered once, by the numbers that the new welcome says", async () => {
    stage.server.webSocket = "hold";
    const client = stage.connect();
    const late = await stage.server.held.next();
    await stage.pass(1500);
    (await stage.server.posts.next()).says(welcome(), ROSTER);
    await client.reaches("open");
    client.connection.send("one");
    client.connection.send("two");
    const post = await stage.server.posts.next();
    expect(post.query).toEqual({ seq: "1", turn: "1" });
    late.letIn();
    const socket = await stage.server.sockets.next();
    expect(await socket.heard.next()).toMatchObject({ seq: 0 });
    // "one" was taken, "two" stood behind it.
    post.answers(409, error("replaced"));
    socket.says(welcome({ resumed: true, seq: 1, turn: 2 }), encodeChat("ana", "one"));
    expect(await socket.heard.next()).toEqual({ nick: "ana", said: "two" });
    socket.says(service("ack", { seq: 2, offset: 2 }), encodeChat("ana", "two"));
    await vi.waitFor(() => expect(client.shown).toEqual([]));
    expect(client.heard).toEqual(["1 one", "2 two"]);
  });

  it("believes the later turn where both are welcomed", async () => {
    const client = stage.connect();
    const socket = await stage.server.sockets.next();
    await socket.heard.next();
    await stage.pass(1500);
    const hello = await stage.server.posts.next();
    // The server had the socket's hello second.
    socket.says(welcome({ turn: 2 }), ROSTER);
    await client.reaches("open");
    hello.says(welcome({ turn: 1 }), ROSTER);
    socket.says(bo("here"));
    await vi.waitFor(() => expect(client.heard).toEqual(["1 here"]));
    expect(client.connection.state).toMatchObject({ transport: "websocket" });
    expect(stage.server.polls.count).toBe(0);
  });

  it("goes where the server went, where the poll's hello came second", async () => {
    const client = stage.connect();
    const socket = await stage.server.sockets.next();
    await socket.heard.next();
    await stage.pass(1500);
    const hello = await stage.server.posts.next();
    socket.says(welcome({ turn: 1 }), bo("one"), ROSTER);
    await client.reaches("open");
    socket.says(error("replaced"));
    hello.says(welcome({ turn: 2 }), bo("one"), bo("two"), ROSTER);
    expect((await stage.server.polls.next()).query).toEqual({ after: "2", turn: "2" });
    expect(client.heard).toEqual(["1 one", "2 two"]);
    expect(client.connection.state).toMatchObject({ transport: "long-poll" });
  });

  it("[H4] asks for the rest where the poll's hello was answered with less than the WebSocket had brought", async () => {
    const client = stage.connect();
    const socket = await stage.server.sockets.next();
    await socket.heard.next();
    await stage.pass(1500);
    const hello = await stage.server.posts.next();
    socket.says(welcome({ turn: 1 }), bo("one"), bo("two"), ROSTER);
    await client.reaches("open");
    socket.says(error("replaced"));
    hello.says(welcome({ turn: 2 }), bo("one"), ROSTER);
    const poll = await stage.server.polls.next();
    expect(poll.query).toEqual({ after: "1", turn: "2" });
    poll.says(bo("two"), bo("three"));
    expect((await stage.server.polls.next()).query).toEqual({ after: "3", turn: "2" });
    expect(client.heard).toEqual(["1 one", "2 two", "3 three"]);
  });

  it("polls at once where WebSocket is refused, and remembers it", async () => {
    stage.server.webSocket = "refuse";
    const client = stage.connect();
    (await stage.server.posts.next()).says(welcome(), ROSTER);
    await client.reaches("open");
    expect(client.connection.save().preferred).toBe("long-poll");
  });

  it.each([
    ["is none", undefined],
    [
      "is forbidden",
      () => {
        throw new Error("SecurityError");
      },
    ],
  ])("polls at once where there %s", async (_, connectWebSocket) => {
    const client = stage.connect({}, { connectWebSocket });
    (await stage.server.posts.next()).says(welcome(), ROSTER);
    await client.reaches("open");
  });

  it("begins with polling where that is what worked before, and tries WebSocket every 3 minutes beside it", async () => {
    stage.server.webSocket = "hold";
    const saved = { offset: 0, at: 0, nick: "ana", knownSeq: 0, nextId: 1, outbox: [], preferred: "long-poll" as const };
    const client = stage.connect({ saved });
    (await stage.server.posts.next()).says(welcome({ heartbeat: 600_000 }), ROSTER);
    const poll = await stage.server.polls.next();
    await stage.pass(180_000);
    (await stage.server.held.next()).refuse();
    await stage.pass(180_000);
    const late = await stage.server.held.next();
    poll.says(bo("undisturbed"));
    await stage.server.polls.next();
    expect(client.heard).toEqual(["1 undisturbed"]);
    late.letIn();
    const socket = await stage.server.sockets.next();
    expect(await socket.heard.next()).toMatchObject({ offset: 1 });
    socket.says(welcome({ offset: 1, turn: 2, resumed: true }));
    await vi.waitFor(() => expect(client.connection.state).toMatchObject({ transport: "websocket" }));
    expect(client.connection.save().preferred).toBeUndefined();
  });

  it("gives WebSocket up where it was cut twice within 30 s", async () => {
    const { client, socket } = await stage.onWebSocket();
    socket.cut();
    await stage.pass(125);
    const second = await stage.server.sockets.next();
    await second.heard.next();
    second.says(welcome({ resumed: true }));
    await client.reaches("open");
    expect(client.connection.save().preferred).toBeUndefined();
    second.cut();
    await stage.pass(250);
    (await stage.server.posts.next()).says(welcome({ resumed: true }));
    await client.reaches("open");
    expect(client.connection.save().preferred).toBe("long-poll");
    expect(stage.server.sockets.count).toBe(0);
  });
});
