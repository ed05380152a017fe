import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileSpace } from "./file-space.ts";

const MiB = 1024 * 1024;

describe("a file's space", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "palabre-space-"));
    path = join(folder, "file");
    await writeFile(path, "begun");
  });
  afterEach(() => rm(folder, { recursive: true }));

  const size = async () => (await stat(path)).size;

  it("grows by a good piece, keeps what is there, and is really taken from the disk", async () => {
    const space = await FileSpace.of(path);
    await space.ensure(6);
    expect(await size()).toBe(5 + MiB);
    expect(space.octets).toBe(5 + MiB);
    const octets = await readFile(path);
    expect(octets.toString("utf8", 0, 5)).toBe("begun");
    expect(octets.subarray(5).every((octet) => octet === 0)).toBe(true);
    expect((await stat(path)).blocks * 512).toBeGreaterThanOrEqual(MiB);
    await space.ensure(5 + MiB);
    expect(await size()).toBe(5 + MiB);
    await space.ensure(5 * MiB);
    expect(await size()).toBe(5 * MiB);
    await space.ensure(5 * MiB + 1);
    expect(await size()).toBeGreaterThan(5 * MiB + MiB / 2);
    await space.close();
  });

  it("never touches what somebody else wrote behind the end that it knew", async () => {
    const space = await FileSpace.of(path);
    await writeFile(path, Buffer.alloc(2 * MiB, 7));
    await space.ensure(3 * MiB);
    const octets = await readFile(path);
    expect(octets.length).toBe(3 * MiB);
    expect(octets.subarray(0, 2 * MiB).every((octet) => octet === 7)).toBe(true);
    await space.close();
  });
});
