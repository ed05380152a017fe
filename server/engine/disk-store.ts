import { join } from "node:path";
import { type Clock, systemClock } from "../clock.ts";
import type { DataDirectory } from "./data-directory.ts";
import { EngineError } from "./engine.ts";
import { Journal } from "./journal.ts";
import { JournaledStore, replay } from "./journaled-store.ts";
import { LmdbStore } from "./lmdb-store.ts";
import type { Store } from "./store.ts";

export type DiskStoreOptions = {
  /** When a write is kept: flushed to disk, or safe from a crash of this process. */
  readonly durability: "disk" | "process";
  readonly log: { error(fields: object, message: string): void };
  readonly clock?: Clock;
};

/** What is kept in a data directory. It has the directory from now on, and closes it with itself. Rejects with EngineError. */
export async function openDiskStore(directory: DataDirectory, { durability, log, clock = systemClock }: DiskStoreOptions): Promise<Store> {
  const store = await LmdbStore.open(directory, clock);
  try {
    // Also where nothing is to be written into it: the last run may have been another one.
    const journal = await Journal.open(join(directory.path, "journal"));
    directory.flush();
    await replay(journal, store);
    if (durability === "process") return new JournaledStore(store, journal, { clock, log });
    await journal.close();
    return store;
  } catch (cause) {
    await store.close();
    if (cause instanceof EngineError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(`The journal in ${directory.path} could not be read (${why}). Mend that, and start again.`, { cause });
  }
}
