import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../server/clock.ts";
import { DataDirectory } from "../server/engine/data-directory.ts";
import { openDiskStore } from "../server/engine/disk-store.ts";
import { EmbeddedEngine } from "../server/engine/embedded.ts";
import type { Engine, Operation, SessionId } from "../server/engine/engine.ts";
import { nicknameKey } from "../shared/nickname.ts";
import { encodeChat } from "../shared/packet.ts";
import type { RoomName } from "../shared/room-name.ts";

const SENDERS = 100;
const FOR_MS = 2000;
const ROOM = "bench" as RoomName;
export const SILENT = { warn: () => {}, error: () => {} };
export const HISTORY = { packets: 10_000, days: 30 };

/** An engine to be measured, and how to be rid of it. */
export type Measured = { readonly engine: Engine; dispose(): Promise<void> };
export type Rate = { readonly perSecond: number; readonly medianMs: number };

export async function onDisk(durability: "disk" | "process"): Promise<Measured> {
  const path = mkdtempSync(join(tmpdir(), "palabre-bench-"));
  const store = await openDiskStore(await DataDirectory.open(path), { durability, clock: systemClock, log: SILENT });
  const engine = await EmbeddedEngine.start({ store, clock: systemClock, history: HISTORY, log: SILENT });
  return {
    engine,
    async dispose() {
      await engine.close();
      rmSync(path, { recursive: true });
    },
  };
}

/** Commits of `batch` chat packets each, one after the other, for two seconds: how many a second, and the median time of one. */
export async function commits(open: () => Promise<Measured>, batch: number): Promise<Rate> {
  const { engine, dispose } = await open();
  const senders = Array.from({ length: SENDERS }, (_, index) => ({ session: `sender-${index}` as SessionId, seq: 0, nick: `n${index}` }));
  await engine.commit(
    ROOM,
    senders.map(({ session, nick }) => helloOf(session, nick)),
  );
  const packet = encodeChat("n0", "x".repeat(50));
  let next = 0;
  const rate = await repeated(() => {
    const operations = Array.from({ length: batch }, (): Operation => {
      const sender = senders[next++ % SENDERS] as (typeof senders)[number];
      return { kind: "chat", session: sender.session, turn: 1, seq: ++sender.seq, packet };
    });
    return engine.commit(ROOM, operations);
  });
  await dispose();
  return rate;
}

/** The same for people who come, `batch` at once. */
export async function joins(open: () => Promise<Measured>, batch: number): Promise<Rate> {
  const { engine, dispose } = await open();
  let next = 0;
  const rate = await repeated(() => {
    const names = Array.from({ length: batch }, () => `n${next++}`);
    return engine.commit(
      ROOM,
      names.map((name) => helloOf(name as SessionId, name)),
    );
  });
  await dispose();
  return rate;
}

async function repeated(run: () => Promise<unknown>): Promise<Rate> {
  const times: number[] = [];
  for (const startedMs = performance.now(); performance.now() - startedMs < FOR_MS; ) {
    const beforeMs = performance.now();
    await run();
    times.push(performance.now() - beforeMs);
  }
  times.sort((a, b) => a - b);
  return { perSecond: Math.round((times.length * 1000) / FOR_MS), medianMs: times[times.length >> 1] as number };
}

function helloOf(session: SessionId, nick: string): Operation {
  return { kind: "hello", session, nick, key: nicknameKey(nick), maxHeld: 10_000_000, graceMs: 60_000 };
}
