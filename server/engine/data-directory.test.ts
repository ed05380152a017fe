import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Bundle, bundle, run } from "../testing/bundled-child.ts";
import { DataDirectory, DataDirectoryError, isLocked, readDescription } from "./data-directory.ts";

/** Who is not the owner of what root makes. */
const NOBODY = 65_534;

let child: Bundle;
beforeAll(async () => {
  child = await bundle("engine-child");
});
afterAll(() => child.remove());

describe("a data directory", () => {
  let base: string;
  let path: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), "palabre-directory-"));
    path = join(base, "deep", "data");
  });
  afterEach(() => rm(base, { recursive: true }));

  const inUse = (pid: number) =>
    `The data directory ${path} is in use by another Palabre (process ${pid}). Stop it first, or give this one its own DATA_DIR.`;

  it("is made where there is none, for its owner alone", async () => {
    const directory = await DataDirectory.open(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await directory.close();
    await directory.close();
  });

  it("is one opening's alone, also within a process", async () => {
    expect(await isLocked(path)).toBe(false);
    await (await DataDirectory.open(path)).close();
    const directory = await DataDirectory.open(path);
    expect(await isLocked(path)).toBe(true);
    await expect(DataDirectory.open(path)).rejects.toThrow(new DataDirectoryError(inUse(process.pid)));
    await directory.close();
    expect(await isLocked(path)).toBe(false);
    await (await DataDirectory.open(path)).close();
  });

  it("is not taken away from who opens it by those who look whether it is in use", async () => {
    await (await DataDirectory.open(path)).close();
    let looking = true;
    const look = async () => {
      while (looking) await isLocked(path);
    };
    const lookers = [look(), look()];
    for (let times = 0; times < 20; times++) await (await DataDirectory.open(path)).close();
    looking = false;
    await Promise.all(lookers);
  });

  it("tells where its server is, until it is closed", async () => {
    const directory = await DataDirectory.open(path);
    expect(await readDescription(path)).toBeUndefined();
    directory.describe({ pid: 123, url: "http://127.0.0.1:9814" });
    expect(await readDescription(path)).toEqual({ pid: 123, url: "http://127.0.0.1:9814" });
    await directory.close();
    expect(await readDescription(path)).toBeUndefined();
    await writeFile(join(path, "server.json"), '{"pid":');
    expect(await readDescription(path)).toBeUndefined();
    expect(await readDescription(join(base, "nowhere"))).toBeUndefined();
  });

  it("is another process's until that ends, however it ends", async () => {
    const holder = run(child, ["hold", path]);
    expect((await holder.said.next()).value).toEqual({ open: true });
    expect(await isLocked(path)).toBe(true);
    expect(await readDescription(path)).toEqual({ pid: holder.pid, url: "http://127.0.0.1:9814" });
    await expect(DataDirectory.open(path)).rejects.toThrow(inUse(holder.pid));
    const second = run(child, ["hold", path]);
    expect((await second.said.next()).value).toEqual({ name: "DataDirectoryError", message: inUse(holder.pid) });
    expect(await second.ended).toBe(1);
    holder.kill("SIGKILL");
    expect(await holder.ended).toBe("SIGKILL");
    expect(await isLocked(path)).toBe(false);
    // What the dead one wrote down must not lead anybody to whoever has its number now.
    const directory = await DataDirectory.open(path);
    expect(await readDescription(path)).toBeUndefined();
    await directory.close();
  });

  it("is given back in good order, too", async () => {
    const holder = run(child, ["hold", path]);
    await holder.said.next();
    holder.tell("go");
    expect(await holder.ended, holder.complaints()).toBe(0);
    expect(await isLocked(path)).toBe(false);
    expect((await readdir(path)).sort()).toEqual(["journal", "lock", "log.mdb", "log.mdb-lock"]);
    for (const file of ["journal", "lock", "log.mdb"]) expect((await stat(join(path, file))).mode & 0o077).toBe(0);
  });

  it("cannot be a file, or below one", async () => {
    await writeFile(join(base, "file"), "");
    for (const wrong of [join(base, "file"), join(base, "file", "data")]) {
      await expect(DataDirectory.open(wrong)).rejects.toThrow(
        `The data directory ${wrong} cannot be used: it is a file, or lies below one. Set DATA_DIR to a directory.`,
      );
    }
    expect(await isLocked(join(base, "file"))).toBe(false);
  });

  it("cannot be one without the right to write there", async () => {
    const wrong = join(base, "closed");
    await mkdir(wrong, { mode: 0o500 });
    await chmod(base, 0o755);
    // Root may write everywhere.
    const refused = run(child, ["hold", wrong], process.getuid?.() === 0 ? { uid: NOBODY } : {});
    expect((await refused.said.next()).value, refused.complaints()).toEqual({
      name: "DataDirectoryError",
      message: `The data directory ${wrong} cannot be used: this user has no right to write there. Give it that right, or set DATA_DIR to a directory of its own.`,
    });
    expect(await refused.ended).toBe(1);
  });
});
