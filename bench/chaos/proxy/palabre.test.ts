import { randomBytes } from "node:crypto";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { ChatClient } from "../../../server/testing/chat-client.ts";
import { openHouse } from "../../../server/testing/house.ts";
import { LongPollMember } from "../../../server/testing/long-poll-member.ts";
import { nodeEnvironment } from "../../../server/testing/node-environment.ts";
import { WebSocketMember } from "../../../server/testing/websocket-member.ts";
import type { TransportKind } from "../../../shared/connection/connection-state.ts";
import type { RoomName } from "../../../shared/room-name.ts";
import { encodeSessionSecret } from "../../../shared/session-secret.ts";
import { FaultProxy } from "./fault-proxy.ts";
import type { Fault, Profile } from "./profile.ts";
import { RawEnd } from "./raw-end.ts";

const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** A stop in good order takes a second: the next test need not wait for it. */
const stopping: Promise<void>[] = [];
afterAll(() => Promise.all(stopping));

async function place() {
  const house = await openHouse({ DRAIN_MS: "100", HEARTBEAT_MS: "500", RATE_BURST: "0", RATE_PER_SECOND: "0" });
  ending.push(() => void stopping.push(house.stop()));
  const proxy = new FaultProxy({ seed: 9, targets: [house] });
  ending.push(() => proxy.close());
  return { house, proxy };
}

function client(url: string, nick: string, only?: TransportKind): ChatClient {
  const session = encodeSessionSecret(randomBytes(16));
  // Little jitter: what is cut so often would soon wait for long.
  const environment = nodeEnvironment({ random: () => Math.random() / 50 });
  const made = new ChatClient({ url, session, nick, room: "lobby" as RoomName, ...(only === undefined ? {} : { only }) }, environment);
  ending.push(() => made.connection.stop());
  made.connection.start();
  return made;
}

/** Somebody talks through `profile` until each of `faults` has happened `times`, then it gets calm. Everybody has heard the same, each line once. */
async function talks(profile: Profile, faults: readonly Fault[], only?: TransportKind, times = 3): Promise<void> {
  const { house, proxy } = await place();
  const entrance = await proxy.open("ana", profile);
  const bo = client(house.url, "bo");
  const ana = client(entrance.url, "ana", only);
  await bo.reaches("open");
  const said: string[] = [];
  const deadline = Date.now() + 12_000;
  while (faults.some((fault) => proxy.counts[fault] < times)) {
    if (Date.now() > deadline) throw new Error(`not often enough: ${JSON.stringify(proxy.counts)}`);
    const word = `word ${said.length + 1}`;
    said.push(word);
    ana.connection.send(word);
    bo.connection.send(`answer ${said.length}`);
    await new Promise((resolve) => setTimeout(resolve, 15)); // words, each by itself
  }
  proxy.calm();
  await vi.waitFor(
    () => {
      expect(bo.words.filter((word) => word.startsWith("word"))).toEqual(said);
      expect(ana.heard).toEqual(bo.heard);
      expect([...ana.outbox, ...bo.outbox]).toEqual([]);
    },
    { timeout: 20_000, interval: 20 },
  );
}

describe("a conversation survives", { timeout: 60_000 }, () => {
  it.each<TransportKind>(["websocket", "long-poll"])("[S3, S16] cuts at any octet, over %s", async (only) => {
    await talks({ cut: { chance: 1, after: { octets: [0, 3000] } } }, ["cut-by-rst", "cut-by-fin"], only);
  });

  it("[S5] connections that are half open", async () => {
    const halfOpen = { chance: 1, after: { octets: [500, 3000] }, forMs: [100, 600] } as const;
    await talks({ halfOpen }, ["half-open-client-gone", "half-open-server-gone", "half-open-network-gone"], undefined, 1);
  });

  it.each<TransportKind>(["websocket", "long-poll"])("[P8] delay, throttling, and any chunking, over %s", async (only) => {
    const profile: Profile = {
      cut: { chance: 1, after: { ms: [300, 900] } },
      delay: { chance: 0.5, ms: [0, 40] },
      throttle: { chance: 0.5, octetsPerSecond: [20_000, 40_000] },
      rechunk: { chance: 0.5, octets: [1, 7] },
      join: { chance: 0.5, ms: [10, 60] },
    };
    await talks(profile, ["delay", "throttle", "rechunk", "join"], only, 1);
  });

  it("[H7, H15] answers that are lost", async () => {
    await talks({ answerLost: { chance: 0.2 } }, ["get-answer-lost", "post-answer-lost"], "long-poll");
  });

  it("[H7, H16] requests that come twice", async () => {
    await talks({ repeated: { chance: 0.3 } }, ["get-repeated", "post-repeated"], "long-poll");
  });

  it("[H7, H11] POSTs that come late", async () => {
    await talks({ held: { chance: 0.3, forMs: [50, 1000] } }, ["post-held"], "long-poll");
  });

  it("[S33] messages of the server that vanish", async () => {
    await talks({ droppedDown: { chance: 0.1, spared: 1 } }, ["message-dropped-down"], "websocket");
  });
});

it("[S33] a member sees by the count in a ping that a message from the server vanished", async () => {
  const { house, proxy } = await place();
  const entrance = await proxy.open("cy");
  const cy = new WebSocketMember(entrance, "cy", "lobby");
  const di = new WebSocketMember(house, "di", "lobby");
  await di.comes();
  entrance.profile = { droppedDown: { chance: 1, spared: 1 } };
  await cy.comes();
  await di.speaks("never heard");
  await vi.waitFor(() => expect(proxy.counts["message-dropped-down"]).toBeGreaterThan(1), { timeout: 10_000 });
  expect(cy.heard()).toEqual([]);
  proxy.calm();
  // The member itself finds fault with it: the server has sent more than came.
  await expect(cy.next("ping")).rejects.toThrow(/offset|count/i);
  cy.drops();
  di.drops();
});

it("[S14] shows what no client can see without looking behind its ack: a message to the server that vanished", async () => {
  const { house, proxy } = await place();
  const entrance = await proxy.open("cy", { droppedUp: { chance: 1, spared: 2 } });
  const cy = new WebSocketMember(entrance, "cy", "lobby");
  await cy.comes();
  expect((await cy.speaks("one")).seq).toBe(1);
  await cy.sends(Buffer.from("02003cytwo"));
  await vi.waitFor(() => expect(proxy.counts["message-dropped-up"]).toBe(1), { timeout: 10_000 });
  proxy.calm();
  await cy.sends(Buffer.from("02005cythree"));
  // Number 2 is acknowledged; but the packet at its offset is what went out as number 3.
  await cy.hears("three");
  expect((await cy.answerTo(2)).seq).toBe(2);
  expect(cy.heard()).toEqual(["one", "three"]);
  cy.drops();
  expect(house.port).not.toBe(entrance.port);
});

it("[H7] a member's POST that came twice is in the room once", async () => {
  const { house, proxy } = await place();
  const entrance = await proxy.open("cy");
  const cy = new LongPollMember(entrance, "cy", "lobby");
  const di = new WebSocketMember(house, "di", "lobby");
  await di.comes();
  await cy.comes();
  entrance.profile = { repeated: { chance: 1, of: "POST" } };
  for (let number = 1; number <= 8; number++) await cy.speaks(`${number}`);
  await di.hears("8");
  expect(di.heard()).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
  await vi.waitFor(() => expect(proxy.counts["post-repeated"]).toBe(8), { timeout: 10_000 });
  cy.drops();
  di.drops();
});

it("passes the page's other requests and raw octets: history, health, nonsense", async () => {
  const { proxy } = await place();
  const entrance = await proxy.open("here", { repeated: { chance: 1 }, answerLost: { chance: 1 }, rechunk: { chance: 1, octets: [1, 1] } });
  expect((await fetch(`${entrance.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${entrance.url}/history?before=5`)).status).toBe(401);
  const raw = await RawEnd.connect(entrance.port);
  await raw.write('00066{"type":"hello"}\r\n\r\n');
  await vi.waitFor(() => expect(raw.text).toContain("400"), { timeout: 10_000 });
  raw.socket.destroy();
});
