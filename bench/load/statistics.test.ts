import { describe, expect, it } from "vitest";
import { quantile, slope } from "./statistics.ts";

describe("figures of the loads", () => {
  it("finds the line through points, and how far it may be off", () => {
    const exact = slope([0, 1, 2, 3, 4].map((x) => [x, 10 - 3 * x] as const));
    expect(exact.perX).toBeCloseTo(-3);
    expect(exact.standardError).toBeCloseTo(0);
    const noisy = slope([0, 1, 2, 3].map((x) => [x, x + (x % 2 === 0 ? 1 : -1)] as const));
    expect(noisy.perX).toBeCloseTo(0.6);
    // By hand: the residuals' squares sum to 3.2; √(3.2 / 2 / 5).
    expect(noisy.standardError).toBeCloseTo(0.5657, 3);
  });

  it("gives the value at a share by the nearest rank", () => {
    const values = [5, 1, 4, 2, 3];
    expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 3, 5, 5]);
    expect(quantile([], 0.5)).toBeNaN();
  });
});
