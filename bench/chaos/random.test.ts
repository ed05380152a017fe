import { expect, it } from "vitest";
import { Random } from "./random.ts";

const draws = (random: Random) => Array.from({ length: 50 }, () => random.next());

it("draws the same from the same seed, and something else from another", () => {
  expect(draws(new Random(7))).toEqual(draws(new Random(7)));
  expect(draws(new Random("7"))).toEqual(draws(new Random(7)));
  expect(draws(new Random(8))).not.toEqual(draws(new Random(7)));
});

it("forks by name, whatever was drawn before", () => {
  const used = new Random(7);
  draws(used);
  expect(draws(used.fork("a"))).toEqual(draws(new Random(7).fork("a")));
  expect(draws(used.fork("a"))).not.toEqual(draws(used.fork("b")));
  expect(draws(used.fork("a").fork("b"))).not.toEqual(draws(used.fork("b").fork("a")));
});

it("is spread evenly, from the first draw of each seed on", () => {
  const first = Array.from({ length: 10_000 }, (_, seed) => new Random(seed).next());
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = first.filter((value) => Math.floor(value * 10) === tenth).length;
    expect(count).toBeGreaterThan(850);
    expect(count).toBeLessThan(1150);
  }
});

it("draws both ends of a range, each of a list, and as often as the chance says", () => {
  const random = new Random("ends");
  const range = new Set(Array.from({ length: 200 }, () => random.between(3, 6)));
  expect([...range].sort()).toEqual([3, 4, 5, 6]);
  expect(random.between(5, 5)).toBe(5);
  expect([...new Set(Array.from({ length: 200 }, () => random.pick(["a", "b", "c"])))].sort()).toEqual(["a", "b", "c"]);
  expect(() => random.pick([])).toThrow();
  const hits = Array.from({ length: 10_000 }, () => random.chance(0.3)).filter(Boolean).length;
  expect(hits).toBeGreaterThan(2700);
  expect(hits).toBeLessThan(3300);
  expect(Array.from({ length: 200 }, () => random.chance(0)).some(Boolean)).toBe(false);
  expect(Array.from({ length: 200 }, () => random.chance(1)).every(Boolean)).toBe(true);
});
