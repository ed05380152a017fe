import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TimelineItem } from "./timeline.ts";
import { TimelineItems } from "./timeline-items.ts";

function item(first: number): TimelineItem {
  return { kind: "day", key: `day${first}`, first, last: first, at: 0 };
}

function range(from: number, to: number): TimelineItem[] {
  return Array.from({ length: to - from }, (_, index) => item(from + index));
}

/** A list that was put together of pieces, as pages and messages come, and the same as an array. */
const lists = fc.array(fc.nat({ max: 300 }), { maxLength: 6 }).map((sizes) => {
  let items = TimelineItems.EMPTY;
  let count = 0;
  for (const size of sizes) {
    items = items.before(TimelineItems.of(range(count, count + size)));
    count += size;
  }
  return { items, array: range(0, count) };
});

describe("a list of items", () => {
  it("is as an array with the same items", () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: -1600, max: 1600 }), fc.nat(1600), fc.nat(1600), ({ items, array }, index, from, to) => {
        expect(items.length).toBe(array.length);
        expect([...items]).toEqual(array);
        expect(items.at(index)).toEqual(array.at(index));
        expect(items.slice(from, to)).toEqual(array.slice(from, to));
      }),
    );
  });

  it("comes apart at either end, and together again", () => {
    fc.assert(
      fc.property(lists, ({ items, array }) => {
        const [rest, end] = items.splitEnd();
        expect([...rest, ...end]).toEqual(array);
        expect(end.length > 0).toBe(array.length > 0);
        const [start, others] = items.splitStart();
        expect([...start, ...others]).toEqual(array);
        expect(start.length).toBeGreaterThanOrEqual(Math.min(2, array.length));
      }),
    );
  });

  it("is another one without some, and the same where there are none of them", () => {
    const items = TimelineItems.of(range(0, 1000));
    expect(items.without(({ first }) => first === 1000)).toBe(items);
    const fewer = items.without(({ first }) => first % 2 === 0);
    expect([...fewer]).toEqual(range(0, 1000).filter(({ first }) => first % 2 === 1));
    expect(fewer.at(499)?.first).toBe(999);
    expect(items.length).toBe(1000);
  });

  it("does not change when somebody changes what they took out of it", () => {
    const items = TimelineItems.of(range(0, 10));
    items.splitEnd()[1].push(item(10));
    items.splitStart()[0].shift();
    items.slice(0, 10).pop();
    expect([...items]).toEqual(range(0, 10));
  });
});
