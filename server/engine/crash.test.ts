import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RoomName } from "../../shared/room-name.ts";
import { systemClock } from "../clock.ts";
import { type Bundle, bundle, run } from "../testing/bundled-child.ts";
import type { Acknowledged } from "../testing/engine-child.ts";
import { idOf, readAll, texts } from "../testing/engine-samples.ts";
import { DataDirectory } from "./data-directory.ts";
import { openDiskStore } from "./disk-store.ts";
import { EmbeddedEngine } from "./embedded.ts";
import type { Engine } from "./engine.ts";

const log = { warn() {}, error() {} };
const KILLS = 6;

let child: Bundle;
beforeAll(async () => {
  child = await bundle("engine-child");
});
afterAll(() => child.remove());

describe.each(["disk", "process"] as const)("the embedded engine, durability %s,", (durability) => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "palabre-crash-"));
  });
  afterEach(() => rm(path, { recursive: true }));

  async function open(): Promise<Engine> {
    const store = await openDiskStore(await DataDirectory.open(path), { durability, log });
    return EmbeddedEngine.start({ store, clock: systemClock, history: { packets: 1_000_000, days: 30 }, log });
  }

  /** All that was acknowledged is where it was said to be; nothing is there twice; a session's count is what it has in the log. */
  async function check(acknowledged: readonly Acknowledged[]): Promise<void> {
    const engine = await open();
    const logs = new Map<string, string[]>();
    for (const room of ["lobby", "den"] as RoomName[]) {
      const packets = await readAll(engine, room); // fails where an offset is missing
      logs.set(room, ["", ...texts(packets.values())]);
      expect((await engine.open(room)).last).toBe(packets.size);
    }
    for (const { room, texts, offsets } of acknowledged)
      expect(offsets.map((offset) => logs.get(room)?.[offset])).toEqual(texts.map((text) => text));
    for (const [index, who] of ["ann", "bob", "cid", "dee"].entries()) {
      const said = logs.get(index % 2 === 0 ? "lobby" : "den")?.filter((text) => text.startsWith(`${who} `)) ?? [];
      const seq = (await engine.find(idOf(who)))?.seq ?? 0;
      expect(said.map((text) => text.trimEnd())).toEqual(Array.from({ length: seq }, (_, number) => `${who} ${number + 1}`));
    }
    await engine.close();
  }

  it(`[L7, S16] was killed ${KILLS} times while it was committing: it has all that it acknowledged, once, without a gap`, async () => {
    const acknowledged: Acknowledged[] = [];
    for (let kill = 1; kill <= KILLS; kill++) {
      const { said, kill: end, ended } = run(child, ["speak", path, durability]);
      const enough = acknowledged.length + 50 * kill + 7;
      for (let line = await said.next(); !line.done; line = await said.next()) {
        acknowledged.push(line.value as Acknowledged);
        if (acknowledged.length === enough) end("SIGKILL");
      }
      expect(await ended).toBe("SIGKILL");
      expect(acknowledged.length).toBeGreaterThanOrEqual(enough);
      await check(acknowledged);
    }
  }, 60_000);

  const limits = spawnSync("prlimit", ["--version"]).status === 0;
  // A limit on the size of files stands for a full disk: the writes fail in the same place. It needs no rights, but Linux.
  it.skipIf(!limits)(
    "[L7] meets a full disk (where there is prlimit to make one): what cannot be kept is refused whole, and it goes on when there is room",
    async () => {
      const { acknowledged, report, lines, status, complaints } = await fill();
      expect(status, complaints).toBe(0);
      // LMDB itself met no full disk: it says so there, and does not survive it every time.
      expect(complaints).toBe("");
      const sentence = expect.stringMatching(
        /^EngineError: .*(EFBIG|octets could be written).*\. \S.* as soon as it can be written again.*/s,
      );
      expect(report).toEqual({
        failure: sentence,
        again: Array.from({ length: 50 }, () => sentence),
        last: expect.any(Number),
        seq: report?.expected,
        expected: report?.expected,
      });
      expect(report?.expected).toBeGreaterThan(100);
      expect(lines).toContainEqual({ welcomed: "welcomed" });
      expect(lines.at(-1)).toEqual({ closed: true });
      expect(acknowledged.reduce((sum, { texts }) => sum + texts.length, 0)).toBe((report?.expected as number) + 100);
      await check(acknowledged);
    },
    60_000,
  );

  it.skipIf(!limits)(
    "[L7] is killed while the disk is full (where there is prlimit): it has all that it acknowledged",
    async () => {
      const { acknowledged, report, status } = await fill("die");
      expect(status).toBe("SIGKILL");
      expect(acknowledged.reduce((sum, { texts }) => sum + texts.length, 0)).toBe(report?.expected);
      await check(acknowledged);
    },
    60_000,
  );

  async function fill(then = "") {
    const { said, ended, complaints } = run(child, ["fill", path, durability, then], { prefix: ["prlimit", "--fsize=1500000:unlimited"] });
    const lines: Record<string, unknown>[] = [];
    for (let line = await said.next(); !line.done; line = await said.next()) lines.push(line.value as Record<string, unknown>);
    const acknowledged = lines.filter((line) => "offsets" in line) as unknown as Acknowledged[];
    return { acknowledged, report: lines.find((line) => "failure" in line), lines, status: await ended, complaints: complaints() };
  }
});
