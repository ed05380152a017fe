import { expect, it } from "vitest";
import { checkNickname } from "../../shared/nickname.ts";
import { Doings, type Pattern } from "./doings.ts";
import { Random } from "./random.ts";
import { drawProfile } from "./weather.ts";

const STEPS = 5000;

function plan(seed: number, pattern: Pattern) {
  const doings = new Doings("r1", pattern, new Random(seed));
  return Array.from({ length: STEPS }, () => doings.next());
}

it("the same seed gives the same plan, and another one another", () => {
  const pattern = { everyMs: 1000, steady: false };
  expect(plan(1, pattern)).toEqual(plan(1, pattern));
  expect(plan(1, pattern)).not.toEqual(plan(2, pattern));
  expect(drawProfile(new Random(3))).toEqual(drawProfile(new Random(3)));
});

it("does all that there is to do, at the pace that is asked for, and says nothing twice", () => {
  const steps = plan(1, { everyMs: 1000, steady: false });
  const kinds = new Set(steps.map(({ doing }) => doing.kind));
  expect([...kinds].sort()).toEqual(["leave", "probe", "reload", "rename", "say", "switch", "web-sockets"]);
  const averageMs = steps.reduce((sum, { afterMs }) => sum + afterMs, 0) / STEPS;
  expect(averageMs).toBeGreaterThan(900);
  expect(averageMs).toBeLessThan(1100);
  const texts = steps.flatMap(({ doing }) => (doing.kind === "say" ? doing.texts : []));
  expect(new Set(texts).size).toBe(texts.length);
  expect(texts.every((text) => text.trim() === text && Buffer.byteLength(text) <= 999)).toBe(true);
  const wanted = steps.flatMap(({ doing }) => (doing.kind === "rename" && doing.to !== undefined ? [doing.to] : []));
  expect(wanted.every((nick) => checkNickname(nick).ok)).toBe(true);
});

it("where it is steady, nobody comes, goes, lingers or takes another name", () => {
  const steps = plan(1, { everyMs: 1000, steady: true });
  expect(steps.filter(({ doing }) => doing.kind === "leave" || doing.kind === "rename")).toEqual([]);
  expect(steps.filter(({ doing }) => doing.kind === "reload" && doing.how === "linger")).toEqual([]);
});
