import { describe, expect, it } from "vitest";
import { append, emptyTimeline, type TimelineItem } from "./timeline.ts";
import { higher, lower, type Place, windowOf } from "./timeline-window.ts";

const AT = new Date(2026, 5, 15, 12).getTime();

/** So many messages, each by another person than the one before. */
function talk(messages: number): readonly TimelineItem[] {
  const events = Array.from({ length: messages }, (_, index) => {
    return { kind: "message", offset: index + 1, at: AT, nick: index % 2 === 0 ? "Ana" : "Bo", message: "x" } as const;
  });
  return append(emptyTimeline(0), events).items;
}

describe("what is drawn of the timeline", () => {
  it("is all of a short one", () => {
    const items = talk(20);
    expect(windowOf(items, "end")).toEqual({ from: 0, to: items.length });
    expect(windowOf([], "end")).toEqual({ from: 0, to: 0 });
    expect(windowOf([], 7)).toEqual({ from: 0, to: 0 });
  });

  it("is the end of a long one, and no more than that", () => {
    const items = talk(50_000);
    const { from, to } = windowOf(items, "end");
    expect(to).toBe(items.length);
    expect(to - from).toBe(300);
  });

  it("counts lines, not items", () => {
    const events = Array.from({ length: 3000 }, (_, index) => {
      return { kind: "message", offset: index + 1, at: AT, nick: "Ana", message: "x" } as const;
    });
    const { items } = append(emptyTimeline(0), events);
    const { from, to } = windowOf(items, "end");
    const lines = items.slice(from, to).reduce((sum, item) => sum + (item.kind === "messages" ? item.lines.length : 1), 0);
    expect(lines).toBeGreaterThanOrEqual(300);
    expect(lines).toBeLessThan(340);
  });

  it("begins where an item shows the packet that was read, also in the middle of it", () => {
    const items = talk(1000);
    const index = items.findIndex((item) => item.kind === "messages" && item.first === 400);
    expect(windowOf(items, 400).from).toBe(index);
    const grown = items.map((item, at) => (at === index ? { ...item, first: 350 } : item));
    expect(windowOf(grown, 400).from).toBe(index);
  });

  it("reaches both ends in steps, and says when it has", () => {
    const items = talk(2000);
    let place: Place | undefined = "end";
    let steps = 0;
    while (place !== undefined && windowOf(items, place).from > 0 && steps++ < 100) place = higher(items, windowOf(items, place));
    expect(higher(items, windowOf(items, place ?? "end"))).toBeUndefined();
    expect(steps).toBeGreaterThan(5);
    for (steps = 0; place !== undefined && steps < 100; steps++) {
      const next = lower(items, windowOf(items, place));
      if (next === undefined) break;
      expect(next).not.toBe(place);
      place = next;
    }
    expect(windowOf(items, place ?? 0).to).toBe(items.length);
  });
});
