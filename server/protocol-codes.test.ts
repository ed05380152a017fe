import { describe, expect, it } from "vitest";
import { ask } from "./testing/ask.ts";
import { endWith, longPolling, openCompany, standingCompany, transports, webSocket } from "./testing/company.ts";
import { chat, newSecret, service } from "./testing/member.ts";

const backOff = { close: 1013, status: 503 };

describe.each(transports)("who may come in, over $name", (transport) => {
  it("[S44, S4] says full above the cap, which counts all rooms and those away", async () => {
    const company = await openCompany(transport, { MAX_CLIENTS: "2" });
    const alice = await company.joins("alice");
    const bob = await company.joins("bob");
    await bob.cuts();
    const carol = company.somebody("carol");
    expect(await carol.comes()).toMatchObject({ type: "error", code: "full" });
    expect(await carol.ends()).toEqual(endWith(transport, "full", backOff));
    expect(await bob.returns()).toMatchObject({ type: "welcome" });
    await alice.leaves();
    expect(await carol.comes()).toMatchObject({ type: "welcome" });
  });

  it("[S44] says full above the cap of one address", async () => {
    const company = await openCompany(transport, { MAX_CLIENTS_PER_ADDRESS: "1" });
    const alice = await company.joins("alice");
    const bob = company.somebody("bob", alice.room);
    expect(await bob.comes()).toMatchObject({ type: "error", code: "full" });
    expect(await bob.ends()).toEqual(endWith(transport, "full", backOff));
    await alice.cuts();
    expect(await alice.returns()).toMatchObject({ type: "welcome" });
    await alice.leaves();
    expect(await bob.comes()).toMatchObject({ type: "welcome" });
  });

  it("[S24, S44] keeps the place of who is away until the grace ends", async () => {
    const company = await openCompany(transport, { MAX_CLIENTS: "1" });
    const alice = await company.joins("alice");
    await alice.cuts();
    company.clock.advance(59_000);
    const bob = company.somebody("bob");
    expect(await bob.comes()).toMatchObject({ code: "full" });
    company.clock.advance(2250);
    expect(await bob.comes()).toMatchObject({ type: "welcome" });
  });

  it("[S44] says rate-limited to who joins too often from one address; resuming is free", async () => {
    const company = await openCompany(transport, { JOINS_PER_MINUTE: "3" });
    const alice = await company.joins("alice");
    await company.joins("bob");
    await company.joins("carol");
    for (let time = 0; time < 5; time++) {
      await alice.cuts();
      expect(await alice.returns()).toMatchObject({ resumed: true });
    }
    const dave = company.somebody("dave");
    const error = await dave.comes();
    expect(error).toMatchObject({ type: "error", code: "rate-limited", retryAfter: expect.any(Number) });
    expect(await dave.ends()).toEqual(endWith(transport, "rate-limited", { close: 1013, status: 429 }));
    company.clock.advance(error.retryAfter ?? 0);
    expect(await dave.comes()).toMatchObject({ type: "welcome" });
  });

  it("[S39, S42] says every error in plain words, of at most 800 octets", async () => {
    const company = await openCompany(transport);
    const error = await company.somebody("bad nick ".repeat(90)).comes();
    expect(error.message).toMatch(/\w/);
    expect(Buffer.byteLength(error.message ?? "")).toBeLessThanOrEqual(800);
  });
});

describe("before hello", () => {
  const streams = standingCompany(webSocket);
  const polls = standingCompany(longPolling);

  it.each([
    ["a chat packet", chat("alice", "hello")],
    ["rename", service({ type: "rename", nick: "alice" })],
    ["pong", service({ type: "pong" })],
    ["leave without a session", service({ type: "leave" })],
  ])("[S2, S44] takes no %s by WebSocket", async (_, packet) => {
    const alice = streams.somebody("alice");
    await alice.opens();
    await alice.sends(packet);
    expect(await alice.ends()).toEqual({ code: "hello-first", number: 1008 });
  });

  it.each([
    ["chat packets", "POST", "/poll?seq=1", chat("alice", "hello")],
    ["rename", "POST", "/poll", service({ type: "rename", nick: "alice" })],
    ["a poll", "GET", "/poll?after=0", undefined],
    ["history", "GET", "/history?before=1&limit=1", undefined],
  ])("[S2, S44, H2] takes no %s without Authorization by HTTP", async (_, method, path, body) => {
    const answer = await ask(polls.house, method, path, body === undefined ? {} : { body });
    expect(answer.status).toBe(401);
    expect(answer.told).toMatchObject([{ type: "error", code: "hello-first" }]);
  });

  it.each([
    ["chat packets", "POST", "/poll?seq=1", chat("alice", "hello")],
    ["rename", "POST", "/poll", service({ type: "rename", nick: "alice" })],
    ["a poll", "GET", "/poll?after=0", undefined],
    ["history", "GET", "/history?before=1&limit=1", undefined],
  ])("[S44] takes no %s of a session that is unknown", async (_, method, path, body) => {
    const answer = await ask(polls.house, method, path, { session: newSecret(), ...(body === undefined ? {} : { body }) });
    expect(answer.status).toBe(410);
    expect(answer.told).toMatchObject([{ type: "error", code: "unknown-session" }]);
  });

  it("[S44] takes nothing of a session that has ended", async () => {
    const [alice] = await polls.gathers("alice");
    await alice.leaves();
    for (const [method, path] of [
      ["GET", `/poll?after=${alice.offset}`],
      ["POST", "/poll?seq=1"],
    ] as const) {
      const answer = await ask(polls.house, method, path, {
        session: alice.session,
        ...(method === "POST" ? { body: chat("alice", "hi") } : {}),
      });
      expect(answer).toMatchObject({ status: 410, told: [{ type: "error", code: "unknown-session" }] });
    }
  });

  it("[H17, S44] says Retry-After, in seconds, with 503 and 429", async () => {
    const company = await openCompany(longPolling, { MAX_CLIENTS: "1" });
    await company.joins("alice");
    const body = service({ type: "hello", session: newSecret(), nick: "bob" });
    const full = await ask(company.house, "POST", "/poll", { body });
    expect(full.status).toBe(503);
    expect(Number(full.headers["retry-after"])).toBeGreaterThanOrEqual(1);
    const strict = await openCompany(longPolling, { JOINS_PER_MINUTE: "1" });
    await strict.joins("alice");
    const limited = await ask(strict.house, "POST", "/poll", { body });
    expect(limited.status).toBe(429);
    expect(Number(limited.headers["retry-after"])).toBe(Math.ceil((limited.told[0]?.retryAfter ?? 0) / 1000));
  });
});
