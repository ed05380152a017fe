import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RoomName } from "../../shared/room-name.ts";
import { announce, DEN, hello, idOf, LOBBY, post, readAll, release, texts } from "../testing/engine-samples.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { DataDirectory } from "./data-directory.ts";
import { openDiskStore } from "./disk-store.ts";
import { EmbeddedEngine } from "./embedded.ts";
import { MemoryStore } from "./memory-store.ts";
import type { Store } from "./store.ts";

const log = { warn() {}, error() {} };
const MINUTE_MS = 60_000;
const LIMITS = { rooms: 3, endedSessions: 100 };

async function onDisk(durability: "disk" | "process", clock: ManualClock): Promise<Store> {
  const path = await mkdtemp(join(tmpdir(), "palabre-limits-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return openDiskStore(await DataDirectory.open(path), { durability, log, clock });
}

const stores: [string, (clock: ManualClock) => Promise<Store>][] = [
  ["in memory", async () => new MemoryStore()],
  ["on disk", (clock) => onDisk("disk", clock)],
  ["on disk, flushed later", (clock) => onDisk("process", clock)],
];

describe.each(stores)("an engine %s, with small limits", (_name, makeStore) => {
  async function open() {
    const clock = new ManualClock();
    const store = await makeStore(clock);
    const engine = await EmbeddedEngine.start({ store, clock, history: { packets: 1000, days: 30 }, log, limits: LIMITS });
    onTestFinished(() => engine.close());
    return { clock, store, engine };
  }

  it("makes only so many logs; one that is forgotten makes room", async () => {
    const { clock, engine } = await open();
    for (const room of ["one", "two", "three"] as RoomName[]) {
      expect(await engine.hasRoomFor(room)).toBe(true);
      await engine.open(room);
    }
    expect(await engine.hasRoomFor("four" as RoomName)).toBe(false);
    expect(await engine.hasRoomFor("two" as RoomName)).toBe(true);
    clock.advance(10 * MINUTE_MS);
    await engine.commit("three" as RoomName, [post("kept")]);
    await engine.tidy();
    expect(await engine.hasRoomFor("four" as RoomName)).toBe(true);
    expect(texts((await readAll(engine, "three" as RoomName)).values())).toEqual(["clock", "kept"]);
  });

  it("[S29] remembers so many sessions that ended, the newest, whether they are forgotten by the hour or in a flood", async () => {
    const { clock, engine, store } = await open();
    const comesAndGoes = (name: string) => engine.commit(LOBBY, [hello(name), release(name), announce({ left: [name], silent: true })]);
    const remembered = async () => {
      let count = 0;
      await store.visitEnded(() => count++);
      return count;
    };
    for (let index = 0; index < 400; index++) {
      clock.advance(MINUTE_MS);
      await comesAndGoes(`guest-${index}`);
      await new Promise(setImmediate);
      if (index % 50 === 0) expect(await remembered()).toBeLessThanOrEqual(LIMITS.endedSessions * 1.1 + 15);
    }
    await engine.tidy();
    expect(await remembered()).toBeLessThanOrEqual(LIMITS.endedSessions);
    expect(await remembered()).toBeGreaterThanOrEqual(LIMITS.endedSessions - 1);
    expect(await engine.find(idOf("guest-0"))).toBeUndefined();
    expect(await engine.find(idOf("guest-399"))).toMatchObject({ held: false, turn: 1 });
    expect((await engine.commit(LOBBY, [hello("guest-399")])).outcomes).toMatchObject([{ kind: "welcomed", record: { turn: 2 } }]);
    expect((await engine.commit(DEN, [hello("guest-398")])).outcomes).toMatchObject([{ kind: "refused", refusal: { code: "wrong-room" } }]);
  });
});
