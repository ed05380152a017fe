import fc from "fast-check";
import { expect, it } from "vitest";
import { Backoff, backoffMs, jitteredMs } from "./backoff.ts";

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const ALMOST = 1 - 2 ** -53;

it("[S45] doubles from 0.25 s to 20 s", () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1000].map((attempt) => Math.round(backoffMs(attempt, ALMOST)));
  expect(longest).toEqual([250, 500, 1000, 2000, 4000, 8000, 16000, 20000, 20000, 20000]);
});

it("[S45] has full jitter: anything from nothing to the whole", () => {
  expect(backoffMs(5, 0)).toBe(0);
  expect(backoffMs(5, 0.5)).toBe(2000);
});

it("[S45] never comes back before the server said, and not everybody together", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), random, fc.integer({ min: 0, max: 12 }), (atLeastMs, chance, before) => {
      const backoff = new Backoff();
      for (let failure = 0; failure < before; failure++) backoff.failed(0, chance);
      expect(backoff.failed(0, chance, atLeastMs)).toBeGreaterThanOrEqual(atLeastMs);
    }),
  );
  expect(jitteredMs(1000, 0.9)).toBeGreaterThan(jitteredMs(1000, 0.1));
});

it("[S45] starts over after 10 s of a good connection, and not before", () => {
  const backoff = new Backoff();
  for (let failure = 0; failure < 4; failure++) backoff.failed(0, 0.5);
  expect(backoff.attempt).toBe(5);
  backoff.opened(1_000);
  expect(backoff.failed(10_999, ALMOST)).toBeCloseTo(4000);
  backoff.opened(20_000);
  backoff.opened(25_000); // welcomed again on the way: as good as before
  expect(backoff.failed(30_000, ALMOST)).toBeCloseTo(250);
  expect(backoff.attempt).toBe(2);
});

it("[S44] says hello again at once, but only once in a row", () => {
  const backoff = new Backoff();
  expect(backoff.failedOnce(0, 0.5)).toBe(0);
  expect(backoff.failedOnce(0, 0.5)).toBe(250);
  expect(backoff.failedOnce(0, 0.5)).toBe(500);
});
