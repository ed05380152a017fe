import { describe, expect, it, vi } from "vitest";
import { error, ROSTER, type StubRequest, service, welcome } from "../../server/testing/stub-server.ts";
import { StubStage } from "../../server/testing/stub-stage.ts";
import { encodeChat } from "../packet.ts";

const stage = new StubStage();

const PAGE = "<!doctype html><title>Sign in</title><form action=/login>Welcome to this network";
const INTERCEPTED = { kind: "waiting", why: { code: "intercepted" } };

/** What networks put in a server's place. */
const PORTALS: [string, (request: StubRequest) => void][] = [
  ["a page", (request) => request.answers(200, PAGE, { "Content-Type": "text/html" })],
  ["a page that calls itself packets", (request) => request.answers(200, PAGE, { "Content-Type": "text/plain; charset=utf-8" })],
  ["a redirect to a page", (request) => request.answers(302, "", { Location: "https://login.example/" })],
  ["a lasting redirect", (request) => request.answers(308, PAGE, { Location: "/login" })],
  ["511", (request) => request.answers(511, PAGE)],
  ["511 and nothing else", (request) => request.answers(511)],
  ["a page that forbids", (request) => request.answers(403, PAGE)],
  ["nothing but a prohibition", (request) => request.answers(403)],
  ["a page that knows no such address", (request) => request.answers(404, PAGE)],
  ["octets of any kind", (request) => request.answers(200, Buffer.from([0x1f, 0x8b, 0xff, 0x00, 0x80]))],
];

describe.each(PORTALS)("%s in the server's place", (_, answer) => {
  it("is told as that, waited for with back-off, and forgotten as soon as the server answers", async () => {
    const client = stage.connect({ only: "long-poll" });
    for (const delayMs of [125, 250, 500]) {
      answer(await stage.server.posts.next());
      await client.reaches("waiting");
      expect(client.connection.state).toMatchObject(INTERCEPTED);
      await stage.pass(delayMs);
    }
    expect(client.connection.state).toMatchObject({ kind: "connecting", why: { code: "intercepted" } });
    (await stage.server.posts.next()).says(welcome(), ROSTER);
    await client.reaches("open");
    expect(client.events.map(({ kind }) => kind)).toEqual(["welcome", "roster"]);
  });
});

describe("in the midst of a talk", () => {
  it("a page in the answers' place loses nothing and says nothing twice", async () => {
    const { client, poll } = await stage.onLongPoll();
    client.connection.send("one");
    for (const [status, delayMs] of [
      [200, 250],
      [302, 500],
      [511, undefined],
    ] as const) {
      const post = await stage.server.posts.next();
      expect([post.query, post.body]).toEqual([{ seq: "1", turn: "1" }, "03003anaone"]);
      post.answers(status, PAGE, { Location: "/login" });
      if (delayMs !== undefined) await stage.pass(delayMs);
    }
    await poll.givenUp();
    await client.reaches("waiting");
    expect(client.connection.state).toMatchObject(INTERCEPTED);
    client.connection.send("two");
    expect(client.shown).toEqual(["one pending", "two pending"]);
    await stage.pass(125);
    const hello = await stage.server.posts.next();
    expect(hello.fields).toMatchObject({ type: "hello", log: "log", seq: 0 });
    // One of them had arrived all the same, before the page came in the answer's place.
    hello.says(welcome({ resumed: true, turn: 2, seq: 1 }), encodeChat("ana", "one"));
    const post = await stage.server.posts.next();
    expect([post.query, post.body]).toEqual([{ seq: "2", turn: "2" }, "03003anatwo"]);
    post.says(service("ack", { seq: 2, offset: 2 }));
    (await stage.server.polls.next()).says(encodeChat("ana", "two"));
    await client.hears("one", "two");
    expect(client.shown).toEqual([]);
  });

  it("polls that bring a page are asked again, and then the connection is", async () => {
    const { client, poll } = await stage.onLongPoll();
    poll.answers(200, PAGE);
    await stage.pass(250 + 125);
    (await stage.server.polls.next()).answers(302, "", { Location: "/login" });
    await stage.pass(250 + 250);
    (await stage.server.polls.next()).answers(200, PAGE);
    await client.reaches("waiting");
    expect(client.connection.state).toMatchObject(INTERCEPTED);
    expect(client.words).toEqual([]);
  });

  it("one that passes at once is not even told", async () => {
    const { client, poll } = await stage.onLongPoll();
    poll.answers(511, PAGE);
    await stage.pass(250 + 125);
    (await stage.server.polls.next()).says(encodeChat("bo", "one"));
    await client.hears("one");
    expect(client.path).toEqual(["connecting", "long-poll"]);
  });
});

describe("WebSocket", () => {
  it("that is refused does not hide what polling found out", async () => {
    stage.server.webSocket = "refuse";
    const client = stage.connect();
    (await stage.server.posts.next()).answers(200, PAGE);
    await client.reaches("waiting");
    expect(client.connection.state).toMatchObject(INTERCEPTED);
    expect(client.connection.save().preferred).toBeUndefined();
  });

  it("that never opens does not either", async () => {
    stage.server.webSocket = "hold";
    const client = stage.connect();
    await stage.server.held.next();
    await stage.pass(1500);
    (await stage.server.posts.next()).answers(302, "", { Location: "/login" });
    // Polling has given up, and WebSocket has not.
    await vi.waitFor(() => expect(stage.waits).toEqual([8500]));
    await stage.pass(8500);
    await client.reaches("waiting");
    expect(client.connection.state).toMatchObject(INTERCEPTED);
    await stage.pass(125);
    // The next race begins without what the last one knew.
    (await stage.server.held.next()).refuse();
    (await stage.server.posts.next()).cut();
    await client.reaches("waiting");
    expect(client.connection.state).toMatchObject({ why: { code: "unreachable" } });
  });

  it("that speaks something else from the first word on is somebody else's", async () => {
    const client = stage.connect({ only: "websocket" });
    const socket = await stage.server.sockets.next();
    socket.says(Buffer.from('{"event":"hi"}'));
    await socket.closed;
    await client.reaches("waiting");
    expect(client.connection.state).toMatchObject(INTERCEPTED);
    await stage.pass(125);
    const second = await stage.server.sockets.next();
    await second.heard.next();
    second.says(welcome(), ROSTER);
    await client.reaches("open");
  });

  it("that speaks something else lets polling in at once", async () => {
    const client = stage.connect();
    (await stage.server.sockets.next()).says(Buffer.from("hello?"));
    (await stage.server.posts.next()).says(welcome(), ROSTER);
    await client.reaches("open");
    expect(client.connection.state).toMatchObject({ transport: "long-poll" });
  });
});

describe("older pages", () => {
  it.each([
    ...PORTALS,
    ["a proxy's error", (request: StubRequest) => request.answers(502, PAGE)] as const,
    [
      "a page cut short",
      (request: StubRequest) => request.answers(200, "05005al", { "Palabre-First-Offset": "1", "Palabre-At": "1" }),
    ] as const,
    ["packets of nobody knows where", (request: StubRequest) => request.answers(200, "05005aliceHello")] as const,
  ])("could not be had where there is %s in their place, and can be asked for again", async (_, answer) => {
    const { client, socket } = await stage.onWebSocket();
    const failed = client.connection.history(50);
    answer(await stage.server.others.next());
    await expect(failed).rejects.toThrow("Older messages could not be had");
    const page = client.connection.history(50);
    (await stage.server.others.next()).answers(200, encodeChat("bo", "old"), { "Palabre-First-Offset": "49", "Palabre-At": "1" });
    expect(await page).toMatchObject({ first: 49, events: [{ kind: "message", message: "old" }] });
    // The talk is not disturbed by it.
    socket.says(encodeChat("bo", "one"));
    await client.hears("one");
    expect(client.path).toEqual(["connecting", "websocket"]);
  });
});

it("a refusal of the server is one whatever page its packet comes with the status of", async () => {
  const client = stage.connect({ only: "long-poll" });
  (await stage.server.posts.next()).answers(511, error("nick-taken"));
  await client.reaches("ended");
});
