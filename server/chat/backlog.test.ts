import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { decode, encodeChat, encodeService } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import { EmbeddedEngine } from "../engine/embedded.ts";
import { MemoryStore } from "../engine/memory-store.ts";
import { openBareHub } from "../testing/bare-hub.ts";
import { Hearer } from "../testing/hearer.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { gate, TriedStore } from "../testing/tried-store.ts";
import { Conversation } from "./conversation.ts";

/** Enough rooms that what everybody hears stays little; what waits is counted over all of them. */
const ROOMS = Array.from({ length: 30 }, (_, index) => `room-${index}` as RoomName);
const SENDERS = 300;
const MESSAGES = 200;
const MAX_WAITING = 16_384;

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Many senders in a room whose disk takes as long as the test wants. */
async function open() {
  const clock = new ManualClock();
  const store = new TriedStore(new MemoryStore());
  const log = pino({ level: "silent" });
  const engine = await EmbeddedEngine.start({ store, clock, history: { packets: 100_000, days: 30 }, log });
  const { hub } = await openBareHub({ maxClients: 1000 }, { engine, clock });
  const senders = Array.from({ length: SENDERS }, (_, index) => {
    const hearer = new Hearer();
    const conversation = new Conversation(hub, hearer, "192.0.2.1");
    hearer.onClose = () => conversation.closed();
    const nick = `n${index}`;
    const room = ROOMS[index % ROOMS.length];
    conversation.receive(encodeService({ type: "hello", session: nick.padEnd(22, "s"), nick, room }), true);
    return { hearer, conversation, nick };
  });
  await settle();
  return { clock, store, engine, hub, senders };
}

const isPaused = ({ hearer }: { hearer: Hearer }) => hearer.paused;

type Open = Awaited<ReturnType<typeof open>>;

/** Everybody says all but the last, in one go; and then, when more waits than may, the last. */
function saysAll({ senders }: Open): void {
  for (const { conversation, nick } of senders) {
    const packets = Array.from({ length: MESSAGES - 1 }, (_, index) => encodeChat(nick, `${nick} ${index}`));
    conversation.receive(Buffer.concat(packets), true);
  }
  for (const { conversation, nick } of senders) conversation.receive(encodeChat(nick, `${nick} last`), true);
}

async function saidInLogs({ engine }: Open): Promise<string[]> {
  const said: string[] = [];
  for (const room of ROOMS) {
    for (const { octets } of await engine.read(room, 0, 1e9)) {
      for (const packet of decode(octets).packets) if (packet.kind === "chat") said.push(packet.message);
    }
  }
  return said;
}

function answers({ hearer }: Open["senders"][number]) {
  const fields = hearer.packets.flatMap((packet) => (packet.kind === "service" ? [packet.fields] : []));
  const refused = fields.filter(({ type }) => type === "refused");
  const acked = Math.max(0, ...fields.filter(({ type }) => type === "ack").map(({ seq }) => Number(seq)));
  return { refused, acked };
}

describe("an engine that is slower than the senders", () => {
  it("[X5] has only so much waiting for it: streams are read no further, and all that they sent comes when it goes on", async () => {
    const room = await open();
    const { closed, open: letGo } = gate();
    room.store.gate = closed;
    saysAll(room);
    await settle();
    expect(room.hub.backlog.operations).toBeGreaterThanOrEqual(MAX_WAITING);
    expect(room.hub.backlog.operations).toBeLessThanOrEqual(MAX_WAITING + SENDERS);
    expect(room.senders.filter(isPaused)).toHaveLength(SENDERS);
    letGo();
    await settle();
    while (room.hub.backlog.operations > 0) await settle();
    const said = await saidInLogs(room);
    expect(said).toHaveLength(SENDERS * MESSAGES);
    expect(new Set(said).size).toBe(SENDERS * MESSAGES);
    for (const sender of room.senders) expect(answers(sender)).toEqual({ refused: [], acked: MESSAGES });
    expect(room.senders.filter(isPaused)).toHaveLength(0);
  });

  it("[S22] tells who speaks up meanwhile `rate-limited`, and when to come back; said again then it is taken, in order", async () => {
    const room = await open();
    const { closed, open: letGo } = gate();
    room.store.gate = closed;
    const late = room.senders.pop() as Open["senders"][number];
    saysAll(room);
    await settle();
    expect(room.hub.backlog.full).toBe(true);
    room.clock.advance(1000);
    late.conversation.receive(Buffer.concat([1, 2, 3].map((index) => encodeChat(late.nick, `late ${index}`))), true);
    await settle();
    expect(late.hearer.paused).toBe(true);
    letGo();
    while (room.hub.backlog.operations > 0) await settle();
    const refused = answers(late).refused.map(({ seq, code, retryAfter }) => ({ seq, code, retryAfter }));
    expect(refused).toEqual([1, 2, 3].map((seq) => ({ seq, code: "rate-limited", retryAfter: 2000 })));
    room.clock.advance(2000);
    late.conversation.receive(Buffer.concat([1, 2, 3].map((index) => encodeChat(late.nick, `late ${index}`))), true);
    while (room.hub.backlog.operations > 0) await settle();
    const said = await saidInLogs(room);
    expect(said.filter((text) => text.startsWith("late"))).toEqual(["late 1", "late 2", "late 3"]);
    expect(answers(late).acked).toBe(6);
  });

  it("[S32] does not count the silence of who is held back", async () => {
    const room = await open();
    const { closed, open: letGo } = gate();
    room.store.gate = closed;
    saysAll(room);
    await settle();
    room.clock.advance(120_000);
    await settle();
    expect(room.senders.filter(({ hearer }) => hearer.closed)).toEqual([]);
    letGo();
    while (room.hub.backlog.operations > 0) await settle();
    expect(new Set(await saidInLogs(room)).size).toBe(SENDERS * MESSAGES);
    room.clock.advance(60_000);
    await settle();
    expect(room.senders.filter(({ hearer }) => !hearer.closed)).toEqual([]);
  });
});
