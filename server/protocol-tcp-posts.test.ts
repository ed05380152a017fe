import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { MemoryStore } from "./engine/memory-store.ts";
import { settled, within } from "./testing/ask.ts";
import { newDataDir, runServer } from "./testing/command.ts";
import { type Company, engineOn, openCompany, tcp } from "./testing/company.ts";
import { HeldStore } from "./testing/held-store.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { chat, raw, service } from "./testing/member.ts";
import { TcpMember } from "./testing/tcp-member.ts";
import { TriedStore } from "./testing/tried-store.ts";
import { WebSocketMember } from "./testing/websocket-member.ts";

const OVER = { code: undefined, number: 0 };

/** Somebody in a room by WebSocket, announced. */
async function listener(company: Company<TcpMember>, nick = "alice", room = "lobby"): Promise<WebSocketMember> {
  const member = new WebSocketMember(company.house, nick, room);
  onTestFinished(() => member.drops());
  await member.comes();
  company.clock.advance(250);
  await member.next("joined");
  return member;
}

/** A connection on which nothing is said yet. */
async function connection(company: Company<TcpMember>): Promise<TcpMember> {
  const member = company.somebody("cron");
  await member.opens();
  return member;
}

describe("a post", () => {
  it("[T3] appears in the lobby under its name, without its sender being there", async () => {
    const company = await openCompany(tcp);
    const alice = await listener(company);
    const poster = await connection(company);
    const { offset } = alice;
    poster.socket.write("04011cronBackup done");
    expect(await poster.next("ack", "refused")).toEqual({ type: "ack", seq: 1, offset: offset + 1 });
    expect(await alice.next("chat")).toEqual({ type: "chat", nick: "cron", message: "Backup done" });
    company.clock.advance(1000);
    await alice.speaks("so be it");
    expect(alice.told.filter(({ type, nicks }) => type === "joined" && nicks?.includes("cron"))).toEqual([]);
    expect(poster.told).toHaveLength(1);
    const late = await listener(company, "late");
    expect(late.told.find(({ type }) => type === "roster")).toMatchObject({ nicks: ["alice", "late"], online: 2 });
    expect(late.heard()).toEqual(["Backup done", "so be it"]);
  });

  it.each([
    ["garden,den", "garden"],
    ["garden,lobby", "lobby"],
  ])("[T3] appears, where ROOMS is %s, in %s", async (rooms, room) => {
    const company = await openCompany(tcp, { ROOMS: rooms });
    const alice = await listener(company, "alice", room);
    const poster = await connection(company);
    expect(await poster.speaks("here")).toMatchObject({ type: "ack", seq: 1 });
    await alice.hears("here");
  });

  it("[T3, X3, P10] is refused under a name that somebody holds, present or away, however it is spelt", async () => {
    const company = await openCompany(tcp);
    const alice = await listener(company, "Alice");
    const carol = await listener(company, "carol");
    const poster = await connection(company);
    const taken = { type: "refused", code: "nick-taken", message: expect.any(String) };
    expect(await poster.speaks("not me", "Alice")).toEqual({ ...taken, seq: 1 });
    expect(await poster.speaks("not me", "ＡＬＩＣＥ")).toEqual({ ...taken, seq: 2 });
    await alice.cuts();
    expect(await poster.speaks("nor now", "alice")).toEqual({ ...taken, seq: 3 });
    expect(await poster.speaks("but I may", "bob")).toMatchObject({ type: "ack", seq: 4 });
    await alice.returns();
    await alice.leaves();
    company.clock.advance(250);
    await carol.next("left"); // until the log says so, her name is hers
    expect(await poster.speaks("she is gone", "alice")).toMatchObject({ type: "ack", seq: 5 });
    const late = await listener(company, "late");
    expect(late.heard()).toEqual(["but I may", "she is gone"]);
  });

  it("[T4, S19] is answered by its number on its connection, in order, whatever becomes of it", async () => {
    const company = await openCompany(tcp);
    const alice = await listener(company);
    const poster = await connection(company);
    const { offset } = alice;
    await poster.sends(
      chat("cron", "one"),
      chat("a b", "a name with a space"),
      chat("cron", "  "),
      chat("alice", "not me"),
      service({ type: "dance" }),
      chat("cron", " two\r\n"),
    );
    expect(await poster.answerTo(5)).toMatchObject({ type: "ack", seq: 5 });
    expect(poster.told).toMatchObject([
      { type: "ack", seq: 1, offset: offset + 1 },
      { type: "refused", seq: 2, code: "nick-invalid" },
      { type: "refused", seq: 3, code: "message-invalid" },
      { type: "refused", seq: 4, code: "nick-taken" },
      { type: "ack", seq: 5, offset: offset + 2 },
    ]);
    const other = await connection(company);
    expect(await other.speaks("three")).toMatchObject({ type: "ack", seq: 1, offset: offset + 3 });
    await alice.hears("three");
    expect(alice.heard()).toEqual(["one", "two", "three"]);
  });

  it("[T3, P6] may come after packets of unknown types, which decide nothing", async () => {
    const company = await openCompany(tcp);
    const poster = await connection(company);
    await poster.sends(service({ type: "dance" }), service({ type: "ack", seq: 7 }), chat("cron", "one"));
    expect(await poster.next("ack", "error")).toMatchObject({ type: "ack", seq: 1 });
  });

  it("[T4, L7] is in the log once after a kill -9, where it was acknowledged", async () => {
    const dataDir = newDataDir();
    const starts = async () => {
      const running = await runServer({ DATA_DIR: dataDir, TCP_PORT: "0", RATE_BURST: "0" });
      onTestFinished(() => running.kill("SIGKILL"));
      const saysPort = () => /listening on tcp:\/\/127\.0\.0\.1:(\d+)/.exec(running.lines.join())?.[1];
      await expect.poll(saysPort, { timeout: 6000 }).toBeDefined();
      return { ...running, tcpPort: Number(saysPort()) };
    };
    const first = await starts();
    const poster = new TcpMember(first, "cron", "lobby");
    onTestFinished(() => poster.drops());
    await poster.opens();
    const texts = Array.from({ length: 400 }, (_, number) => `number ${number}`);
    await poster.sends(...texts.map((text) => chat("cron", text)));
    await poster.answerTo(30);
    first.kill("SIGKILL");
    await poster.ends();
    await first.ended;
    const acknowledged = poster.told.filter(({ type }) => type === "ack");
    const alice = new TcpMember(await starts(), "alice", "lobby");
    onTestFinished(() => alice.drops());
    await alice.comes({ history: 500 });
    await alice.next("roster");
    expect(alice.heard().length).toBeGreaterThanOrEqual(acknowledged.length);
    expect(alice.heard()).toEqual(texts.slice(0, alice.heard().length));
  });

  it("[T4, L7] is acknowledged only when the log has it", async () => {
    const clock = new ManualClock();
    const store = new HeldStore();
    const company = await openCompany(tcp, {}, { clock, engine: await engineOn(store, clock) });
    const alice = await listener(company);
    const poster = await connection(company);
    store.holds();
    await poster.sends(chat("cron", "soon"));
    await settled(company.house);
    expect([poster.told, alice.heard()]).toEqual([[], []]);
    store.letsGo();
    expect(await poster.next("ack")).toMatchObject({ seq: 1 });
    await alice.hears("soon");
  });

  it("[T4, S19] that is refused is not answered before the ones that were sent before it", async () => {
    const clock = new ManualClock();
    const store = new HeldStore();
    const company = await openCompany(tcp, {}, { clock, engine: await engineOn(store, clock) });
    const poster = await connection(company);
    await poster.speaks("first");
    store.holds();
    await poster.sends(chat("a b", "refused"), chat("cron", "slow"), chat("a b", "refused"));
    await poster.next("refused");
    await settled(company.house);
    expect(poster.told.map(({ seq }) => seq)).toEqual([1, 2]);
    store.letsGo();
    await poster.next("refused");
    expect(poster.told.map(({ type, seq }) => [type, seq])).toEqual([
      ["ack", 1],
      ["refused", 2],
      ["ack", 3],
      ["refused", 4],
    ]);
  });

  it("[T4] is refused where the log cannot take it, and the connection goes on", async () => {
    const clock = new ManualClock();
    const store = new TriedStore(new MemoryStore());
    const company = await openCompany(tcp, {}, { clock, engine: await engineOn(store, clock) });
    const poster = await connection(company);
    await poster.speaks("one");
    store.failure = new Error("the disk is gone");
    expect(await poster.speaks("two")).toMatchObject({ type: "refused", seq: 2, code: "internal" });
    store.failure = undefined;
    clock.advance(10_000);
    expect(await poster.speaks("three")).toMatchObject({ type: "ack", seq: 3 });
    const late = await listener(company);
    expect(late.heard()).toEqual(["one", "three"]);
  });

  it("[T4] is dealt with, and answered, also after its sender has closed its half: two thousand, in order, and then the end", async () => {
    const company = await openCompany(tcp, { RATE_BURST: "0" });
    const alice = await listener(company);
    const poster = await connection(company);
    const texts = Array.from({ length: 2000 }, (_, number) => `number ${number}`);
    poster.socket.end(Buffer.concat(texts.map((text) => chat("cron", text))));
    expect(await poster.ends()).toEqual(OVER);
    expect(poster.told.map(({ type, seq }) => [type, seq])).toEqual(texts.map((_, index) => ["ack", index + 1]));
    const offsets = poster.told.map(({ offset }) => Number(offset));
    expect(offsets).toEqual(offsets.map((_, index) => Number(offsets[0]) + index));
    await alice.hears("number 1999");
    expect(alice.heard()).toEqual(texts);
  });

  it("[T4] is answered, and malformed after it, where its sender stops in the middle of the next", async () => {
    const company = await openCompany(tcp);
    const poster = await connection(company);
    poster.socket.end(Buffer.concat([chat("cron", "whole"), chat("cron", "half").subarray(0, 4)]));
    expect(await poster.ends()).toEqual({ code: "malformed", number: 0 });
    expect(poster.told.map(({ type }) => type)).toEqual(["ack", "error"]);
  });

  it("[P5, T4] is answered before the error that what follows it earns", async () => {
    const company = await openCompany(tcp);
    const alice = await listener(company);
    const poster = await connection(company);
    poster.socket.write(Buffer.concat([chat("cron", "good"), raw("00000"), chat("cron", "never read")]));
    expect(await poster.ends()).toEqual({ code: "malformed", number: 0 });
    expect(poster.told.map(({ type }) => type)).toEqual(["ack", "error"]);
    await alice.speaks("after");
    await alice.hears("after");
    expect(alice.heard()).toEqual(["good", "after"]);
  });

  it.each([
    ["hello", { type: "hello", session: "s".repeat(22), nick: "bob" }],
    ["leave", { type: "leave" }],
    ["rename", { type: "rename", nick: "bob" }],
    ["pong", { type: "pong" }],
  ])("[T2, T3] is of a connection that takes no %s: the first packet decided", async (_, packet) => {
    const company = await openCompany(tcp);
    const poster = await connection(company);
    await poster.sends(chat("cron", "first"), service(packet), chat("cron", "never taken"));
    expect(await poster.ends()).toEqual({ code: "hello-first", number: 0 });
    expect(poster.told.map(({ type }) => type)).toEqual(["ack", "error"]);
  });

  it("[P8, T3] is read one octet at a time, and a connection of posts may take its time", async () => {
    const company = await openCompany(tcp);
    const alice = await listener(company);
    const poster = await connection(company);
    for (const octet of Buffer.concat([chat("cron", "one"), chat("cron", "two")])) {
      poster.socket.write(Buffer.from([octet]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([await poster.next("ack"), await poster.next("ack")]).toMatchObject([{ seq: 1 }, { seq: 2 }]);
    await alice.hears("two");
    company.clock.advance(24 * 3_600_000);
    expect(await poster.speaks("a day later")).toMatchObject({ type: "ack" });
    expect((await listener(company, "late")).heard()).toEqual(["one", "two", "a day later"]);
  });

  it("[T5] spends from what its address may spend, over all its connections", async () => {
    const company = await openCompany(tcp, { RATE_BURST: "3", RATE_PER_SECOND: "2" });
    const [one, two] = [await connection(company), await connection(company)];
    expect(await one.speaks("1")).toMatchObject({ type: "ack" });
    expect(await two.speaks("2")).toMatchObject({ type: "ack" });
    expect(await one.speaks("3")).toMatchObject({ type: "ack" });
    const refused = await two.speaks("4");
    expect(refused).toMatchObject({ type: "refused", seq: 2, code: "rate-limited", retryAfter: expect.any(Number) });
    expect(await one.speaks("5")).toMatchObject({ type: "refused", seq: 3, code: "rate-limited" });
    company.clock.advance(refused.retryAfter ?? 0);
    expect(await one.speaks("6")).toMatchObject({ type: "ack", seq: 4 });
    expect((await listener(company)).heard()).toEqual(["1", "2", "3", "6"]);
  });

  it("[T4, L1] whose sender is gone before the answer is in the log once, or not at all", async () => {
    const company = await openCompany(tcp, { RATE_BURST: "0" });
    const alice = await listener(company);
    for (let round = 0; round < 20; round++) {
      const poster = await connection(company);
      poster.socket.write(Buffer.concat([chat("cron", `${round}`), chat("cron", "cut").subarray(0, 7)]));
      poster.socket.resetAndDestroy();
      await poster.ends();
    }
    await settled(company.house);
    await alice.speaks("end");
    await alice.hears("end");
    const numbers = alice.heard().slice(0, -1).map(Number);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  });

  it("leaves one line for a connection in the log, and a line a second for refusals; none says what was said", async () => {
    const company = await openCompany(tcp, { RATE_BURST: "2", RATE_PER_SECOND: "1" });
    const poster = await connection(company);
    const before = company.house.lines.length;
    for (let number = 1; number <= 12; number++) await poster.speaks(`between us ${number}`);
    company.clock.advance(1000);
    await poster.speaks("  ");
    const lines = company.house.lines.slice(before);
    expect(lines).toMatchObject([
      { msg: "posted", nick: "cron", address: "127.0.0.1" },
      { msg: "post refused", code: "rate-limited", address: "127.0.0.1" },
      { msg: "post refused", code: "message-invalid", more: 9 },
    ]);
    expect(JSON.stringify(lines)).not.toContain("between us");
  });
});

describe("nc, as scripts use it", () => {
  const help = spawnSync("nc", ["-h"], { encoding: "utf8" });
  const isOpenBsd = `${help.stdout}${help.stderr}`.includes("OpenBSD netcat");

  /** What a shell says that runs `command`, with HOST and PORT set. */
  async function shell(company: Company<TcpMember>, command: string): Promise<{ status: number | null; stdout: string }> {
    const child = spawn("sh", ["-c", command], {
      env: { PATH: process.env.PATH ?? "", HOST: "127.0.0.1", PORT: String(company.house.tcpPort) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let stdout = "";
    child.stdout.on("data", (text) => (stdout += text));
    await within(once(child, "close"), command, 10_000);
    return { status: child.exitCode, stdout };
  }

  it("[T4] hears the answer to printf '04011cronBackup done' | nc -q1 HOST PORT", async (context) => {
    if (!isOpenBsd) context.skip("there is no netcat-openbsd here");
    const company = await openCompany(tcp);
    const alice = await listener(company);
    const { offset } = alice;
    const { status, stdout } = await shell(company, `printf '04011cronBackup done' | nc -q1 "$HOST" "$PORT"`);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `00033{"type":"ack","seq":1,"offset":${offset + 1}}` });
    await alice.hears("Backup done");
  });

  it("[T2, T4] hears the room's last words to a hello, and is let go", async (context) => {
    if (!isOpenBsd) context.skip("there is no netcat-openbsd here");
    const company = await openCompany(tcp);
    const alice = await listener(company);
    await alice.speaks("what I said");
    const hello = Buffer.from(service({ type: "hello", session: "n".repeat(22), nick: "nc", room: "lobby" })).toString();
    const { status, stdout } = await shell(company, `printf '%s' '${hello}' | nc -N "$HOST" "$PORT"`);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\d{5}\{"type":"welcome".*05011alicewhat I said.*"type":"roster"/);
  });
});
