import { spawnSync } from "node:child_process";
import { closeSync, cpSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ask, type Told } from "./testing/ask.ts";
import { newDataDir, type Running, runServer } from "./testing/command.ts";
import { complaints, type Kept, readiness, readLog, speaksUntilRefused, tries } from "./testing/disk-trouble.ts";
import { FailingDisk, whyNoFailingDisk } from "./testing/failing-disk.ts";
import { LongPollMember } from "./testing/long-poll-member.ts";
import { WebSocketMember } from "./testing/websocket-member.ts";

/** `failed`: how it ends when nothing can be kept. */
const webSocket = { name: "WebSocket", Kind: WebSocketMember, failed: 1011 } as const;
const longPolling = { name: "long polling", Kind: LongPollMember, failed: 500 } as const;
const transports = [webSocket, longPolling] as const;
type Transport = (typeof transports)[number];

const durabilities = ["disk", "process"] as const;
type Durability = (typeof durabilities)[number];
/** A disk that a test can break, below `dataDir`. */
type Disk = {
  readonly dataDir: string;
  readonly environment: Readonly<Record<string, string>>;
  begin(): void;
  end(): void;
};

/** An empty folder that is gone after the test. */
function newFolder(): string {
  const folder = newDataDir();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function serve({ dataDir, environment }: Pick<Disk, "dataDir" | "environment">, durability: Durability): Promise<Running> {
  const server = await runServer({ DATA_DIR: dataDir, DURABILITY: durability, RATE_BURST: "0", ...environment });
  onTestFinished(() => server.kill("SIGKILL"));
  return server;
}

async function joins(server: Running, { Kind }: Transport, nick: string): Promise<WebSocketMember | LongPollMember> {
  const member = new Kind(server, nick, "lobby");
  member.patienceMs = 20_000;
  onTestFinished(() => member.drops());
  expect(await member.comes()).toMatchObject({ type: "welcome" });
  return member;
}

/** What it wrote down as a warning or worse is this and no more: one line when a trouble begins, one when it ends. */
async function complains(server: Running, expected: readonly object[]): Promise<void> {
  await vi.waitFor(() => expect(complaints(server)).toMatchObject(expected), 5000); // its log comes after its answers
}

/**
 * Makes a disk fail under a server on which people speak; looks at it from every side; mends it, and looks again, also after
 * `kill -9`. `wholly`: nothing can be kept meanwhile, however small.
 */
async function livesThrough(disk: Disk, durability: Durability, transport: Transport, { dies = false, quietMs = 0, wholly = true } = {}) {
  let server = await serve(disk, durability);
  const [ann, bo] = [await joins(server, transport, "ann"), await joins(server, webSocket, "bo")];
  const kept: Kept = new Map();
  for (const text of ["one", "two", "three"]) expect(await tries(ann, [text], kept)).toBe(true);

  disk.begin();
  const refused = await speaksUntilRefused(ann, kept);
  expect(ann.end).toEqual({ code: "internal", number: transport.failed });
  expect(ann.told.findLast(({ type }) => type === "error")?.retryAfter).toBeGreaterThan(0);
  // Whoever comes, or comes back, is told the same; whoever is there stays, and reads what there is.
  const internal = { type: "error", code: "internal", retryAfter: expect.any(Number) };
  if (wholly) {
    const stranger = new transport.Kind(server, "cy", "lobby");
    expect(await stranger.comes()).toMatchObject(internal);
    stranger.drops();
    expect(await ann.returns()).toMatchObject(internal);
  }
  const history = await ask(server, "GET", "/history?before=7&limit=10", { session: bo.session });
  expect(history.status).toBe(200);
  expect(history.told.filter(({ type }) => type === "chat").map(({ message }) => message)).toContain("one");
  expect(bo.end).toBeUndefined();
  await readiness(server, 503);
  for (const endMs = performance.now() + quietMs; performance.now() < endMs; await sleep(200))
    expect((await ask(server, "GET", "/readyz")).status).toBe(503);
  expect((await ask(server, "GET", "/healthz")).status).toBe(200);
  await complains(server, [{ level: 50, msg: expect.stringContaining("cannot be written"), why: expect.any(String) }]);
  if (dies) {
    server.kill("SIGKILL");
    await server.ended;
  }

  disk.end();
  if (dies) server = await serve(disk, durability);
  else {
    await readiness(server, 200);
    await complains(server, [{ level: 50 }, { level: 40 }]);
    expect(bo.end).toBeUndefined();
  }
  const back = new transport.Kind(server, "ann", "lobby", ann.session);
  onTestFinished(() => back.drops());
  expect(await back.comes()).toMatchObject({ type: "welcome", resumed: true, log: ann.log });
  expect(await tries(back, refused, kept)).toBe(true);
  if (!dies) await bo.hears(refused.at(-1) as string);
  server.kill("SIGKILL");
  await server.ended;
  server = await serve(disk, durability);
  const log = await readLog(server, ann);
  for (const [offset, text] of kept) expect(log.get(offset)).toBe(text);
  expect(new Set(log.values()).size).toBe(log.size);
  return log;
}

const noDisk = whyNoFailingDisk();
describe.skipIf(noDisk !== undefined)(`a disk that fails${noDisk === undefined ? "" : ` (not tried: ${noDisk})`}`, () => {
  function failingDisk(orders: Parameters<FailingDisk["obeys"]>[0]): Disk & { readonly failing: FailingDisk } {
    const dataDir = join(newFolder(), "data");
    const failing = new FailingDisk(dataDir);
    onTestFinished(() => failing.remove());
    return { dataDir, failing, environment: failing.environment, begin: () => failing.obeys(orders), end: () => failing.obeys({}) };
  }

  it.each(transports)(
    "[L7] by its flushes, over $name: nothing is acknowledged meanwhile, and all goes on by itself",
    async (transport) => {
      await livesThrough(failingDisk({ flush: "EIO" }), "disk", transport);
    },
    90_000,
  );

  it("[L7] by the very last write of a commit: /readyz says it for as long as that is so, also while nobody speaks", async () => {
    await livesThrough(failingDisk({ flushedWrite: "EIO" }), "disk", longPolling, { quietMs: 6500 });
  }, 90_000);

  it.each(durabilities)(
    "[L7] as one does that is made read-only, durability %s",
    async (durability) => {
      await livesThrough(failingDisk({ write: "EROFS", flushedWrite: "EROFS" }), durability, webSocket);
    },
    90_000,
  );

  it("[L7] and is killed while it does: it has what it acknowledged", async () => {
    await livesThrough(failingDisk({ flush: "EIO" }), "disk", webSocket, { dies: true });
  }, 90_000);

  it("[L7] flushes slowly: no ack comes before the flush, and all come after it", async () => {
    const disk = failingDisk({ flushMs: 300 });
    const server = await serve(disk, "disk");
    const [ann, bo] = [await joins(server, webSocket, "ann"), await joins(server, webSocket, "bo")];
    await tries(ann, ["fast"], new Map());
    await bo.hears("fast");
    disk.begin();
    for (const text of ["slow", "slower"]) {
      const startedMs = performance.now();
      expect(await tries(ann, [text], new Map())).toBe(true);
      // Two flushes: the pages, and the page that makes them valid.
      expect(performance.now() - startedMs).toBeGreaterThan(590);
      await bo.hears(text);
    }
  }, 60_000);

  it("[L7] durability process: acks do not wait for flushes; what is not flushed yet survives kill -9", async () => {
    const disk = failingDisk({ flushMs: 4000 });
    const server = await serve(disk, "process");
    const ann = await joins(server, webSocket, "ann");
    const kept: Kept = new Map();
    disk.begin();
    const startedMs = performance.now();
    for (let number = 1; number <= 20; number++) expect(await tries(ann, [`number ${number}`], kept)).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(3500);
    server.kill("SIGKILL");
    await server.ended;
    disk.end();
    const log = await readLog(await serve(disk, "process"), ann);
    for (const [offset, text] of kept) expect(log.get(offset)).toBe(text);
    expect([...log.values()]).toEqual(Array.from({ length: 20 }, (_, index) => `number ${index + 1}`));
  }, 60_000);

  it("[L7] durability process: while nothing can be flushed what is said is kept all the same, but the trouble is told", async () => {
    const disk = failingDisk({ flush: "EIO" });
    let server = await serve(disk, "process");
    const ann = await joins(server, webSocket, "ann");
    const kept: Kept = new Map();
    disk.begin();
    for (let number = 1; number <= 20; number++) expect(await tries(ann, [`number ${number}`], kept)).toBe(true);
    await readiness(server, 503);
    expect(await tries(ann, ["still"], kept)).toBe(true);
    disk.end();
    await readiness(server, 200);
    await complains(server, [{ level: 50 }, { level: 40 }]);
    disk.begin();
    expect(await tries(ann, ["again"], kept)).toBe(true);
    await readiness(server, 503);
    server.kill("SIGKILL");
    await server.ended;
    disk.end();
    server = await serve(disk, "process");
    const log = await readLog(server, ann);
    for (const [offset, text] of kept) expect(log.get(offset)).toBe(text);
  }, 60_000);
});

/** Why there can be no small disk; undefined where there can. */
function whyNoSmallDisk(): string | undefined {
  const folder = newDataDir();
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
  if (status === 0) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  return status === 0 ? undefined : "it takes the right to mount";
}

const noSmallDisk = whyNoSmallDisk();
describe.skipIf(noSmallDisk !== undefined)(`a disk that is full${noSmallDisk === undefined ? "" : ` (not tried: ${noSmallDisk})`}`, () => {
  function smallDisk(): Disk {
    const dataDir = newFolder();
    const filler = join(dataDir, "filler");
    expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", dataDir]).status).toBe(0);
    // Lazily: it is given back as soon as nobody uses it.
    onTestFinished(() => void spawnSync("umount", ["-l", dataDir]));
    const begin = () => {
      const file = openSync(filler, "w");
      try {
        for (;;) writeSync(file, Buffer.alloc(4096));
      } catch (cause) {
        expect(cause).toMatchObject({ code: "ENOSPC" });
      } finally {
        closeSync(file);
      }
    };
    return { dataDir, environment: {}, begin, end: () => rmSync(filler) };
  }

  describe.each(durabilities)("durability %s", (durability) => {
    it.each(transports)(
      "[L7] refuses what it cannot keep, over $name, and goes on by itself when there is room",
      async (transport) => {
        const log = await livesThrough(smallDisk(), durability, transport, { wholly: false });
        expect(log.size).toBeGreaterThanOrEqual(3 + 20);
      },
      90_000,
    );

    it("[L7] and is killed while it is: it has what it acknowledged", async () => {
      await livesThrough(smallDisk(), durability, webSocket, { dies: true, wholly: false });
    }, 90_000);
  });
});

describe.each(durabilities)("a data directory, durability %s,", (durability) => {
  const gone = expect.stringMatching(/is not where it was.*moved, deleted or replaced\? Put it back .* start Palabre again\.$/);

  it.each(transports)(
    "[L7] that is moved away takes nothing more, over $name, and goes on by itself when it is back",
    async (transport) => {
      const folder = newFolder();
      const [dataDir, elsewhere] = [join(folder, "data"), join(folder, "elsewhere")];
      const move = (from: string, to: string) => () => renameSync(from, to);
      const log = await livesThrough(
        { dataDir, environment: {}, begin: move(dataDir, elsewhere), end: move(elsewhere, dataDir) },
        durability,
        transport,
      );
      expect(log.size).toBe(3 + 20); // nothing was taken that would have gone elsewhere
    },
    90_000,
  );

  it("[L7] that is deleted takes nothing more, says in its log what to do, and can still be stopped", async () => {
    const dataDir = join(newFolder(), "data");
    const server = await serve({ dataDir, environment: {} }, durability);
    const ann = await joins(server, webSocket, "ann");
    expect(await tries(ann, ["one"], new Map())).toBe(true);
    rmSync(dataDir, { recursive: true });
    // Nobody says anything, and still it is seen.
    await readiness(server, 503);
    await complains(server, [{ level: 50, why: gone }]);
    expect(await tries(ann, ["two"], new Map())).toBe(false);
    // Somebody helps out with an empty one, and with another server: the old one touches neither.
    const other = await serve({ dataDir, environment: {} }, durability);
    expect(await tries(await joins(other, webSocket, "bo"), ["new"], new Map())).toBe(true);
    expect((await ask(server, "GET", "/readyz")).status).toBe(503);
    server.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(readdirSync(dataDir)).toContain("server.json");
    await complains(server, [{ level: 50, why: gone }]);
  }, 60_000);

  it("[L7] whose copy is put in its place takes nothing: what is in the copy is another room", async () => {
    const folder = newFolder();
    const dataDir = join(folder, "data");
    const server = await serve({ dataDir, environment: {} }, durability);
    const ann = await joins(server, webSocket, "ann");
    expect(await tries(ann, ["one"], new Map())).toBe(true);
    renameSync(dataDir, join(folder, "old"));
    cpSync(join(folder, "old"), dataDir, { recursive: true });
    expect(await tries(ann, ["two"], new Map())).toBe(false);
    rmSync(dataDir, { recursive: true });
    mkdirSync(dataDir);
    await readiness(server, 503);
    rmSync(dataDir, { recursive: true });
    renameSync(join(folder, "old"), dataDir);
    await readiness(server, 200);
    const back = new WebSocketMember(server, "ann", "lobby", ann.session);
    expect(await back.comes()).toMatchObject({ type: "welcome", seq: 1 });
    expect(await tries(back, ["two"], new Map())).toBe(true);
    const told: Told[] = back.told.filter(({ type }) => type === "chat");
    expect(told.map(({ message }) => message).sort()).toEqual(["one", "two"]);
    back.drops();
  }, 60_000);

  it.each(["lock", "log.mdb"])(
    "[L7] of which %s alone is deleted takes nothing more",
    async (name) => {
      const dataDir = join(newFolder(), "data");
      const server = await serve({ dataDir, environment: {} }, durability);
      const ann = await joins(server, webSocket, "ann");
      rmSync(join(dataDir, name));
      await readiness(server, 503);
      expect(await tries(ann, ["two"], new Map())).toBe(false);
      const bo = new WebSocketMember(server, "bo", "lobby");
      expect(await bo.comes()).toMatchObject({ type: "error", code: "internal" });
      bo.drops();
    },
    60_000,
  );
});

it("[L7] durability process: a journal that is deleted is begun anew, and nothing is lost", async () => {
  const dataDir = join(newFolder(), "data");
  let server = await serve({ dataDir, environment: {} }, "process");
  const ann = await joins(server, webSocket, "ann");
  const kept: Kept = new Map();
  expect(await tries(ann, ["one"], kept)).toBe(true);
  rmSync(join(dataDir, "journal"));
  for (const text of ["two", "three"]) expect(await tries(ann, [text], kept)).toBe(true);
  server.kill("SIGKILL");
  await server.ended;
  server = await serve({ dataDir, environment: {} }, "process");
  expect([...(await readLog(server, ann)).values()]).toEqual(["one", "two", "three"]);
}, 60_000);
