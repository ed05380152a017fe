import { afterEach, describe, expect, it, vi } from "vitest";
import WebSocket from "ws";
import { ask } from "../../../server/testing/ask.ts";
import { EchoServer } from "./echo-server.ts";
import { FaultProxy } from "./fault-proxy.ts";
import type { Profile } from "./profile.ts";
import { RawEnd } from "./raw-end.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((part) => part.close()));
});

async function stage(profile: Profile, servers = 1) {
  const echoes = await Promise.all(Array.from({ length: servers }, () => EchoServer.open()));
  const proxy = new FaultProxy({ seed: 3, targets: echoes });
  open.push(...echoes, proxy);
  const [echo] = echoes;
  if (echo === undefined) throw new Error("no server");
  return { echo, echoes, proxy, entrance: await proxy.open("here", profile) };
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });
const bodies = (echo: EchoServer) => echo.heard.map(({ method, url, body }) => `${method} ${url} ${body}`.trim());
const text = async (answer: ReturnType<typeof ask>) => (await answer).octets.toString();
const FAILED = "no answer";
const orFailed = (answer: Promise<string>) => answer.catch(() => FAILED);

describe("an answer that is lost", () => {
  it.each(["GET", "POST"] as const)("of a %s: the server wrote it whole, the client is cut", async (method) => {
    const { echo, proxy, entrance } = await stage({ answerLost: { chance: 1 } });
    const body = method === "POST" ? { body: "hello" } : {};
    expect(await orFailed(text(ask(entrance, method, "/poll?seq=1", body)))).toBe(FAILED);
    expect(bodies(echo)).toEqual([`${method} /poll?seq=1${method === "POST" ? " hello" : ""}`]);
    expect(echo.aborted).toBe(0);
    expect(proxy.counts[method === "GET" ? "get-answer-lost" : "post-answer-lost"]).toBe(1);
  });

  it("only of the method that is named, and only of /poll", async () => {
    const { echo, entrance } = await stage({ answerLost: { chance: 1, of: "POST" } });
    expect(await text(ask(entrance, "GET", "/poll"))).toBe("1 ");
    expect(await text(ask(entrance, "POST", "/history", { body: "x" }))).toBe("2 x");
    expect(await orFailed(text(ask(entrance, "POST", "/poll", { body: "y" })))).toBe(FAILED);
    expect(echo.heard).toHaveLength(3);
  });

  it("is handed over after all where it got calm meanwhile", async () => {
    const { echo, proxy, entrance } = await stage({ answerLost: { chance: 1 } });
    const answer = text(ask(entrance, "GET", "/poll?slow"));
    await soon(() => expect(echo.heard).toHaveLength(1));
    proxy.calm();
    echo.letGo();
    expect(await answer).toBe("1 ");
    expect(proxy.counts["get-answer-lost"]).toBe(0);
  });
});

describe("a request that is repeated", () => {
  for (const how of ["at-once", "one-by-one"] as const) {
    for (const gives of ["first", "second"] as const) {
      it(`${how}: the server has it twice, on two connections, and the client is given the ${gives} answer`, async () => {
        const { echo, proxy, entrance } = await stage({ repeated: { chance: 1, how, gives } });
        const answer = await text(ask(entrance, "POST", "/poll?seq=4", { body: "hello" }));
        await soon(() => expect(bodies(echo)).toEqual(["POST /poll?seq=4 hello", "POST /poll?seq=4 hello"]));
        expect(new Set(echo.heard.map(({ connection }) => connection)).size).toBe(2);
        // Sent at once they may come in either order.
        if (how === "one-by-one") expect(answer).toBe(gives === "first" ? "1 hello" : "2 hello");
        else expect(["1 hello", "2 hello"]).toContain(answer);
        expect(proxy.counts["post-repeated"]).toBe(1);
        await soon(() => expect(echo.aborted).toBe(0));
      });
    }
  }

  it("at once: both are there before either is answered", async () => {
    const { echo, proxy, entrance } = await stage({ repeated: { chance: 1, how: "at-once", gives: "second" } });
    const answer = text(ask(entrance, "GET", "/poll?slow"));
    await soon(() => expect(echo.heard).toHaveLength(2));
    echo.letGo();
    expect(await answer).toMatch(/^[12] $/);
    expect(proxy.counts["get-repeated"]).toBe(1);
  });

  it.each(["first", "second"] as const)(
    "one-by-one: the second when the first was answered, and the client is given the %s after both",
    async (gives) => {
      const { echo, entrance } = await stage({ repeated: { chance: 1, how: "one-by-one", gives } });
      let answer = "";
      void text(ask(entrance, "GET", "/poll?slow")).then((given) => {
        answer = given;
      });
      await soon(() => expect(echo.heard).toHaveLength(1));
      expect(await text(ask(entrance, "GET", "/other"))).toBe("2 ");
      expect(echo.heard).toHaveLength(2);
      echo.letGo();
      await soon(() => expect(echo.heard).toHaveLength(3));
      expect(await text(ask(entrance, "GET", "/other"))).toBe("4 ");
      expect(answer).toBe("");
      echo.letGo();
      await soon(() => expect(answer).toBe(gives === "first" ? "1 " : "3 "));
    },
  );

  it("goes to two servers where there are two", async () => {
    const { echoes, entrance } = await stage({ repeated: { chance: 1, how: "one-by-one", gives: "second" } }, 2);
    expect(await text(ask(entrance, "POST", "/poll", { body: "hello" }))).toBe("1 hello");
    expect(echoes.map(({ heard }) => heard.length)).toEqual([1, 1]);
  });

  it("is called off, being a GET, when the client goes; a POST is on its way", async () => {
    const { echo, proxy, entrance } = await stage({ repeated: { chance: 1, how: "at-once" } });
    const abort = new AbortController();
    const get = orFailed(text(ask(entrance, "GET", "/poll?slow", { signal: abort.signal })));
    await soon(() => expect(echo.heard).toHaveLength(2));
    abort.abort();
    await get;
    await soon(() => expect(echo.aborted).toBe(2));
    const abortPost = new AbortController();
    const post = orFailed(text(ask(entrance, "POST", "/poll?slow", { body: "hello", signal: abortPost.signal })));
    await soon(() => expect(echo.heard).toHaveLength(4));
    abortPost.abort();
    await post;
    await soon(() => expect(proxy.connections).toBe(0));
    expect(echo.aborted).toBe(2);
  });
});

describe("a POST that is held back", () => {
  it("comes late, after the client was cut and came back with it another way", async () => {
    const { echo, proxy, entrance } = await stage({ held: { chance: 1, forMs: [600, 600], client: "cut" } });
    const calm = await proxy.open("calm");
    const beganMs = performance.now();
    expect(await orFailed(text(ask(entrance, "POST", "/poll?seq=1", { body: "held" })))).toBe(FAILED);
    expect(await text(ask(calm, "POST", "/poll?seq=1", { body: "again" }))).toBe("1 again");
    expect(proxy.counts["post-held"]).toBe(0);
    await soon(() => expect(bodies(echo)).toEqual(["POST /poll?seq=1 again", "POST /poll?seq=1 held"]));
    expect(echo.heard[1]?.atMs).toBeGreaterThan(beganMs + 590);
    expect(proxy.counts["post-held"]).toBe(1);
  });

  it("comes late, after the client gave up by itself", async () => {
    const { echo, proxy, entrance } = await stage({ held: { chance: 1, forMs: [500, 500], client: "wait" } });
    const abort = new AbortController();
    const answer = orFailed(text(ask(entrance, "POST", "/poll", { body: "held", signal: abort.signal })));
    await soon(() => expect(proxy.requests).toBe(1));
    abort.abort();
    expect(await answer).toBe(FAILED);
    await soon(() => expect(proxy.connections).toBe(0));
    expect(echo.heard).toEqual([]);
    await soon(() => expect(bodies(echo)).toEqual(["POST /poll held"]));
  });

  it("is answered late where the client is still there, and what it asks next is answered after it", async () => {
    const { echo, entrance } = await stage({ held: { chance: 1, forMs: [200, 200], client: "wait" } });
    const client = await RawEnd.connect(entrance.port);
    await client.write("POST /poll HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nfirst");
    await client.write("GET /next HTTP/1.1\r\nHost: here\r\n\r\n");
    await soon(() => expect(client.text).toMatch(/\r\n\r\n1 firstHTTP.*\r\n\r\n2 $/s));
    expect(bodies(echo)).toEqual(["POST /poll first", "GET /next"]);
    client.socket.destroy();
  });

  it("goes on at once when it gets calm, and never when the proxy closes", async () => {
    const held = { held: { chance: 1, forMs: [60_000, 60_000], client: "wait" } } as const;
    const { echo, proxy, entrance } = await stage(held);
    const first = text(ask(entrance, "POST", "/poll", { body: "first" }));
    await soon(() => expect(proxy.requests).toBe(1));
    proxy.calm();
    expect(await first).toBe("1 first");
    proxy.storm();
    const second = orFailed(text(ask(entrance, "POST", "/poll", { body: "second" })));
    await soon(() => expect(proxy.requests).toBe(1));
    await proxy.close();
    expect(await second).toBe(FAILED);
    expect(proxy.requests).toBe(0);
    expect(echo.heard).toHaveLength(1);
  });
});

describe("messages of a WebSocket that vanish", () => {
  async function talk(profile: Profile) {
    const { echo, proxy, entrance } = await stage(profile);
    const socket = new WebSocket(`ws://127.0.0.1:${entrance.port}/ws`, { perMessageDeflate: false });
    const heard: string[] = [];
    let pongs = 0;
    socket.on("message", (octets: Buffer) => void heard.push(octets.toString()));
    socket.on("pong", () => pongs++);
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    const said = Array.from({ length: 60 }, (_, number) => (number % 7 === 0 ? `${number} `.padEnd(70_000, "x") : `${number}`));
    for (const message of said) socket.send(message);
    socket.ping();
    await soon(() => expect(pongs).toBe(1));
    // The pong came behind all that the server had got; its answers to that are on their way.
    await soon(() => expect(heard.length + proxy.counts["message-dropped-down"]).toBe(echo.messages.length));
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
    return { echo, proxy, heard, said };
  }

  it("from server to client: the server has them all, the client not, and the connection goes on", async () => {
    const { echo, proxy, heard, said } = await talk({ droppedDown: { chance: 0.3, spared: 5 } });
    expect(echo.messages).toEqual(said);
    expect(heard.slice(0, 5)).toEqual(said.slice(0, 5));
    expect(heard).toEqual(said.filter((message) => heard.includes(message)));
    expect(proxy.counts["message-dropped-down"]).toBeGreaterThan(5);
    expect(heard.length).toBeGreaterThan(20);
  });

  it("from client to server: the client never learns", async () => {
    const { echo, proxy, heard, said } = await talk({ droppedUp: { chance: 0.3 } });
    expect(heard).toEqual(echo.messages);
    expect(echo.messages).toEqual(said.filter((message) => heard.includes(message)));
    expect(proxy.counts["message-dropped-up"]).toBe(said.length - heard.length);
    expect(proxy.counts["message-dropped-up"]).toBeGreaterThan(5);
  });
});

it("leaves keep-alive, several requests on one connection, and a WebSocket after a request, as they are", async () => {
  const { echo, entrance } = await stage({ repeated: { chance: 0 }, droppedDown: { chance: 0 } });
  const client = await RawEnd.connect(entrance.port);
  for (const body of ["one", "two"]) {
    await client.write(`POST /poll HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\n${body}`);
    await soon(() => expect(client.text).toContain(body));
  }
  await client.write(
    "GET /ws HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n",
  );
  await soon(() => expect(client.text).toMatch(/101 Switching Protocols.*\r\n\r\n$/s));
  await client.write(Buffer.from([0x82, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
  await soon(() => expect(client.received.subarray(-4)).toEqual(Buffer.from([0x81, 2, 0x68, 0x69])));
  expect(new Set(echo.heard.map(({ connection }) => connection)).size).toBe(1);
  client.socket.destroy();
});
