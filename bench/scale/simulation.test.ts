import { describe, expect, it } from "vitest";
import { type Costs, simulate } from "./simulation.ts";

const COSTS: Costs = { commit: 50, message: 5, tell: 5, write: 10, roundTrip: 200 };

describe("a room on many nodes, simulated", () => {
  it("costs what a calm room costs: a round trip, a commit, and handing it to everybody", () => {
    const { medianMs, batch, redis, node } = simulate({ nodes: 1, people: 100, rate: 1, seconds: 1000 }, COSTS);
    expect(medianMs).toBeCloseTo((200 + 60 + 100 * 10) / 1000, 3);
    expect(batch).toBe(1);
    expect(redis).toBeCloseTo(60e-6, 5);
    expect(node).toBeCloseTo(1000e-6, 4);
  });

  it("shares receivers among nodes, and gathers where it would fall behind", () => {
    const calm = { people: 10_000, rate: 2, seconds: 100 };
    expect(simulate({ ...calm, nodes: 4 }, COSTS).medianMs).toBeCloseTo(simulate({ ...calm, nodes: 1 }, COSTS).medianMs / 4, -1);
    // A hundred messages a second to 10,000 people would be ten seconds of work each second.
    const busy = simulate({ nodes: 1, people: 10_000, rate: 100, seconds: 20 }, COSTS);
    expect(busy.batch).toBeGreaterThan(10);
    expect(busy.worstMs).toBeLessThan(1000);
    expect(busy.node).toBeLessThanOrEqual(1);
    // Also what others commit: forty nodes that each were handed each commit by itself would never come to an end.
    expect(simulate({ nodes: 40, people: 1_000_000, rate: 100, seconds: 10 }, COSTS).worstMs).toBeLessThan(2000);
  });

  it("comes out the same each time", () => {
    const room = { nodes: 3, people: 500, rate: 50, seconds: 10 };
    expect(simulate(room, COSTS)).toEqual(simulate(room, COSTS));
  });
});
