import { describe, expect, it } from "vitest";
import { slow } from "./slow.ts";

const SHORT = {
  clients: 20,
  polls: 6,
  tcp: 4,
  megabytes: 20,
  "warm-up": 5,
  receivers: 3,
  speakers: 4,
  latency: 10,
  stagger: false,
  profile: "",
};
/** Of what grows with the log when nothing is bounded there would be 20 × 20 MB. */
const MOST_MIB = 50;

describe("receivers that stop reading", () => {
  it("[X5] cost a cursor, not memory, and have all of it in order when they read again", { timeout: 240_000 }, async () => {
    const { faults, before, after, peakAnon, withGap, behind } = await slow({ ...SHORT, history: 1_000_000 });
    expect(faults).toEqual([]);
    expect(behind).toBeGreaterThan(8000);
    expect(withGap).toBe(0);
    expect(peakAnon - before.rssAnon).toBeLessThan(MOST_MIB);
    expect(after.heap + after.external - before.heap - before.external).toBeLessThan(MOST_MIB / 5);
  });

  it("[L6] are told of a gap where the log no longer has what they missed, and have all after it", { timeout: 240_000 }, async () => {
    const { faults, before, peakAnon, withGap } = await slow({ ...SHORT, megabytes: 10, history: 1000 });
    expect(faults).toEqual([]);
    expect(withGap).toBe(SHORT.clients);
    expect(peakAnon - before.rssAnon).toBeLessThan(MOST_MIB);
  });
});
