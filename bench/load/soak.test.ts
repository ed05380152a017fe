import { describe, expect, it } from "vitest";
import { SOAK_DEFAULTS, soak } from "./soak.ts";

describe("people who come and go", () => {
  it("[S24 to S27] are all let in, and leave nothing that grows out of hand", { timeout: 240_000 }, async () => {
    const { faults, tally, samples } = await soak({
      ...SOAK_DEFAULTS,
      seconds: 20,
      "joins-a-minute": 600,
      "sample-seconds": 2,
      "warm-up": 8,
    });
    expect(faults).toEqual([]);
    expect(tally.failed).toBe(0);
    expect(tally.joins).toBeGreaterThan(100);
    expect(
      Math.min(tally.messages, tally.refused, tally.histories, tally.droppedPolls, tally.left, tally.lingered, tally.lost),
    ).toBeGreaterThan(0);
    // Generous: what a minute of this leaves behind is a fraction of a MiB; a session that were never let go of is 20 KiB.
    const [first, last] = [samples[0], samples.at(-1)];
    const grown = (last?.memory.heap ?? 0) + (last?.memory.external ?? 0) - (first?.memory.heap ?? 0) - (first?.memory.external ?? 0);
    expect(grown).toBeLessThan(20);
  });
});
