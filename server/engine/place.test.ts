import { chmod, cp, mkdir, mkdtemp, open, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { LOBBY } from "../testing/engine-samples.ts";
import { DataDirectory } from "./data-directory.ts";
import { LmdbStore } from "./lmdb-store.ts";
import { flushDirectory, Place } from "./place.ts";
import { PlaceError } from "./store.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "palabre-place-"));
  path = join(folder, "data");
});
afterEach(() => rm(folder, { recursive: true }));

describe("a place", () => {
  it("holds while the path leads to that same file, whatever is written to it", async () => {
    const file = join(folder, "file");
    await writeFile(file, "one");
    const place = new Place(file);
    expect(place.holds).toBe(true);
    await writeFile(file, "two");
    expect(place.holds).toBe(true);
    await rename(file, `${file}-elsewhere`);
    expect(place.holds).toBe(false);
    await writeFile(file, "two");
    expect(place.holds).toBe(false);
    await rename(`${file}-elsewhere`, file);
    expect(place.holds).toBe(true);
  });

  it("does not hold for a new file that takes over the name while the old one is open", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const opened = await open(file);
    const place = new Place(file);
    for (let round = 0; round < 20; round++) {
      await rm(file);
      await writeFile(file, "");
      expect(place.holds).toBe(false);
    }
    await opened.close();
  });

  it("does not hold where the way to it is closed, or is no way any more", async () => {
    await mkdir(path);
    await writeFile(join(path, "file"), "");
    const place = new Place(join(path, "file"));
    await rename(path, `${path}-elsewhere`);
    await writeFile(path, "");
    expect(place.holds).toBe(false);
    expect(() => new Place(join(path, "file"))).toThrow();
  });
});

describe("a store whose files", () => {
  const write = (store: LmdbStore) =>
    store.write({
      number: store.number + 1,
      sessions: new Map(),
      logs: new Map([[LOBBY, { log: "l", first: 1, last: 0, at: 0 }]]),
      chunks: [],
    });

  it.each([
    ["are moved away", () => rename(path, `${path}-old`), () => rename(`${path}-old`, path)],
    [
      "are moved away, and others put in their place",
      async () => {
        await rename(path, `${path}-old`);
        await cp(`${path}-old`, path, { recursive: true });
      },
      async () => {
        await rm(path, { recursive: true });
        await rename(`${path}-old`, path);
      },
    ],
    [
      "are moved away, the lock alone",
      () => rename(join(path, "lock"), join(folder, "lock")),
      () => rename(join(folder, "lock"), join(path, "lock")),
    ],
  ])("[L7] %s writes nothing until they are back", async (_, away, back) => {
    const store = await LmdbStore.open(await DataDirectory.open(path), systemClock);
    await write(store);
    await away();
    const refusal = "is not where it was, so nothing can be kept";
    await expect(write(store)).rejects.toThrow(refusal);
    await expect(store.probe()).rejects.toThrow(PlaceError);
    expect(() => store.look()).toThrow(PlaceError);
    expect(store.number).toBe(1);
    await back();
    expect(() => store.look()).not.toThrow();
    await store.probe();
    await write(store);
    expect(store.number).toBe(2);
    await store.close();
  });
});

describe("names that are flushed", () => {
  it("are so where the directory can be read, and it is no trouble where it cannot", async () => {
    await mkdir(path);
    flushDirectory(path);
    await chmod(path, 0o300);
    flushDirectory(path);
    expect(() => flushDirectory(join(folder, "nowhere"))).toThrow("ENOENT");
  });
});
