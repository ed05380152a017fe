import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { decode, encodeChat, encodeService, type Packet } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import { EmbeddedEngine } from "../engine/embedded.ts";
import { MemoryStore } from "../engine/memory-store.ts";
import { openBareHub } from "../testing/bare-hub.ts";
import { Hearer } from "../testing/hearer.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { gate, TriedStore } from "../testing/tried-store.ts";
import { Conversation } from "./conversation.ts";
import type { Hub } from "./hub.ts";

const LOBBY = "lobby" as RoomName;
const secret = (nick: string) => nick.padStart(22, "s");

async function openTriedHub(clock = new ManualClock()) {
  const store = new TriedStore(new MemoryStore());
  const log = pino({ level: "silent" });
  const engine = await EmbeddedEngine.start({ store, clock, history: { packets: 1000, days: 30 }, log });
  const { hub } = await openBareHub({}, { engine, clock });
  return { hub, engine, store, clock };
}

/** Somebody on a stream of their own. */
class Guest {
  readonly hearer = new Hearer();
  readonly nick: string;
  readonly #conversation: Conversation;

  constructor(hub: Hub, nick: string) {
    this.nick = nick;
    this.#conversation = new Conversation(hub, this.hearer, "192.0.2.1");
    this.hearer.onClose = () => this.#conversation.closed();
  }

  tells(octets: Uint8Array): void {
    this.#conversation.receive(octets, true);
  }

  comes(): void {
    this.tells(encodeService({ type: "hello", session: secret(this.nick), nick: this.nick }));
  }

  says(text: string): void {
    this.tells(encodeChat(this.nick, text));
  }

  /** The fields of the packets of a type that it was told. */
  told(type: string): Record<string, unknown>[] {
    return this.hearer.packets.flatMap((packet) => (packet.kind === "service" && packet.type === type ? [packet.fields] : []));
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function line(packet: Packet): string {
  return packet.kind === "chat" ? `${packet.nick}: ${packet.message}` : `${packet.type} ${packet.fields.nicks ?? ""}`.trim();
}

describe("while nothing can be kept", () => {
  it("[L7] [S44] nothing is acknowledged or shown, whoever spoke is told internal, and said again it is there once", async () => {
    const { hub, engine, store } = await openTriedHub();
    const [ana, bo] = [new Guest(hub, "ana"), new Guest(hub, "bo")];
    ana.comes();
    bo.comes();
    await settle();
    store.failure = new Error("no space left on device");
    ana.says("lost?");
    await settle();
    expect(hub.well).toBe(false);
    expect(ana.told("ack")).toEqual([]);
    expect(ana.hearer.ending).toMatchObject({ code: "internal" });
    expect(bo.hearer.ending).toBeUndefined();
    store.failure = undefined;
    const again = new Guest(hub, "ana");
    again.comes();
    await settle();
    expect(again.told("welcome")).toMatchObject([{ resumed: true, seq: 0 }]);
    again.says("lost?");
    await settle();
    expect(again.told("ack")).toHaveLength(1);
    const log = (await engine.read(LOBBY, 0, 1e6)).flatMap(({ octets }) => decode(octets).packets.map(line));
    expect(log.filter((said) => said === "ana: lost?")).toHaveLength(1);
    expect(bo.hearer.packets.map(line)).toContain("ana: lost?");
  });

  it("[S6] a takeover that fails ends both streams: neither counts what the other said", async () => {
    const { hub, store } = await openTriedHub();
    const old = new Guest(hub, "ana");
    old.comes();
    await settle();
    old.says("one");
    await settle();
    const { closed, open } = gate();
    store.gate = closed;
    store.failure = new Error("input/output error");
    const next = new Guest(hub, "ana");
    next.comes();
    await settle();
    old.says("two");
    open();
    await settle();
    store.failure = undefined;
    old.says("three");
    await settle();
    expect(old.told("ack")).toMatchObject([{ seq: 1 }]);
    expect(old.hearer.ending).toMatchObject({ code: "internal" });
    expect(next.hearer.ending).toMatchObject({ code: "internal" });
  });

  it("[L8] whose joined could not be kept is announced all the same before they speak", async () => {
    const { hub, engine, store, clock } = await openTriedHub();
    const bo = new Guest(hub, "bo");
    bo.comes();
    // The hello is kept; the announcement after it is not, at first.
    const write = store.write.bind(store);
    let failed = 0;
    const { closed, open } = gate();
    store.write = async (transaction) => {
      if (transaction.chunks.length === 0 || failed > 0) return write(transaction);
      failed++;
      await closed;
      throw new Error("no space left on device");
    };
    await settle();
    expect(failed).toBe(1);
    bo.says("hi");
    open();
    await settle();
    clock.advance(1000);
    await settle();
    const log = (await engine.read(LOBBY, 0, 1e6)).flatMap(({ octets }) => decode(octets).packets.map(line));
    expect(log.filter((said) => said !== "clock")).toEqual(["joined bo", "bo: hi"]);
  });
});

describe("time", () => {
  it("[L8] a timer that is early by a part of a millisecond leaves no coming unsaid", async () => {
    class HastyClock extends ManualClock {
      override after(delayMs: number, run: () => void): () => void {
        return super.after(Math.max(0, delayMs - 0.4), run);
      }
    }
    const { hub, clock } = await openTriedHub(new HastyClock());
    const ana = new Guest(hub, "ana");
    ana.comes();
    await settle();
    clock.advance(100);
    new Guest(hub, "bo").comes();
    await settle();
    expect(ana.told("joined")).toEqual([{ type: "joined", nicks: ["ana"] }]);
    clock.advance(149.8);
    await settle();
    clock.advance(1000);
    await settle();
    expect(ana.told("joined")).toContainEqual({ type: "joined", nicks: ["bo"] });
  });
});

describe("a replay", () => {
  it("[L6] [S8] that comes back from the disk after another hello asked from elsewhere is not taken for that one's: no gap is told that is none", async () => {
    const { hub, store } = await openTriedHub();
    const ana = new Guest(hub, "ana");
    ana.comes();
    await settle();
    // More than a room keeps in memory, so that older packets are read from the store.
    for (let number = 0; number < 600; number++) {
      ana.says("x".repeat(900));
      if (number % 50 === 49) await settle();
    }
    const log = ana.told("welcome")[0]?.log;
    const bo = new Guest(hub, "bo");
    const hello = (offset: number) => bo.tells(encodeService({ type: "hello", session: secret("bo"), nick: "bo", log, offset }));
    const read = store.read.bind(store);
    const { closed, open } = gate();
    let reads = 0;
    // The first read finds the time for the welcome; the second is the replay.
    store.read = async (...asked) => {
      if (++reads === 2) await closed;
      return read(...asked);
    };
    hello(200);
    await settle();
    expect(reads).toBe(2);
    hello(0);
    await settle();
    open();
    for (let time = 0; time < 20; time++) await settle();
    expect(bo.told("welcome")).toMatchObject([{ offset: 200 }, { offset: 0 }]);
    expect(bo.told("gap")).toEqual([]);
    expect(bo.hearer.packets.filter(({ kind }) => kind === "chat").length).toBeGreaterThanOrEqual(600);
  });
});
