import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { decode, encodeChat, encodeService, type Packet } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import { isRoomPacket } from "../../shared/service.ts";
import { openBareHub } from "../testing/bare-hub.ts";
import { type BusyEngine, busyEngine } from "../testing/busy-engine.ts";
import { freshEngine } from "../testing/fresh-engine.ts";
import { Hearer } from "../testing/hearer.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Conversation } from "./conversation.ts";
import type { Hub } from "./hub.ts";

const LOBBY = "lobby" as RoomName;

/** A client by the book: counts offsets, numbers what it says, and says `hello` with what it knows. */
class Client {
  readonly #hub: Hub;
  readonly #secret: string;
  readonly nick: string;
  /** What it knows of the log: the packet at offset N stands at N - 1. Holes are what a replay began after, or a gap. */
  readonly log: (string | undefined)[] = [];
  readonly accepted = new Map<number, string>();
  readonly refused = new Set<string>();
  #identity: string | undefined;
  #offset = 0;
  #hearer: Hearer | undefined;
  #conversation: Conversation | undefined;
  #read = 0;
  #nextSeq = 1;
  #unanswered = new Map<number, string>();
  #knownSeq = 0;
  #said = 0;
  /** How many of its `hello` on this link are not answered yet: until they are it says nothing, as its numbers are not known. */
  #hellos = 0;
  roster = new Set<string>();

  constructor(hub: Hub, index: number) {
    this.#hub = hub;
    this.#secret = `${index}`.padStart(22, "s");
    this.nick = `n${index}`;
  }

  get connected(): boolean {
    return this.#hearer !== undefined && !this.#hearer.closed;
  }

  comes(pieceOctets: number): void {
    const known = this.#identity === undefined ? {} : { log: this.#identity, offset: this.#offset, seq: this.#knownSeq };
    if (!this.connected) {
      this.#hearer = new Hearer(pieceOctets);
      this.#read = 0;
      this.#hellos = 0;
      const conversation = new Conversation(this.#hub, this.#hearer, "192.0.2.1");
      this.#hearer.onClose = () => conversation.closed();
      this.#conversation = conversation;
    }
    this.#hellos++;
    this.#tell(encodeService({ type: "hello", session: this.#secret, nick: this.nick, history: 500, ...known }));
  }

  says(): void {
    this.#listen();
    if (!this.connected || this.#hellos > 0) return;
    const text = `${this.nick} ${this.#said++}`;
    this.#unanswered.set(this.#nextSeq++, text);
    this.#tell(encodeChat(this.nick, text));
  }

  /** The link is cut: what was written and not yet read is lost. */
  cuts(losesOctets: boolean): void {
    if (!losesOctets) this.#listen();
    this.#hearer?.close({ code: "left" });
    this.#conversation = undefined;
    this.#hearer = undefined;
  }

  leaves(): void {
    if (this.connected) this.#tell(encodeService({ type: "leave" }));
  }

  answersPing(): void {
    this.#tell(encodeService({ type: "pong" }));
  }

  stalls(): void {
    this.#hearer?.block();
  }

  readsOn(): void {
    this.#hearer?.unblock();
    this.#listen();
  }

  #tell(octets: Uint8Array): void {
    this.#conversation?.receive(octets, true);
  }

  #listen(): void {
    const { packets } = this.#hearer ?? { packets: [] };
    for (; this.#read < packets.length; this.#read++) this.#hear(packets[this.#read] as Packet);
  }

  #hear(packet: Packet): void {
    if (isRoomPacket(packet)) {
      const line = new TextDecoder().decode(packet.octets);
      const known = this.log[this.#offset];
      if (known !== undefined) expect(line).toBe(known);
      this.log[this.#offset++] = line;
      if (packet.kind === "service" && packet.type === "joined") for (const nick of packet.fields.nicks as string[]) this.roster.add(nick);
      if (packet.kind === "service" && packet.type === "left") for (const nick of packet.fields.nicks as string[]) this.roster.delete(nick);
      return;
    }
    if (packet.kind === "chat") return;
    const fields = packet.fields as { seq: number; offset: number; log: string; to: number; nicks: string[] };
    switch (packet.type) {
      case "welcome":
        this.#hellos--;
        this.#offset = fields.offset;
        this.#identity = fields.log;
        for (const [seq, text] of this.#unanswered) if (seq <= fields.seq) this.accepted.set(seq, text);
        this.#unanswered.clear();
        this.#nextSeq = fields.seq + 1;
        break;
      case "ack":
        for (const [seq, text] of this.#unanswered) {
          if (seq > fields.seq) continue;
          this.accepted.set(seq, text);
          this.#unanswered.delete(seq);
        }
        this.#knownSeq = fields.seq;
        break;
      case "roster":
        this.roster = new Set(fields.nicks);
        break;
      case "gap":
        this.#offset = fields.to;
        break;
    }
  }
}

type Step = {
  who: number;
  what: "returns" | "again" | "says" | "says3" | "cuts" | "loses" | "leaves" | "stalls" | "reads" | "waits";
  ms: number;
  turn: boolean;
};
const steps = fc.array(
  fc.record<Step>({
    who: fc.nat(3),
    what: fc.constantFrom(
      "returns",
      "returns",
      "says",
      "says",
      "says3",
      "says3",
      "reads",
      "cuts",
      "loses",
      "stalls",
      "leaves",
      "again",
      "waits",
    ),
    ms: fc.constantFrom(1, 100, 300, 2000, 30_000, 70_000),
    turn: fc.boolean(),
  }),
  { minLength: 20, maxLength: 100 },
);

/** Lets the event loop turn until all that was asked is done, and what comes of it. */
async function settled({ busy }: BusyEngine): Promise<void> {
  for (let turn = 0; turn < 12; turn = busy() ? 0 : turn + 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass, in which the observer goes on answering. */
function pass(clock: ManualClock, observer: Client, ms: number): void {
  for (let left = ms; left > 0; left -= 20_000) {
    clock.advance(Math.min(left, 20_000));
    observer.answersPing();
  }
}

async function play(script: readonly Step[], historyPackets: number): Promise<void> {
  const clock = new ManualClock();
  const silent = pino({ level: "silent" });
  const watched = busyEngine(await freshEngine({ clock, log: silent, history: { packets: historyPackets, days: 30 } }));
  const { engine } = watched;
  const { hub } = await openBareHub({}, { clock, engine });
  const settle = () => settled(watched);
  const clients = [0, 1, 2, 3].map((index) => new Client(hub, index));
  const observer = new Client(hub, 9);
  for (const client of [...clients, observer]) client.comes(client === clients[0] ? 100 : 64 * 1024);
  await settle();
  for (const { who, what, ms, turn } of script) {
    const client = clients[who] as Client;
    if (what === "returns" && !client.connected) client.comes(who === 0 ? 100 : 64 * 1024);
    else if (what === "again" && client.connected) client.comes(0);
    else if (what === "says") client.says();
    else if (what === "says3") for (let time = 0; time < 3; time++) client.says();
    else if (what === "cuts" || what === "loses") client.cuts(what === "loses");
    else if (what === "leaves") client.leaves();
    else if (what === "stalls") client.stalls();
    else if (what === "reads") client.readsOn();
    else if (what === "waits") {
      pass(clock, observer, ms);
    }
    if (turn) await settle();
  }
  // When all who are silent have been given up, who was there all the time knows it from what was said alone.
  for (let time = 0; time < 10; time++) {
    await settle();
    pass(clock, observer, 20_000);
  }
  await settle();
  observer.readsOn();
  expect([...observer.roster]).toEqual(["n9"]);
  expect([...hub.sessions.values()].map(({ nick }) => nick)).toEqual(["n9"]);
  // In the end everybody comes back, and reads all that there is.
  for (const client of [...clients, observer]) {
    await settle();
    client.readsOn();
    client.cuts(false);
    client.comes(64 * 1024);
    await settle();
  }
  clock.advance(1000);
  await settle();
  for (const client of [...clients, observer]) client.readsOn();

  const chunks = await engine.read(LOBBY, 0, Number.POSITIVE_INFINITY);
  const first = chunks[0]?.first ?? 1;
  const log = chunks.flatMap(({ octets }) => decode(octets).packets.map((packet) => new TextDecoder().decode(packet.octets)));
  const said = new Map<string, number>();
  for (const line of log) said.set(line, (said.get(line) ?? 0) + 1);
  for (const client of [...clients, observer]) {
    // One total order, contiguous: what anyone heard at an offset is what the log has there, up to the end.
    expect(client.log.length).toBe(first - 1 + log.length);
    client.log.forEach((line, index) => {
      if (line !== undefined && index >= first - 1) expect(line).toBe(log[index - first + 1]);
    });
    if (historyPackets > 1000) {
      // Accepted: exactly once. Never more than once, whatever became of the answer.
      for (const text of client.accepted.values())
        expect(said.get(`02${String(text.length).padStart(3, "0")}${client.nick}${text}`)).toBe(1);
      for (const [line, times] of said) if (!line.startsWith("00")) expect(times).toBe(1);
    }
    expect([...client.roster].sort()).toEqual(["n0", "n1", "n2", "n3", "n9"]);
  }
  await hub.stop("test");
  await engine.close();
}

/** Each question to an engine in another process is a millisecond, and a story asks hundreds. */
const share = process.env.ENGINE === "redis" ? 0.2 : 1;

describe("a room, whatever happens", { timeout: 120_000 }, () => {
  it("[L1] [S16] [S18] everyone hears one log in one order; what was accepted is in it exactly once; rosters converge", async () => {
    await fc.assert(
      fc.asyncProperty(steps, (script) => play(script, 10_000)),
      { numRuns: 300 * share },
    );
  });

  it("[L6] the same where the log is short: what is gone is told by a gap, and nothing is heard in the wrong place", async () => {
    await fc.assert(
      fc.asyncProperty(steps, (script) => play(script, 5)),
      { numRuns: 100 * share },
    );
  });
});
