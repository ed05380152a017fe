import { randomBytes } from "node:crypto";
import { expect, it, onTestFinished, vi } from "vitest";
import { WarmSocket } from "../shared/connection/warm-socket.ts";
import type { RoomName } from "../shared/room-name.ts";
import { encodeSessionSecret } from "../shared/session-secret.ts";
import { ChatClient } from "./testing/chat-client.ts";
import { type House, openHouse } from "./testing/house.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { nodeEnvironment } from "./testing/node-environment.ts";

const WITHIN = { timeout: 10_000, interval: 10 };

async function openDoor(changes: Record<string, string> = {}, clock?: ManualClock): Promise<House> {
  const house = await openHouse({ DRAIN_MS: "100", ...changes }, clock === undefined ? {} : { clock });
  onTestFinished(() => void house.stop());
  return house;
}

/** A page at the join screen, in real time. Gives what it does as the person types, and how it comes in. */
function page({ url }: House) {
  const made: { readyState?: number }[] = [];
  const { connectWebSocket } = nodeEnvironment();
  const warmSocket = new WarmSocket(
    nodeEnvironment({
      connectWebSocket: (to, protocol) => {
        const socket = (connectWebSocket as NonNullable<typeof connectWebSocket>)(to, protocol);
        made.push(socket);
        return socket;
      },
    }),
    url,
  );
  onTestFinished(() => warmSocket.cool());
  return {
    made,
    async warms(): Promise<void> {
      warmSocket.warm();
      await vi.waitFor(() => expect(made.at(-1)?.readyState).toBe(1), WITHIN);
    },
    comesIn(nick: string): ChatClient {
      const options = { url, session: encodeSessionSecret(randomBytes(16)), nick, room: "lobby" as RoomName };
      const client = new ChatClient(options, warmSocket.environment);
      onTestFinished(() => client.connection.stop());
      client.connection.start();
      return client;
    },
  };
}

it("[W5, S4] hello goes out on the WebSocket that was opened before, and all is as on any other", async () => {
  const house = await openDoor();
  const ana = page(house);
  await ana.warms();
  const client = ana.comesIn("ana");
  await client.reaches("open");
  client.connection.send("hello");
  await client.hears("hello");
  expect(client.path).toEqual(["connecting", "websocket"]);
  expect(ana.made).toHaveLength(1);
});

it("[W5] a server that gives idle ones up first is not held against it, whoever notices when: nobody waits, and nothing is logged", async () => {
  const clock = new ManualClock();
  const house = await openDoor({ MAX_CLIENTS: "1", MAX_CLIENTS_PER_ADDRESS: "1", JOINS_PER_MINUTE: "1" }, clock);
  const [ana, bo] = [page(house), page(house)];
  for (const somebody of [ana, bo, page(house)]) await somebody.warms();
  clock.advance(10_000);
  // The word that it is over is on its way to these two, or there.
  const first = ana.comesIn("ana");
  await first.reaches("open");
  expect(first.path).toEqual(["connecting", "websocket"]);
  // Places and joins are spent by who comes in, and not by who might.
  const second = bo.comesIn("bo");
  await second.reaches("waiting");
  expect(second.connection.state).toMatchObject({ why: { code: "full" } });
  expect(house.lines.filter(({ code }) => code === "timeout")).toEqual([]);
});
