import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../testing/manual-clock.ts";
import { DataDirectory } from "./data-directory.ts";
import { openDiskStore } from "./disk-store.ts";
import { EmbeddedEngine } from "./embedded.ts";
import { type EngineMaker, engineContract } from "./engine.contract.ts";
import { MemoryStore } from "./memory-store.ts";

const log = { warn() {}, error() {} };

engineContract("in memory", {
  lasting: false,
  async start(history) {
    const clock = new ManualClock();
    const engine = await EmbeddedEngine.start({ store: new MemoryStore(), clock, history, log });
    return { engine, clock, dispose: () => engine.close() };
  },
});

function onDisk(durability: "disk" | "process"): EngineMaker {
  return {
    lasting: true,
    async start(history) {
      const path = await mkdtemp(join(tmpdir(), "palabre-engine-"));
      const clock = new ManualClock();
      const open = async () => {
        const store = await openDiskStore(await DataDirectory.open(path), { durability, log });
        return EmbeddedEngine.start({ store, clock, history, log });
      };
      let engine = await open();
      return {
        engine,
        clock,
        async reopen() {
          await engine.close();
          engine = await open();
          return engine;
        },
        async dispose() {
          await engine.close();
          await rm(path, { recursive: true });
        },
      };
    },
  };
}

engineContract("on disk", onDisk("disk"));
engineContract("on disk, flushed later", onDisk("process"));
