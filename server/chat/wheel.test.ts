import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { type Due, Wheel } from "./wheel.ts";

class Beat implements Due {
  scheduledMs = Number.POSITIVE_INFINITY;
  readonly heardMs: number[] = [];
  everyMs: number;

  constructor(everyMs: number) {
    this.everyMs = everyMs;
  }

  due(nowMs: number): number {
    this.heardMs.push(nowMs);
    return nowMs + this.everyMs;
  }
}

describe("the wheel", () => {
  it("looks at each thing when it is due: never early, and late by one slot at the most", () => {
    const clock = new ManualClock();
    const wheel = new Wheel(clock, 10);
    const beats = [25, 100, 101, 999].map((everyMs) => new Beat(everyMs));
    const startMs = clock.now();
    for (const beat of beats) wheel.schedule(beat, startMs + beat.everyMs);
    clock.advance(2000);
    for (const { everyMs, heardMs } of beats) {
      let dueMs = startMs + everyMs;
      expect(heardMs.length).toBeGreaterThan(0);
      for (const atMs of heardMs) {
        expect(atMs).toBeGreaterThanOrEqual(dueMs);
        expect(atMs).toBeLessThanOrEqual(dueMs + 10);
        dueMs = atMs + everyMs;
      }
      expect(dueMs).toBeGreaterThan(startMs + 2000 - 10);
    }
  });

  it("moves a thing forward, never back", () => {
    const clock = new ManualClock();
    const wheel = new Wheel(clock, 10);
    const beat = new Beat(Number.POSITIVE_INFINITY);
    const startMs = clock.now();
    wheel.schedule(beat, startMs + 500);
    wheel.schedule(beat, startMs + 900);
    wheel.schedule(beat, startMs + 100);
    clock.advance(1000);
    expect(beat.heardMs).toEqual([startMs + 100]);
  });

  it("lets go of what is removed, and of everything when it stops", () => {
    const clock = new ManualClock();
    const wheel = new Wheel(clock, 10);
    const [removed, stopped] = [new Beat(50), new Beat(500)];
    wheel.schedule(removed, clock.now() + 50);
    wheel.schedule(stopped, clock.now() + 500);
    wheel.remove(removed);
    clock.advance(100);
    wheel.stop();
    clock.advance(1000);
    expect([removed.heardMs, stopped.heardMs]).toEqual([[], []]);
  });
});
