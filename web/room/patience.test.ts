import { expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { Patience } from "./patience.ts";

it("is over after 4 s of one wait, however often it is said that it lasts", () => {
  const clock = new ManualClock();
  const patience = new Patience(clock);
  patience.watch(true);
  clock.pass(3_000);
  patience.watch(true);
  clock.pass(999);
  expect(patience.over.value).toBe(false);
  clock.pass(1);
  expect(patience.over.value).toBe(true);
  patience.watch(true);
  expect(patience.over.value).toBe(true);
});

it("begins anew with each wait, and leaves no timer behind", () => {
  const clock = new ManualClock();
  const patience = new Patience(clock);
  patience.watch(true);
  clock.pass(3_999);
  patience.watch(false);
  expect(clock.waiting).toBe(0);
  patience.watch(true);
  clock.pass(3_999);
  expect(patience.over.value).toBe(false);
  clock.pass(1);
  expect(patience.over.value).toBe(true);
  patience.watch(false);
  expect(patience.over.value).toBe(false);
});
