import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { append, emptyTimeline } from "./timeline.ts";
import { TimelineItems } from "./timeline-items.ts";
import { higher, lower, type Place, windowOf } from "./timeline-window.ts";

const AT = new Date(2026, 5, 15, 12).getTime();

/** So many messages, each by another person than the one before. */
function talk(messages: number): TimelineItems {
  const events = Array.from({ length: messages }, (_, index) => {
    return { kind: "message", offset: index + 1, at: AT, nick: index % 2 === 0 ? "Ana" : "Bo", message: "x" } as const;
  });
  return append(emptyTimeline(0), events).items;
}

describe("what is drawn of the timeline", () => {
  it("is all of a short one", () => {
    const items = talk(20);
    expect(windowOf(items, "end")).toEqual({ from: 0, to: items.length });
    expect(windowOf(TimelineItems.EMPTY, "end")).toEqual({ from: 0, to: 0 });
    expect(windowOf(TimelineItems.EMPTY, 7)).toEqual({ from: 0, to: 0 });
  });

  it("is the end of a long one, and no more than that", () => {
    const items = talk(50_000);
    const { from, to } = windowOf(items, "end");
    expect(to).toBe(items.length);
    expect(to - from).toBeGreaterThanOrEqual(160);
    expect(to - from).toBeLessThan(250);
  });

  it("counts lines, not items", () => {
    const events = Array.from({ length: 3000 }, (_, index) => {
      return { kind: "message", offset: index + 1, at: AT, nick: "Ana", message: "x" } as const;
    });
    const { items } = append(emptyTimeline(0), events);
    const { from, to } = windowOf(items, "end");
    const lines = items.slice(from, to).reduce((sum, item) => sum + (item.kind === "messages" ? item.lines.length : 1), 0);
    expect(lines).toBeGreaterThanOrEqual(160);
    expect(lines).toBeLessThan(300);
  });

  it("loses nothing at its top with most of what comes at the end", () => {
    const tops = Array.from({ length: 40 }, (_, more) => windowOf(talk(1000 + more), "end").from);
    expect(new Set(tops).size).toBeLessThanOrEqual(2);
  });

  it("is less of it where messages are long", () => {
    const lines = (message: string) => {
      const events = Array.from({ length: 1000 }, (_, index) => {
        return { kind: "message", offset: index + 1, at: AT, nick: index % 2 === 0 ? "Ana" : "Bo", message } as const;
      });
      const { from, to } = windowOf(append(emptyTimeline(0), events).items, "end");
      return to - from;
    };
    expect(lines("x".repeat(999))).toBeLessThan(lines("x") / 5);
    expect(lines("x\n".repeat(400))).toBeLessThan(10);
  });

  it("still shows the end when somebody begins to read back from there, whatever was said", () => {
    const text = fc.constantFrom("x", "x".repeat(999), "x\n".repeat(400));
    const said = fc.array(fc.record({ nick: fc.constantFrom("Ana", "Bo"), message: text }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(said, fc.integer({ min: 1, max: 20 }), (talk, times) => {
        const events = Array.from({ length: times }, () => talk).flat();
        const { items } = append(
          emptyTimeline(0),
          events.map((event, index) => ({ ...event, kind: "message", offset: index + 1, at: AT })),
        );
        const { from } = windowOf(items, "end");
        const pinned = windowOf(items, items.at(from)?.first ?? 0);
        expect(pinned.from).toBeLessThanOrEqual(from);
        expect(pinned.to).toBe(items.length);
      }),
    );
  });

  it("begins where an item shows the packet that was read, also in the middle of it", () => {
    const items = talk(1000);
    const index = [...items].findIndex((item) => item.kind === "messages" && item.first === 400);
    expect(windowOf(items, 400).from).toBe(index);
    const grown = TimelineItems.of([...items].map((item, at) => (at === index ? { ...item, first: 350 } : item)));
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
