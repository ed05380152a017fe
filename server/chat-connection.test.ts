import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { ConnectionOptions } from "../shared/connection/chat-connection.ts";
import type { TransportKind } from "../shared/connection/connection-state.ts";
import type { RoomName } from "../shared/room-name.ts";
import { encodeSessionSecret } from "../shared/session-secret.ts";
import { systemClock } from "./clock.ts";
import { openEngine } from "./open-engine.ts";
import { ChatClient } from "./testing/chat-client.ts";
import { type House, openHouse, testSettings } from "./testing/house.ts";
import { nodeEnvironment } from "./testing/node-environment.ts";
import { Relay } from "./testing/relay.ts";

const WITHIN = { timeout: 10_000, interval: 10 };
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}`);

/** A real server, and a network to it. */
async function place(changes: Record<string, string> = {}): Promise<{ house: House; relay: Relay; url: string }> {
  const house = await openHouse({ DRAIN_MS: "100", ...changes });
  const relay = new Relay(house.port);
  const url = await relay.open();
  onTestFinished(async () => {
    await relay.close();
    stopping.push(house.stop());
  });
  return { house, relay, url };
}

/** A stop in good order takes a second: the next test need not wait for it. */
const stopping: Promise<void>[] = [];
afterAll(() => Promise.all(stopping));

function client(
  url: string,
  nick: string,
  options: Partial<ConnectionOptions> = {},
  random: () => number = () => Math.random() / 50,
): ChatClient {
  const session = encodeSessionSecret(randomBytes(16));
  // Little jitter: the tests cut more often than the back-off has patience for.
  const environment = nodeEnvironment({ random });
  const made = new ChatClient({ url, session, nick, room: "lobby" as RoomName, ...options }, environment);
  onTestFinished(() => made.connection.stop());
  made.connection.start();
  return made;
}

async function entered(...who: Parameters<typeof client>): Promise<ChatClient> {
  const made = client(...who);
  await made.reaches("open");
  return made;
}

/** What was told of coming and going. */
function moves({ events }: ChatClient): string[] {
  return events.flatMap((event) => {
    if (event.kind === "joined" || event.kind === "left") return [`${event.nicks} ${event.kind}`];
    return event.kind === "renamed" ? [`${event.from} is ${event.to}`] : [];
  });
}

async function sees(someone: ChatClient, ...expected: string[]): Promise<void> {
  await vi.waitFor(() => expect(moves(someone)).toEqual(expected), WITHIN);
}

describe.each<{ name: string; only: TransportKind }>([
  { name: "WebSocket", only: "websocket" },
  { name: "long polling", only: "long-poll" },
])("over $name", ({ only }) => {
  it("[S4, L1] comes in, sees who is there, and talks both ways", async () => {
    const { house } = await place();
    const ana = await entered(house.url, "ana", { only });
    const bo = await entered(house.url, "bo", { only });
    await sees(ana, "ana joined", "bo joined");
    ana.connection.send("hello, bo");
    await bo.hears("hello, bo");
    bo.connection.send("hello, ana");
    await ana.hears("hello, bo", "hello, ana");
    expect(ana.heard).toEqual(bo.heard);
    expect(bo.events.find((event) => event.kind === "roster")).toMatchObject({ nicks: ["ana", "bo"], online: 2 });
    await vi.waitFor(() => expect([...ana.outbox, ...bo.outbox]).toEqual([]), WITHIN);
    expect(ana.path).toEqual(["connecting", only]);
  });

  it("[S5, S24] comes back after a cut from where it was, and nobody is told", async () => {
    const { house, relay, url } = await place();
    const ana = await entered(house.url, "ana", { only });
    const bo = await entered(url, "bo", { only });
    ana.connection.send("one");
    await bo.hears("one");
    relay.cut();
    ana.connection.send("two");
    await bo.hears("one", "two");
    bo.connection.send("three");
    await ana.hears("one", "two", "three");
    await sees(ana, "ana joined", "bo joined");
    expect(bo.events.filter((event) => event.kind === "welcome").map(({ fresh }) => fresh)).toEqual(
      bo.events.filter((event) => event.kind === "welcome").map((_, index) => index === 0),
    );
  });

  it("[S15, S16] with cuts again and again, all arrives once and in order, both ways", async () => {
    const { house, relay, url } = await place({ RATE_BURST: "0" });
    const ana = await entered(house.url, "ana", { only });
    const bo = await entered(url, "bo", { only });
    for (const line of numbers(60)) {
      bo.connection.send(line);
      if (Number(line) % 7 === 0) {
        relay.cut();
        // On, once the first words after the cut are through.
        await vi.waitFor(() => expect(ana.words).toContain(line), WITHIN);
      } else if (Number(line) % 5 === 0) await vi.waitFor(() => expect(ana.words.length).toBeGreaterThan(Number(line) / 2), WITHIN);
    }
    await ana.hears(...numbers(60));
    await bo.hears(...numbers(60));
    await vi.waitFor(() => expect(bo.outbox).toEqual([]), WITHIN);
    expect(bo.heard).toEqual(ana.heard);
  });

  it("[S21] forty pasted lines are slow, and none is refused", async () => {
    const { house } = await place({ RATE_BURST: "10", RATE_PER_SECOND: "50" });
    const ana = await entered(house.url, "ana", { only });
    const bo = await entered(house.url, "bo", { only });
    for (const line of numbers(40)) ana.connection.send(line);
    await bo.hears(...numbers(40));
    await vi.waitFor(() => expect(ana.outbox).toEqual([]), WITHIN);
    expect(house.lines.filter(({ msg }) => msg === "message refused")).toEqual([]);
  });

  it("[S22] what the server refuses for the rate all the same goes out later, in its order", async () => {
    const { house } = await place({ RATE_BURST: "4", RATE_PER_SECOND: "5" });
    const session = encodeSessionSecret(randomBytes(16));
    const ana = await entered(house.url, "ana", { only });
    let bo = await entered(house.url, "bo", { only, session });
    // Each hello spends, and a page that was reloaded has forgotten what was spent.
    for (let reload = 0; reload < 3; reload++) {
      const saved = bo.connection.save();
      bo.connection.stop();
      bo = await entered(house.url, "bo", { only, session, saved });
    }
    for (const line of numbers(8)) bo.connection.send(line);
    await ana.hears(...numbers(8));
    expect(house.lines.some(({ msg, code }) => msg === "message refused" && code === "rate-limited")).toBe(true);
    await vi.waitFor(() => expect(bo.outbox).toEqual([]), WITHIN);
  });

  it("[S18] shows what the server refused, with its code", async () => {
    const { house } = await place();
    const outbox = [{ id: 1, text: " \t ", typedAt: 0 }];
    const saved = { offset: 0, at: 0, nick: "ana", knownSeq: 0, nextId: 2, outbox };
    const ana = await entered(house.url, "ana", { only, saved });
    await vi.waitFor(() => expect(ana.outbox[0]?.state).toMatchObject({ kind: "refused", code: "message-invalid" }), WITHIN);
    ana.connection.send("but this");
    await ana.hears("but this");
    ana.connection.discard(1);
    await vi.waitFor(() => expect(ana.outbox).toEqual([]), WITHIN);
  });

  it("[S41] renames, and is told where the name is taken", async () => {
    const { house } = await place();
    const ana = await entered(house.url, "ana", { only });
    const bo = await entered(house.url, "bo", { only });
    await sees(bo, "ana joined", "bo joined");
    ana.connection.rename("Ana-2");
    ana.connection.send("still me");
    await bo.hears("still me");
    await sees(bo, "ana joined", "bo joined", "ana is Ana-2");
    expect(ana.connection.nick).toBe("Ana-2");
    bo.connection.rename("ANA-2");
    await vi.waitFor(() => expect(bo.events.at(-1)).toMatchObject({ kind: "rename-refused", code: "nick-taken" }), WITHIN);
    bo.connection.send("still bo");
    await ana.hears("still me", "still bo");
  });

  it("[S26] leaves, and the others see it at once", async () => {
    const { house } = await place();
    const ana = await entered(house.url, "ana", { only });
    const bo = await entered(house.url, "bo", { only });
    await sees(ana, "ana joined", "bo joined");
    await bo.connection.leave();
    await sees(ana, "ana joined", "bo joined", "bo left");
    expect(bo.connection.state).toEqual({ kind: "ended", why: { code: "left" } });
  });

  it("[S27] a page that is reloaded goes on as the same person, with what it had not sent yet", async () => {
    const { house } = await place();
    const session = encodeSessionSecret(randomBytes(16));
    const ana = await entered(house.url, "ana", { only });
    const bo = await entered(house.url, "bo", { only, session });
    ana.connection.send("one");
    await bo.hears("one");
    bo.connection.send("typed, and gone");
    const saved = JSON.parse(JSON.stringify(bo.connection.save()));
    bo.connection.linger();
    ana.connection.send("two");
    const again = await entered(house.url, "bo", { only, session, saved });
    const all = ["one", "two", "typed, and gone"];
    await vi.waitFor(() => expect([...ana.words].sort()).toEqual(all), WITHIN);
    await vi.waitFor(() => expect([...bo.words, ...again.words].sort()).toEqual(all), WITHIN);
    await sees(ana, "ana joined", "bo joined");
    await vi.waitFor(() => expect(again.outbox).toEqual([]), WITHIN);
    expect(again.events[0]).toMatchObject({ kind: "welcome", fresh: false, resumed: true });
  });

  it("[S5, S44] a second page of the same session takes over, and the first one ends", async () => {
    const { house } = await place();
    const session = encodeSessionSecret(randomBytes(16));
    const first = await entered(house.url, "ana", { only, session });
    const second = await entered(house.url, "ana", { only, session });
    second.connection.send("here");
    await second.hears("here");
    await first.reaches("ended");
    expect(first.connection.state).toMatchObject({ why: { code: "replaced" } });
  });

  it("[S44] is asked for another name where this one is taken, and comes in under that", async () => {
    const { house } = await place();
    const session = encodeSessionSecret(randomBytes(16));
    await entered(house.url, "ana", { only });
    const late = client(house.url, "ANA", { only, session });
    await late.reaches("ended");
    expect(late.connection.state).toMatchObject({ why: { code: "nick-taken" } });
    const saved = late.connection.save();
    const again = await entered(house.url, "bea", { only, session, saved });
    expect(again.connection.nick).toBe("bea");
  });

  it("[S44] waits where the chat is full, and comes in when a place is free", async () => {
    const { house } = await place({ MAX_CLIENTS: "1" });
    const ana = await entered(house.url, "ana", { only });
    const bo = client(house.url, "bo", { only });
    await bo.reaches("waiting");
    expect(bo.connection.state).toMatchObject({ why: { code: "full" } });
    await ana.connection.leave();
    await bo.reaches("open");
  });

  it("[H18] pages back through what was there before", async () => {
    const { house } = await place({ RATE_BURST: "0" });
    const ana = await entered(house.url, "ana", { only });
    for (const line of numbers(30)) ana.connection.send(line);
    await ana.hears(...numbers(30));
    const bo = await entered(house.url, "bo", { only, history: 5 });
    await bo.hears("26", "27", "28", "29", "30");
    const first = Number(bo.heard[0]?.split(" ")[0]);
    const page = await bo.connection.history(first, 10);
    const older = page.events.flatMap((event) => (event.kind === "message" ? [`${event.offset} ${event.message}`] : []));
    expect(older).toEqual(ana.heard.slice(15, 25));
    expect(page.first).toBe(first - 10);
    expect(page.events.map(({ at }) => at)).toEqual(
      ana.events
        .filter((event) => event.kind === "message")
        .slice(15, 25)
        .map(({ at }) => at),
    );
  });

  it("[D3, D6, S28] a server that stops and starts again loses nobody and nothing, also of what was typed meanwhile", async () => {
    const directory = await mkdtemp(join(tmpdir(), "palabre-connection-"));
    const log = pino({ level: "silent" });
    const open = async () => {
      const { engine } = await openEngine(testSettings({ DATA_DIR: directory }), systemClock, log);
      return openHouse({ DRAIN_MS: "100" }, { engine });
    };
    let house = await open();
    const relay = new Relay(house.port);
    const url = await relay.open();
    onTestFinished(async () => {
      await relay.close();
      await house.stop();
      await rm(directory, { recursive: true });
    });
    const ana = await entered(url, "ana", { only });
    const bo = await entered(url, "bo", { only });
    ana.connection.send("before");
    await bo.hears("before");
    await house.stop();
    await ana.reaches("waiting");
    expect(ana.events.find((event) => event.kind === "stopping")).toMatchObject({ reason: "shutdown" });
    ana.connection.send("meanwhile");
    house = await open();
    relay.target = house.port;
    await bo.hears("before", "meanwhile");
    bo.connection.send("after");
    await ana.hears("before", "meanwhile", "after");
    expect(moves(ana)).toEqual(["ana joined", "bo joined"]);
    expect(ana.events.filter((event) => event.kind === "welcome" && event.fresh)).toHaveLength(1);
  });
});

describe("two pages that share a session", () => {
  it.each<{ first: TransportKind; second: TransportKind }>([
    { first: "long-poll", second: "long-poll" },
    { first: "websocket", second: "long-poll" },
    { first: "long-poll", second: "websocket" },
    { first: "websocket", second: "websocket" },
  ])("[H11, S5] do not take it from each other for ever: $first and then $second", async ({ first, second }) => {
    const { house } = await place();
    const session = encodeSessionSecret(randomBytes(16));
    const pages = [await entered(house.url, "ana", { only: first, session })];
    pages.push(client(house.url, "ana", { only: second, session }));
    await vi.waitFor(() => expect(pages.filter(({ connection }) => connection.state.kind === "ended")).toHaveLength(1), WITHIN);
    const [left, ended] = [...pages].sort(({ connection }) => (connection.state.kind === "ended" ? 1 : -1)) as [ChatClient, ChatClient];
    expect(ended.connection.state).toMatchObject({ why: { code: "replaced" } });
    await left.reaches("open");
    left.connection.send("here");
    await left.hears("here");
    await vi.waitFor(() => expect(left.outbox).toEqual([]), WITHIN);
    expect(left.connection.state.kind).toBe("open");
    const welcomes = pages.flatMap(({ events }) => events.filter(({ kind }) => kind === "welcome"));
    expect(welcomes.length).toBeLessThanOrEqual(8);
  });
});

describe("the race", () => {
  it("[S7] polls where WebSocket hangs; moves over when it comes; nothing is lost or comes twice while others talk on", async () => {
    const { house, relay, url } = await place({ RATE_BURST: "0" });
    relay.webSockets = "hold";
    const ana = await entered(house.url, "ana", { only: "websocket" });
    const startedMs = performance.now();
    const bo = await entered(url, "bo");
    expect(performance.now() - startedMs).toBeLessThan(2_500);
    expect(bo.connection.state).toMatchObject({ transport: "long-poll" });
    let line = 0;
    const talk = setInterval(() => {
      line++;
      ana.connection.send(`ana ${line}`);
      bo.connection.send(`bo ${line}`);
    }, 3);
    onTestFinished(() => clearInterval(talk));
    await vi.waitFor(() => expect(bo.words.length).toBeGreaterThan(40), WITHIN);
    relay.letThrough();
    await vi.waitFor(() => expect(bo.connection.state).toMatchObject({ transport: "websocket" }), WITHIN);
    const moved = bo.words.length;
    await vi.waitFor(() => expect(bo.words.length).toBeGreaterThan(moved + 40), WITHIN);
    clearInterval(talk);
    const said = (who: string) => numbers(line).map((count) => `${who} ${count}`);
    await vi.waitFor(() => {
      expect(ana.words.filter((words) => words.startsWith("ana"))).toEqual(said("ana"));
      expect(ana.words.filter((words) => words.startsWith("bo"))).toEqual(said("bo"));
      expect(bo.heard).toEqual(ana.heard.slice(-bo.heard.length));
      expect(bo.words.length).toBe(2 * line);
      expect(bo.outbox).toEqual([]);
    }, WITHIN);
    expect(bo.path).toEqual(["connecting", "long-poll", "websocket"]);
    expect(moves(ana)).toEqual(["ana joined", "bo joined"]);
  });

  it("takes WebSocket where it works, and asks nothing else", async () => {
    const { house } = await place();
    const ana = await entered(house.url, "ana");
    expect(ana.path).toEqual(["connecting", "websocket"]);
  });

  it("is at its place again as soon as the page says that the network is back, however long it would have waited", async () => {
    const { house, relay, url } = await place();
    const ana = await entered(url, "ana", {}, () => 0.9);
    relay.target = 1; // nothing listens there
    relay.cut();
    const retryAtMs = await vi.waitFor(() => {
      const { state } = ana.connection;
      if (state.kind !== "waiting" || state.attempt < 4) throw new Error("it tries often still");
      return state.retryAtMs;
    }, WITHIN);
    relay.target = house.port;
    ana.connection.probe();
    await ana.reaches("open");
    expect(performance.now()).toBeLessThan(retryAtMs);
  });
});
