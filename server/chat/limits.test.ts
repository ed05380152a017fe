import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { Addresses, type AddressLimits, addressBlock } from "./addresses.ts";
import { RateLimit } from "./rate-limit.ts";
import { next, type SessionEvent, type SessionState } from "./session-state.ts";

describe("the budget of a session", () => {
  it("[S21] allows a burst, then so many a second, and says when the next may come", () => {
    const budget = new RateLimit({ burst: 3, perSecond: 2 });
    expect([0, 0, 0, 0].map((nowMs) => budget.spend(nowMs))).toEqual([0, 0, 0, 500]);
    expect(budget.spend(499)).toBe(1);
    expect(budget.spend(500)).toBe(0);
    expect(budget.spend(500)).toBe(500);
  });

  it("lets through, to the millisecond, whoever waits for as long as they were told", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 3000 }),
        fc.array(fc.nat(900), { maxLength: 60 }),
        (burst, perSecond, gaps) => {
          const budget = new RateLimit({ burst, perSecond });
          let nowMs = 1e6 + 1 / 3;
          for (const gapMs of gaps) {
            nowMs += gapMs;
            const waitMs = budget.spend(nowMs);
            if (waitMs > 0) expect(budget.spend(nowMs + waitMs)).toBe(0);
          }
        },
      ),
    );
  });

  it("is never more than the burst", () => {
    const budget = new RateLimit({ burst: 2, perSecond: 1 });
    expect([1e9, 1e9, 1e9].map((nowMs) => budget.spend(nowMs))).toEqual([0, 0, 1000]);
  });

  it("is lifted by a 0", () => {
    const budget = new RateLimit({ burst: 0, perSecond: 5 });
    expect(Array.from({ length: 100 }, () => budget.spend(0)).every((waitMs) => waitMs === 0)).toBe(true);
  });
});

const LIMITS: AddressLimits = { maxClientsPerAddress: 2, joinsPerMinute: 3, rate: { burst: 2, perSecond: 1 } };

describe("addresses", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("%s counts as %s", (address, block) => {
    expect(addressBlock(address)).toBe(block);
  });

  it("hold so many sessions, and make so many a minute", () => {
    const clock = new ManualClock();
    const addresses = new Addresses(clock, LIMITS);
    addresses.hold("2001:db8::1");
    expect(addresses.mayJoin("2001:db8::2")).toBeUndefined();
    const release = addresses.hold("2001:db8::2");
    expect(addresses.mayJoin("2001:db8::3")).toMatchObject({ code: "full" });
    release();
    expect([addresses.mayJoin("2001:db8::3"), addresses.mayJoin("2001:db8::3")]).toEqual([undefined, undefined]);
    expect(addresses.mayJoin("2001:db8::3")).toMatchObject({ code: "rate-limited", retryAfterMs: 20_000 });
    clock.advance(20_000);
    expect(addresses.mayJoin("2001:db8::3")).toBeUndefined();
    expect(addresses.mayJoin("192.0.2.1")).toBeUndefined();
  });

  it("[T5] post at their own rate", () => {
    const clock = new ManualClock();
    const addresses = new Addresses(clock, LIMITS);
    expect([addresses.mayPost("192.0.2.1"), addresses.mayPost("192.0.2.1")]).toEqual([undefined, undefined]);
    expect(addresses.mayPost("192.0.2.1")).toMatchObject({ code: "rate-limited", retryAfterMs: 1000 });
    expect(addresses.mayPost("192.0.2.2")).toBeUndefined();
    clock.advance(1000);
    expect(addresses.mayPost("192.0.2.1")).toBeUndefined();
  });

  it("have only so many records: those that say nothing go, and who comes when all say something shares one", () => {
    const clock = new ManualClock();
    const addresses = new Addresses(clock, LIMITS, 100);
    for (let index = 0; index < 1000; index++) addresses.mayJoin(`192.0.${index >> 8}.${index & 255}`);
    expect(addresses.size).toBe(100);
    expect(addresses.mayJoin("198.51.100.1"), "what the others spent is spent for it too").toMatchObject({ code: "rate-limited" });
    clock.advance(20_000);
    expect(addresses.mayJoin("198.51.100.2")).toBeUndefined();
    expect(addresses.size).toBe(1);
  });

  it("keep the record of an address that holds a session", () => {
    const clock = new ManualClock();
    const addresses = new Addresses(clock, LIMITS, 2);
    addresses.hold("192.0.2.1");
    addresses.hold("192.0.2.1");
    clock.advance(60_000);
    for (let index = 0; index < 10; index++) addresses.mayJoin(`198.51.100.${index}`);
    expect(addresses.mayJoin("192.0.2.1")).toMatchObject({ code: "full" });
  });
});

describe("the states of a session", () => {
  const present: SessionState = { kind: "present" };
  const away: SessionState = { kind: "away", sinceMs: 5 };
  const gone: SessionState = { kind: "gone", why: "left" };
  const heard: SessionEvent = { kind: "heard" };
  const lost: SessionEvent = { kind: "lost", atMs: 9 };
  const ended: SessionEvent = { kind: "ended", why: "lost" };

  it.each([
    [away, { kind: "greeted", atMs: 7 }, { kind: "away", sinceMs: 7 }],
    [present, { kind: "greeted", atMs: 7 }, { kind: "away", sinceMs: 7 }],
    [gone, { kind: "greeted", atMs: 7 }, gone],
    [present, heard, present],
    [present, lost, { kind: "away", sinceMs: 9 }],
    [present, ended, { kind: "gone", why: "lost" }],
    [away, heard, present],
    [away, lost, away],
    [away, ended, { kind: "gone", why: "lost" }],
    [gone, heard, gone],
    [gone, lost, gone],
    [gone, ended, gone],
  ] as const)("[S24] [S28] from %j, %j leads to %j", (state, event, to) => {
    expect(next(state, event)).toEqual(to);
  });
});
