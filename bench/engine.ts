import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../server/clock.ts";
import { DataDirectory } from "../server/engine/data-directory.ts";
import { openDiskStore } from "../server/engine/disk-store.ts";
import { EmbeddedEngine } from "../server/engine/embedded.ts";
import type { Operation, SessionId } from "../server/engine/engine.ts";
import { nicknameKey } from "../shared/nickname.ts";
import { encodeChat } from "../shared/packet.ts";
import type { RoomName } from "../shared/room-name.ts";

const SENDERS = 100;
const FOR_MS = 2000;
const ROOM = "bench" as RoomName;

/** Commits of `batch` chat packets each, one after the other, for two seconds: how many a second, and the median time of one. */
export async function commits(durability: "disk" | "process", batch: number): Promise<{ perSecond: number; medianMs: number }> {
  const path = mkdtempSync(join(tmpdir(), "palabre-bench-"));
  const log = { warn: () => {}, error: () => {} };
  const store = await openDiskStore(await DataDirectory.open(path), { durability, clock: systemClock, log });
  const engine = await EmbeddedEngine.start({ store, clock: systemClock, history: { packets: 10_000, days: 30 }, log });
  const senders = Array.from({ length: SENDERS }, (_, index) => ({ session: `sender-${index}` as SessionId, seq: 0, nick: `n${index}` }));
  await engine.commit(
    ROOM,
    senders.map(({ session, nick }) => ({ kind: "hello", session, nick, key: nicknameKey(nick), maxHeld: SENDERS, graceMs: 60_000 })),
  );
  const packet = encodeChat("n0", "x".repeat(50));
  const times: number[] = [];
  let next = 0;
  for (const startedMs = performance.now(); performance.now() - startedMs < FOR_MS; ) {
    const operations = Array.from({ length: batch }, (): Operation => {
      const sender = senders[next++ % SENDERS] as (typeof senders)[number];
      return { kind: "chat", session: sender.session, turn: 1, seq: ++sender.seq, packet };
    });
    const beforeMs = performance.now();
    await engine.commit(ROOM, operations);
    times.push(performance.now() - beforeMs);
  }
  await engine.close();
  rmSync(path, { recursive: true });
  times.sort((a, b) => a - b);
  return { perSecond: Math.round((times.length * 1000) / FOR_MS), medianMs: times[times.length >> 1] as number };
}
