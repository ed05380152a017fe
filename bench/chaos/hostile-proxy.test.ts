import { randomBytes } from "node:crypto";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { ChatClient } from "../../server/testing/chat-client.ts";
import { openHouse } from "../../server/testing/house.ts";
import { nodeEnvironment } from "../../server/testing/node-environment.ts";
import type { TransportKind } from "../../shared/connection/connection-state.ts";
import type { RoomName } from "../../shared/room-name.ts";
import { encodeSessionSecret } from "../../shared/session-secret.ts";
import { FaultProxy } from "./proxy/fault-proxy.ts";
import type { Profile } from "./proxy/profile.ts";

const WITHIN = { timeout: 15_000, interval: 5 };

const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** A stop in good order takes a second: the next test need not wait for it. */
const stopping: Promise<void>[] = [];
afterAll(() => Promise.all(stopping));

/** Ana behind a bad proxy, Bo beside it. */
async function place(profile: Profile, only: TransportKind, seed: number) {
  // One minute between pings: what is mended here is mended without them.
  const house = await openHouse({ DRAIN_MS: "100", HEARTBEAT_MS: "60000", RATE_BURST: "0", RATE_PER_SECOND: "0" });
  ending.push(() => void stopping.push(house.stop()));
  const proxy = new FaultProxy({ seed, targets: [house] });
  ending.push(() => proxy.close());
  const entrance = await proxy.open("ana", profile);
  const ana = client(entrance.url, "ana", only);
  const bo = client(house.url, "bo", "websocket");
  await bo.reaches("open");
  return { proxy, entrance, ana, bo };
}

function client(url: string, nick: string, only: TransportKind): ChatClient {
  const session = encodeSessionSecret(randomBytes(16));
  const environment = nodeEnvironment({ random: () => 0.1 });
  const made = new ChatClient({ url, session, nick, room: "lobby" as RoomName, only }, environment);
  ending.push(() => made.connection.stop());
  made.connection.start();
  return made;
}

describe("an impatient proxy that says hello twice", { timeout: 40_000 }, () => {
  it.each([
    { how: "one-by-one", times: 1 },
    { how: "one-by-one", times: 3 },
    { how: "at-once", times: 1 },
  ] as const)("[H11] throws nobody out: $how, $times in a row", async ({ how, times }) => {
    const { proxy, ana, bo } = await place({ repeated: { chance: 1, of: "POST", gives: "first", how } }, "long-poll", 1);
    await vi.waitFor(() => expect(proxy.counts["post-repeated"]).toBeGreaterThanOrEqual(times), WITHIN);
    proxy.calm();
    ana.connection.send("still here");
    await bo.hears("still here");
    await ana.hears("still here");
    await vi.waitFor(() => expect(ana.outbox).toEqual([]), WITHIN);
    expect(ana.connection.state).toMatchObject({ kind: "open", transport: "long-poll" });
  });
});

describe("a proxy that loses WebSocket messages, and then cuts", { timeout: 40_000 }, () => {
  it.each([1, 2, 3])("[S33] loses nothing for good, and nothing is shown twice (seed %i)", async (seed) => {
    const { proxy, entrance, ana, bo } = await place({ droppedDown: { chance: 0.5, spared: 3 } }, "websocket", seed);
    await ana.reaches("open");
    let line = 0;
    const said: string[] = [];
    const deadline = Date.now() + 10_000;
    const speak = async (): Promise<void> => {
      if (Date.now() > deadline) throw new Error(`nothing was lost: ${JSON.stringify(proxy.counts)}`);
      said.push(`word ${++line}`);
      bo.connection.send(`word ${line}`);
      await bo.hears(...said);
    };
    while (proxy.counts["message-dropped-down"] < 3) await speak();
    // What is heard now stands where something that was lost should stand.
    const before = ana.words.length;
    while (ana.words.length === before) await speak();
    entrance.profile = {};
    proxy.cut();
    await vi.waitFor(() => {
      expect(ana.words).toEqual(said);
      expect(ana.heard).toEqual(bo.heard);
    }, WITHIN);
    bo.connection.send("after");
    await ana.hears(...said, "after");
    expect(ana.heard).toEqual(bo.heard);
  });
});
