import { effect } from "@preact/signals";
import { expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { Countdown } from "./countdown.ts";

it("counts whole seconds down to nothing, and stops when it is told to", () => {
  const clock = new ManualClock();
  const countdown = new Countdown(clock);
  const seen: (number | undefined)[] = [];
  effect(() => void seen.push(countdown.seconds.value));
  countdown.until(clock.now() + 3400);
  clock.pass(3400);
  expect(seen).toEqual([undefined, 4, 3, 2, 1, 0]);
  countdown.until(clock.now() + 5000);
  countdown.until(undefined);
  clock.pass(10_000);
  expect(seen.slice(6)).toEqual([5, undefined]);
  expect(clock.waiting).toBe(0);
});
