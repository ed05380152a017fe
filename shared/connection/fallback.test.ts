import { describe, expect, it } from "vitest";
import { type Fallback, type FallbackEvent, firstFallback, nextFallback, planRace, UPGRADE_EVERY_MS, upgradeMs } from "./fallback.ts";

const BOTH = { webSocket: true, only: undefined };

function remembering(...events: FallbackEvent[]): Fallback {
  return events.reduce(nextFallback, firstFallback(undefined));
}

function cut(nowMs: number): FallbackEvent {
  return { kind: "cut", nowMs };
}

const welcomed: FallbackEvent = { kind: "welcomed" };

describe("who goes first", () => {
  it("WebSocket, with long polling to join in", () => {
    expect(planRace(firstFallback(undefined), BOTH)).toEqual({ first: "websocket", pollingJoins: true });
  });

  it("long polling alone where there is no WebSocket", () => {
    expect(planRace(firstFallback(undefined), { webSocket: false, only: undefined })).toEqual({ first: "long-poll", pollingJoins: false });
  });

  it("long polling alone, and at once, where that is what worked before", () => {
    expect(planRace(firstFallback("long-poll"), BOTH)).toEqual({ first: "long-poll", pollingJoins: false });
  });

  it("the one that was asked for, whatever is remembered", () => {
    expect(planRace(firstFallback("long-poll"), { webSocket: true, only: "websocket" })).toEqual({
      first: "websocket",
      pollingJoins: false,
    });
    expect(planRace(firstFallback(undefined), { webSocket: true, only: "long-poll" })).toEqual({ first: "long-poll", pollingJoins: false });
  });
});

describe("WebSocket counts as failed", () => {
  it("when it was cut twice within 30 s", () => {
    expect(remembering(welcomed, cut(1_000)).failed).toBe(false);
    expect(remembering(welcomed, cut(1_000), cut(31_000)).failed).toBe(true);
    expect(remembering(welcomed, cut(1_000), cut(31_001)).failed).toBe(false);
    expect(remembering(welcomed, cut(1_000), cut(40_000), cut(60_000)).failed).toBe(true);
  });

  it("when it gave no welcome where long polling did, unless it has worked before", () => {
    expect(remembering({ kind: "passed-by", nowMs: 0 }).failed).toBe(true);
    expect(remembering(welcomed, { kind: "passed-by", nowMs: 0 }).failed).toBe(false);
    expect(remembering(welcomed, { kind: "passed-by", nowMs: 0 }, { kind: "passed-by", nowMs: 5_000 }).failed).toBe(true);
  });

  it("until it brings a welcome, and no longer", () => {
    const failed = remembering(welcomed, cut(0), cut(1));
    expect(nextFallback(failed, cut(90_000)).failed).toBe(true);
    expect(nextFallback(failed, welcomed).failed).toBe(false);
  });
});

it("on polling, WebSocket is tried again every three minutes; soon, where it was only unlucky", () => {
  expect(upgradeMs(remembering({ kind: "passed-by", nowMs: 0 }))).toBe(UPGRADE_EVERY_MS);
  expect(UPGRADE_EVERY_MS).toBe(180_000);
  expect(upgradeMs(remembering(welcomed, { kind: "passed-by", nowMs: 0 }))).toBe(5_000);
});
