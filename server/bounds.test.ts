import { pino } from "pino";
import { expect, it, onTestFinished } from "vitest";
import { encodeChat, encodeService } from "../shared/packet.ts";
import { EmbeddedEngine } from "./engine/embedded.ts";
import type { Engine } from "./engine/engine.ts";
import { MemoryStore } from "./engine/memory-store.ts";
import { ask, settled } from "./testing/ask.ts";
import { type House, openHouse } from "./testing/house.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { newSecret } from "./testing/member.ts";
import { gate, TriedStore } from "./testing/tried-store.ts";

const LIFTED = { RATE_BURST: "0", JOINS_PER_MINUTE: "0", MAX_CLIENTS_PER_ADDRESS: "0" };

function startEngine(limits?: { rooms: number; endedSessions: number }): Promise<Engine> {
  const parts = {
    store: new MemoryStore(),
    clock: new ManualClock(),
    history: { packets: 10_000, days: 30 },
    log: pino({ level: "silent" }),
  };
  return EmbeddedEngine.start({ ...parts, ...(limits === undefined ? {} : { limits }) });
}

async function open(engine: Engine): Promise<House> {
  const house = await openHouse(LIFTED, { engine });
  onTestFinished(() => house.stop());
  return house;
}

function hello(house: House, nick: string, room: string, session = newSecret()) {
  return ask(house, "POST", "/poll", { body: encodeService({ type: "hello", session, nick, room }) });
}

it("[X5] [S44] rooms: when there are as many logs as there may be, another one is `full`; those that there are go on", async () => {
  const house = await open(await startEngine({ rooms: 2, endedSessions: 10 }));
  expect((await hello(house, "ana", "one")).status).toBe(200);
  expect((await hello(house, "bo", "two")).status).toBe(200);
  const { status, headers, told } = await hello(house, "cy", "three");
  expect({ status, retryAfter: headers["retry-after"] }).toEqual({ status: 503, retryAfter: "60" });
  expect(told).toMatchObject([{ type: "error", code: "full", retryAfter: 60_000 }]);
  expect((await hello(house, "cy", "two")).status).toBe(200);
});

it("[X5] [H18] history: 64 pages are on their way at once; who asks for another is told when to come back, and gets it then", async () => {
  const engine = await startEngine();
  const { closed, open: letGo } = gate();
  let slow = false;
  const slowToRead = new Proxy(engine, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name, target);
      if (name === "read" && slow) return async (...args: Parameters<Engine["read"]>) => closed.then(() => target.read(...args));
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
  const house = await open(slowToRead);
  const sessions = Array.from({ length: 65 }, () => newSecret());
  for (const [index, session] of sessions.entries()) await hello(house, `n${index}`, "lobby", session);
  // More than the end of the log that is in memory.
  const body = Array.from({ length: 60 }, () => encodeChat("n0", "x".repeat(990)));
  for (let seq = 1; seq <= 360; seq += 60)
    expect((await ask(house, "POST", `/poll?seq=${seq}`, { session: sessions[0] as string, body })).status).toBe(200);
  slow = true;
  const page = (session: string) => ask(house, "GET", "/history?before=40&limit=10", { session });
  const pages = sessions.slice(0, 64).map(page);
  const last = sessions[64] as string;
  // Each is asked for on a connection of its own: until the last of them is being read, this one may be among the 64.
  let late = await page(last).catch(() => undefined);
  for (let tries = 0; late?.status !== 429 && tries < 100; tries++)
    late = await Promise.race([page(last), new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 50))]);
  expect(late).toMatchObject({ status: 429, told: [{ type: "error", code: "rate-limited", retryAfter: expect.any(Number) }] });
  letGo();
  for (const { status } of await Promise.all(pages)) expect([200, 429]).toContain(status);
  slow = false;
  expect((await page(last)).told).toHaveLength(10);
});

it("[H5] an answer to a poll is at most 256 KiB, also where a single commit brought more", async () => {
  const clock = new ManualClock();
  const store = new TriedStore(new MemoryStore());
  const log = pino({ level: "silent" });
  const house = await open(await EmbeddedEngine.start({ store, clock, history: { packets: 10_000, days: 30 }, log }));
  const reader = newSecret();
  await hello(house, "reader", "lobby", reader);
  const senders = Array.from({ length: 10 }, () => newSecret());
  for (const [index, session] of senders.entries()) await hello(house, `n${index}`, "lobby", session);
  // The notices that these people came, out of the way.
  let { last: after } = house.hub.session(reader)?.room.log ?? { last: 0 };
  for (; after < 3; after = house.hub.session(reader)?.room.log.last ?? 0) await settled(house);
  const [first, second] = [gate(), gate()];
  store.gate = first.closed;
  const parked = ask(house, "GET", `/poll?after=${after}`, { session: reader });
  const posts = senders.map((session, index) =>
    ask(house, "POST", "/poll?seq=1", { session, body: Array.from({ length: 60 }, () => encodeChat(`n${index}`, "x".repeat(990))) }),
  );
  while (house.hub.backlog.operations < 600) await settled(house);
  // The first commit has what came first, the second one all the rest, and the poll is there for it again.
  store.gate = second.closed;
  first.open();
  let answer = await parked;
  const again = ask(house, "GET", `/poll?after=${answer.headers["palabre-offset"]}`, { session: reader });
  await settled(house);
  store.gate = undefined;
  second.open();
  for (const { status } of await Promise.all(posts)) expect(status).toBe(200);
  let heard = answer.told.filter(({ type }) => type === "chat").length;
  answer = await again;
  for (;;) {
    expect(answer.octets.length).toBeLessThanOrEqual(256 * 1024);
    heard += answer.told.filter(({ type }) => type === "chat").length;
    after = Number(answer.headers["palabre-offset"]);
    if (heard === 600) break;
    answer = await ask(house, "GET", `/poll?after=${after}`, { session: reader });
  }
});
