import { systemClock } from "../../server/clock.ts";
import { DataDirectory } from "../../server/engine/data-directory.ts";
import { openDiskStore } from "../../server/engine/disk-store.ts";
import { EmbeddedEngine } from "../../server/engine/embedded.ts";
import type { Engine } from "../../server/engine/engine.ts";
import { decode, encodeChat } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { Acknowledged } from "./order.ts";
import { type Durability, HISTORY_PACKETS, SPEAKERS, textOf } from "./traced-run.ts";

/** Something that is said once the power is back. */
const AFTERWARDS = encodeChat("cron", "after");
const log = { warn: () => {}, error: () => {} };

/** What a data directory keeps after a loss of power. */
export type Verdict = {
  /** What must never be. */
  readonly faults: readonly string[];
  /** Acknowledged, and gone: a fault where the durability is `disk`. */
  readonly lost: number;
};

/** Opens what a loss of power left with the real engine, and compares it with what had been acknowledged by then. */
export async function judge(directory: string, durability: Durability, acknowledged: readonly Acknowledged[]): Promise<Verdict> {
  const faults: string[] = [];
  let engine: Engine;
  try {
    const store = await openDiskStore(await DataDirectory.open(directory), { durability, log });
    engine = await EmbeddedEngine.start({ store, clock: systemClock, history: { packets: HISTORY_PACKETS, days: 30 }, log });
  } catch (cause) {
    return { faults: [`it does not open: ${(cause as Error).message}`], lost: 0 };
  }
  let lost = 0;
  try {
    const logs = new Map<string, KeptLog>();
    for (const room of new Set(SPEAKERS.map((speaker) => speaker.room))) logs.set(room, await readLog(engine, room as RoomName, faults));
    for (const { nick, room, session } of SPEAKERS) {
      const keptLog = logs.get(room) as KeptLog;
      const seq = (await engine.find(session))?.seq ?? 0;
      const promised = Math.max(0, ...acknowledged.filter((ack) => ack.nick === nick).map((ack) => ack.seq));
      lost += Math.max(0, promised - seq);
      const said = [...keptLog.chats.values()].filter((chat) => chat.nick === nick).map((chat) => chat.text);
      // A log that is trimmed has the newest of everybody's; what is there goes on without a gap, once, in order, up to `seq`.
      const first = Math.max(1, seq - said.length + 1);
      const expected = Array.from({ length: seq - first + 1 }, (_, index) => textOf(nick, first + index));
      if (expected.length !== said.length || expected.some((text, index) => text !== said[index]))
        faults.push(`${nick} dealt with ${seq}, but the log has: ${said.map((text) => text.slice(0, 8)).join(", ")}`);
      if (keptLog.first === 1 && said.length !== seq) faults.push(`${nick} dealt with ${seq}, but the whole log has ${said.length}`);
      for (const ack of acknowledged) {
        if (ack.nick !== nick || ack.offset === undefined || ack.offset < keptLog.first || ack.seq > seq) continue;
        if (keptLog.chats.get(ack.offset)?.text !== textOf(nick, ack.seq)) faults.push(`${nick} ${ack.seq} is not at ${ack.offset}`);
      }
    }
    // It goes on: what comes now is kept.
    await engine.commit("lobby" as RoomName, [{ kind: "post", packet: AFTERWARDS }]);
  } catch (cause) {
    faults.push(`it opens, and then fails: ${(cause as Error).message}`);
  } finally {
    await engine.close();
  }
  if (durability === "disk" && lost > 0) faults.push(`${lost} that were acknowledged are gone`);
  return { faults, lost };
}

type KeptLog = { readonly first: number; readonly chats: ReadonlyMap<number, { nick: string; text: string }> };

async function readLog(engine: Engine, room: RoomName, faults: string[]): Promise<KeptLog> {
  const chats = new Map<number, { nick: string; text: string }>();
  const { first, last } = await engine.open(room);
  let offset = first - 1;
  while (offset < last) {
    const chunks = await engine.read(room, offset, 1_000_000);
    if (chunks.length === 0 || (chunks[0] as { first: number }).first !== offset + 1) {
      faults.push(`${room} has nothing at ${offset + 1}, though it goes from ${first} to ${last}`);
      break;
    }
    for (const chunk of chunks) {
      const decoded = decode(chunk.octets);
      if (!decoded.ok || decoded.rest.length > 0) faults.push(`${room} has no whole packets from ${chunk.first} on`);
      for (const packet of decoded.packets) {
        offset++;
        if (packet.kind === "chat") chats.set(offset, { nick: packet.nick, text: packet.message });
      }
      if (offset !== chunk.last) faults.push(`${room} says that a chunk ends at ${chunk.last}, and it ends at ${offset}`);
    }
  }
  return { first, chats };
}
