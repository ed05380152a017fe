import { rmSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Told } from "./testing/ask.ts";
import { newDataDir, type Running, runServer } from "./testing/command.ts";
import { LongPollMember } from "./testing/long-poll-member.ts";
import { type Member, service } from "./testing/member.ts";
import { SteppedClock, whyNoSteppedClock } from "./testing/stepped-clock.ts";
import { WebSocketMember } from "./testing/websocket-member.ts";

const MINUTE_MS = 60_000;
const GRACE_MS = 12_000;
const STEPS = [5, -9, 0, -9, 30, -5];

const reason = whyNoSteppedClock();

describe.skipIf(reason !== undefined)(`a system clock that is set${reason === undefined ? "" : ` (not tried: ${reason})`}`, () => {
  function newClock(): SteppedClock {
    const clock = new SteppedClock();
    onTestFinished(() => clock.remove());
    return clock;
  }

  async function serve(clock: SteppedClock, settings: Readonly<Record<string, string>> = {}): Promise<Running> {
    const server = await runServer({ ...settings, ...clock.environment });
    onTestFinished(() => server.kill("SIGKILL"));
    return server;
  }

  async function joins<Kind extends Member>(member: Kind): Promise<Kind> {
    onTestFinished(() => member.drops());
    member.patienceMs = 20_000;
    expect(await member.comes()).toMatchObject({ type: "welcome" });
    return member;
  }

  it("[L3] back and forth by hours while people talk: nobody loses anything by it, and the log says what time it is", async () => {
    const clock = newClock();
    const server = await serve(clock, { DATA_DIR: ":memory:", HEARTBEAT_MS: "500", GRACE_MS: String(GRACE_MS), RATE_BURST: "8" });
    const ann = await joins(new WebSocketMember(server, "ann", "lobby"));
    const bo = await joins(new LongPollMember(server, "bo", "lobby"));
    const [dee, gus] = [await joins(new WebSocketMember(server, "dee", "lobby")), await joins(new WebSocketMember(server, "gus", "lobby"))];
    await ann.until(() => ann.told.find((told) => told.type === "joined" && told.nicks?.includes("gus")), "gus");
    await dee.cuts();
    const deeLeftMs = performance.now();
    gus.drops();
    const offsets: number[] = [];
    for (const [index, hours] of STEPS.entries()) {
      clock.set(hours);
      const before = { ann: ann.told.length, bo: bo.told.length };
      for (const member of [ann, bo]) {
        const told = await member.speaks(`${member.nick} ${index}`);
        expect(told).toMatchObject({ type: "ack" });
        offsets.push(Number(told.offset));
      }
      for (const [member, from] of [
        [ann, before.ann],
        [bo, before.bo],
      ] as const) {
        await member.hears(`ann ${index}`);
        await member.hears(`bo ${index}`);
        const clocks = member.told.slice(from).filter(({ type }) => type === "clock");
        expect(Math.abs(Number(clocks[0]?.at) - clock.wall())).toBeLessThan(MINUTE_MS);
        // Beside the step itself, time goes on as it does.
        for (const { at } of clocks.slice(1)) expect(Math.abs(Number(at) - clock.wall())).toBeLessThan(MINUTE_MS);
      }
      const pings = ann.told.filter(({ type }) => type === "ping").length;
      await ann.until(() => ann.told.filter(({ type }) => type === "ping").length > pings || undefined, "a ping after the step");
      if (index === 2) {
        // Away through three steps, and within the grace.
        expect(performance.now() - deeLeftMs).toBeLessThan(GRACE_MS);
        expect(await dee.returns()).toMatchObject({ type: "welcome", resumed: true });
        await dee.hears(`bo ${index}`);
      }
    }
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
    // Who stayed away is said to have left when the grace is over, and not before.
    const left = (told: Told) => told.type === "left" && told.nicks?.includes("gus") && told.why === "lost";
    await ann.until(() => ann.told.find(left), "gus's end");
    expect(performance.now() - deeLeftMs).toBeGreaterThan(GRACE_MS - 500);
    const gone = ann.told.filter(({ type }) => type === "left").flatMap(({ nicks = [] }) => nicks);
    expect(gone).toEqual(["gus"]);
    for (const member of [ann, bo, dee]) {
      expect(member.end).toBeUndefined();
      expect(member.told.filter(({ type }) => type === "refused")).toEqual([]);
    }
    expect(bo.told.filter(({ type }) => type === "ping").length).toBeGreaterThan(3);
  }, 90_000);

  it.each([5, -9])(
    "[S22] by %i hours makes nobody wait longer who spoke too much, nor shorter",
    async (hours) => {
      const clock = newClock();
      const server = await serve(clock, { DATA_DIR: ":memory:", RATE_BURST: "2", RATE_PER_SECOND: "1" });
      const ann = await joins(new WebSocketMember(server, "ann", "lobby"));
      const told: Told[] = [];
      let askedMs = 0;
      for (let number = 1; told.at(-1)?.type !== "refused" && number < 50; number++) {
        askedMs = performance.now();
        told.push(await ann.speaks(`${number}`));
      }
      expect(told.at(-1)).toMatchObject({ type: "refused", code: "rate-limited" });
      const waitMs = Number(told.at(-1)?.retryAfter);
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(1000);
      clock.set(hours);
      const again = await ann.speaks("at once");
      // Where this machine was so slow that the time was over, there is nothing to see.
      if (performance.now() - askedMs < waitMs) expect(again).toMatchObject({ type: "refused", code: "rate-limited" });
      const leftMs = Number(again.retryAfter ?? 0);
      expect(leftMs).toBeLessThanOrEqual(waitMs);
      await new Promise((resolve) => setTimeout(resolve, leftMs));
      expect(await ann.speaks("in time")).toMatchObject({ type: "ack" });
    },
    60_000,
  );

  it.each([5, -9])(
    "[S28, S29, D6] and by %i hours over a restart: everybody comes back, who ended is remembered, and nothing young is gone",
    async (hours) => {
      const clock = newClock();
      const dataDir = newDataDir();
      onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
      const settings = { DATA_DIR: dataDir, HISTORY_DAYS: "1" };
      let server = await serve(clock, settings);
      const [ann, bo] = [await joins(new WebSocketMember(server, "ann", "lobby")), await joins(new LongPollMember(server, "bo", "lobby"))];
      for (const member of [ann, bo]) expect(await member.speaks("one")).toMatchObject({ type: "ack", seq: 1 });
      await bo.sends(service({ type: "leave" }));
      await ann.until(() => ann.told.find(({ type, nicks }) => type === "left" && nicks?.includes("bo")), "bo's end");
      for (const ahead of [hours, 0, hours]) {
        const stopped = server.ended;
        server.kill("SIGTERM");
        expect(await stopped).toBe(0);
        clock.set(ahead);
        server = await serve(clock, settings);
        const back = new WebSocketMember(server, "ann", "lobby", ann.session);
        back.patienceMs = 20_000;
        expect(await back.comes({ log: ann.log, offset: 0 })).toMatchObject({ type: "welcome", resumed: true, log: ann.log, offset: 0 });
        await back.next("roster", "chat");
        expect(await back.speaks(`with the clock ${ahead} h off`)).toMatchObject({ type: "ack" });
        expect(back.told.filter(({ type }) => type === "gap")).toEqual([]);
        expect(back.heard().slice(0, 2)).toEqual(["one", "one"]);
        back.drops();
      }
      const back = new LongPollMember(server, "bo", "lobby", bo.session);
      onTestFinished(() => back.drops());
      expect(await back.comes()).toMatchObject({ type: "welcome", resumed: false, seq: 1, turn: 2 });
    },
    90_000,
  );
});
