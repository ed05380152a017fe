import { describe, expect, it, vi } from "vitest";
import type { ChatClient } from "../../server/testing/chat-client.ts";
import { nodeEnvironment } from "../../server/testing/node-environment.ts";
import { error, ROSTER, type StubSocket, welcome } from "../../server/testing/stub-server.ts";
import { StubStage } from "../../server/testing/stub-stage.ts";
import { encodeChat } from "../packet.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { WebSocketLike } from "./environment.ts";
import { WarmSocket } from "./warm-socket.ts";

const stage = new StubStage();

/** A page before it comes in: its warm socket, and how it comes in. */
class Page {
  readonly warmSocket: WarmSocket;
  readonly #made: WebSocketLike[] = [];

  constructor() {
    const { connectWebSocket } = nodeEnvironment();
    const environment = nodeEnvironment({
      clock: stage.clock,
      connectWebSocket: (url, protocol) => {
        const made = (connectWebSocket as NonNullable<typeof connectWebSocket>)(url, protocol);
        this.#made.push(made);
        return made;
      },
    });
    this.warmSocket = new WarmSocket(environment, stage.server.url);
  }

  /** How many WebSockets were made. */
  get made(): number {
    return this.#made.length;
  }

  get last(): WebSocketLike | undefined {
    return this.#made.at(-1);
  }

  /** Has one open, as far as both ends know. */
  async warmed(): Promise<StubSocket> {
    this.warmSocket.warm();
    const socket = await stage.server.sockets.next();
    await vi.waitFor(() => expect(this.last?.readyState).toBe(1));
    return socket;
  }

  comesIn(options: Partial<ConnectionOptions> = {}): ChatClient {
    return stage.connect(options, { connectWebSocket: this.warmSocket.environment.connectWebSocket });
  }
}

describe("a warm WebSocket", () => {
  it("says nothing, and takes hello at once when it is wanted", async () => {
    const page = new Page();
    page.warmSocket.warm();
    const socket = await stage.server.sockets.next();
    expect(socket.heard.count).toBe(0);
    const client = page.comesIn();
    expect(await socket.heard.next()).toMatchObject({ type: "hello", nick: "ana" });
    socket.says(welcome(), ROSTER);
    await client.reaches("open");
    expect(client.connection.state).toMatchObject({ transport: "websocket" });
    expect(page.made).toBe(1);
  });

  it("is one at a time, given up before the server does, and opened anew for who types on", async () => {
    const page = new Page();
    for (let key = 0; key < 5; key++) page.warmSocket.warm();
    const first = await stage.server.sockets.next();
    stage.clock.advance(7_999);
    page.warmSocket.warm();
    expect(page.made).toBe(1);
    stage.clock.advance(1);
    await first.closed;
    page.warmSocket.warm();
    await stage.server.sockets.next();
    expect(page.made).toBe(2);
    page.warmSocket.cool();
  });

  it("is not tried again with every key where it is refused", async () => {
    stage.server.webSocket = "hold";
    const page = new Page();
    page.warmSocket.warm();
    (await stage.server.held.next()).refuse();
    for (let key = 0; key < 5; key++) page.warmSocket.warm();
    expect(page.made).toBe(1);
    page.warmSocket.cool();
  });

  it("is handed over also while it is still opening, and then counts as any other", async () => {
    stage.server.webSocket = "hold";
    const page = new Page();
    page.warmSocket.warm();
    const held = await stage.server.held.next();
    const client = page.comesIn();
    held.letIn();
    const socket = await stage.server.sockets.next();
    await socket.heard.next();
    socket.says(welcome(), ROSTER);
    await client.reaches("open");
    expect(page.made).toBe(1);
  });

  it("serves once: who left and comes in again opens another", async () => {
    const page = new Page();
    const socket = await page.warmed();
    const client = page.comesIn();
    await socket.heard.next();
    socket.says(error("nick-taken"));
    await client.reaches("ended");
    page.warmSocket.warm();
    const second = await stage.server.sockets.next();
    const again = page.comesIn({ nick: "bea" });
    expect(await second.heard.next()).toMatchObject({ nick: "bea" });
    second.says(welcome({ nick: "bea" }), ROSTER);
    await again.reaches("open");
    expect(page.made).toBe(2);
  });

  it("is of no use at another address", async () => {
    const page = new Page();
    await page.warmed();
    const other = page.warmSocket.environment.connectWebSocket?.(`${stage.server.url.replace(/^http/, "ws")}/elsewhere`, "palabre.v1");
    const socket = await stage.server.sockets.next();
    expect(page.made).toBe(2);
    expect(other).toBeDefined();
    socket.cut();
    page.warmSocket.cool();
  });

  it("is none where there is no WebSocket", () => {
    const warmSocket = new WarmSocket(nodeEnvironment({ clock: stage.clock, connectWebSocket: undefined }), stage.server.url);
    warmSocket.warm();
    expect(warmSocket.environment.connectWebSocket).toBeUndefined();
    warmSocket.cool();
  });

  it("is none where that is forbidden", async () => {
    const forbidden = () => {
      throw new Error("SecurityError");
    };
    const warmSocket = new WarmSocket(nodeEnvironment({ clock: stage.clock, connectWebSocket: forbidden }), stage.server.url);
    warmSocket.warm();
    const client = stage.connect({}, { connectWebSocket: warmSocket.environment.connectWebSocket });
    (await stage.server.posts.next()).says(welcome(), ROSTER);
    await client.reaches("open");
    warmSocket.cool();
  });
});

describe("a warm WebSocket that is dead", () => {
  it.each<[string, (socket: StubSocket) => void]>([
    ["cut", (socket) => socket.cut()],
    ["hung up", (socket) => socket.hangsUp()],
    ["given up by the server", (socket) => socket.says(error("timeout"))],
  ])("and is known to be, as it was %s, is forgotten without a word", async (_, ends) => {
    const page = new Page();
    const socket = await page.warmed();
    ends(socket);
    await socket.closed;
    const client = page.comesIn();
    const second = await stage.server.sockets.next();
    await second.heard.next();
    second.says(welcome(), ROSTER);
    await client.reaches("open");
    expect(client.path).toEqual(["connecting", "websocket"]);
    expect(page.made).toBe(2);
  });

  it("and has not told it yet, but is closing, is not handed over", async () => {
    const page = new Page();
    await page.warmed();
    page.last?.close();
    const client = page.comesIn();
    const second = await stage.server.sockets.next();
    await second.heard.next();
    second.says(welcome(), ROSTER);
    await client.reaches("open");
    expect(client.connection.state).toMatchObject({ transport: "websocket" });
    expect(page.made).toBe(2);
  });

  it.each<[string, (socket: StubSocket) => void]>([
    ["W5: the server gave it up the same moment", (socket) => socket.says(error("timeout"))],
    ["it was cut", (socket) => socket.cut()],
  ])("when hello goes out is replaced by a new one at once (%s)", async (_, ends) => {
    const page = new Page();
    const socket = await page.warmed();
    const client = page.comesIn();
    await socket.heard.next();
    ends(socket);
    const second = await stage.server.sockets.next();
    expect(await second.heard.next()).toMatchObject({ type: "hello", history: 50 });
    second.says(welcome(), ROSTER);
    await client.reaches("open");
    expect(client.path).toEqual(["connecting", "websocket"]);
    // That says nothing about WebSocket here.
    second.cut();
    await stage.pass(125);
    await stage.server.sockets.next();
    expect(client.connection.save().preferred).toBeUndefined();
  });

  it("and nobody knows: polling joins the race as ever, and a new WebSocket takes over", async () => {
    const page = new Page();
    const socket = await page.warmed();
    const client = page.comesIn();
    await socket.heard.next(); // and no answer
    client.connection.send("one");
    await stage.pass(1_500);
    (await stage.server.posts.next()).says(welcome(), ROSTER);
    await client.reaches("open");
    const post = await stage.server.posts.next();
    expect(post.body).toBe("03003anaone");
    await stage.pass(2_500);
    await socket.closed;
    const second = await stage.server.sockets.next();
    expect(await second.heard.next()).toMatchObject({ type: "hello", log: "log", offset: 0 });
    second.says(welcome({ resumed: true, turn: 2, seq: 1 }), encodeChat("ana", "one"));
    await client.hears("one");
    await vi.waitFor(() => expect(client.shown).toEqual([]));
    expect(client.path).toEqual(["connecting", "long-poll", "websocket"]);
    expect(client.connection.save().preferred).toBeUndefined();
  });

  it("but whose hello arrives late all the same takes the session from nobody for good", async () => {
    const page = new Page();
    const socket = await page.warmed();
    const client = page.comesIn();
    await socket.heard.next();
    await stage.pass(1_500);
    (await stage.server.posts.next()).says(welcome(), ROSTER);
    const poll = await stage.server.polls.next();
    await stage.pass(2_500);
    (await stage.server.sockets.next()).cut();
    // The server had that hello after the poll's: the session was there, on a line that is gone.
    poll.answers(409, error("replaced"));
    await client.reaches("waiting");
    await stage.pass(125);
    const third = await stage.server.sockets.next();
    expect(await third.heard.next()).toMatchObject({ type: "hello", log: "log" });
    third.says(welcome({ resumed: true, turn: 3 }));
    await client.reaches("open");
  });

  it("whose answer is the server's last word is the last word", async () => {
    const page = new Page();
    const socket = await page.warmed();
    const client = page.comesIn();
    await socket.heard.next();
    socket.says(error("nick-taken"));
    await client.reaches("ended");
    expect(page.made).toBe(1);
  });
});
