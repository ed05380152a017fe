import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RoomEvent } from "../../shared/connection/connection-event.ts";
import {
  append,
  emptyTimeline,
  GROUP_MS,
  isFull,
  prepend,
  summarise,
  type Timeline,
  type TimelineEvent,
  withinBound,
  withoutUnread,
} from "./timeline.ts";

// Noon, so that a few minutes do not reach another day in any time zone.
const NOON = new Date(2026, 5, 15, 12).getTime();
const DAY = 24 * 3_600_000;

function message(offset: number, nick: string, text = `${nick} ${offset}`, at = NOON): RoomEvent {
  return { kind: "message", offset, at, nick, message: text };
}

/** A timeline in short: what stands there, in order. */
function sketch({ items }: Timeline): string[] {
  return [...items].map((item) => {
    switch (item.kind) {
      case "messages":
        return `${item.nick}: ${item.lines.map((line) => line.offset).join(" ")}`;
      case "moves":
        return item.moves.map(({ nick, how }) => `${nick} ${how}`).join(", ");
      case "gap":
        return `gap of ${item.count}`;
      default:
        return item.kind;
    }
  });
}

describe("the timeline", () => {
  it("groups what one person says within five minutes, from the first of it on", () => {
    const late = NOON + GROUP_MS;
    const events = [message(1, "Ana"), message(2, "Ana", "x", late - 1), message(3, "Ana", "x", late), message(4, "Bo", "x", late)];
    expect(sketch(append(emptyTimeline(0), events))).toEqual(["day", "Ana: 1 2", "Ana: 3", "Bo: 4"]);
  });

  it("does not take two spellings of a name for one", () => {
    expect(sketch(append(emptyTimeline(0), [message(1, "Ana"), message(2, "ANA")]))).toEqual(["day", "Ana: 1", "ANA: 2"]);
  });

  it("separates days, also within a group", () => {
    const midnight = new Date(2026, 5, 16).getTime();
    const events = [message(1, "Ana", "x", midnight - 1), message(2, "Ana", "x", midnight)];
    expect(sketch(append(emptyTimeline(0), events))).toEqual(["day", "Ana: 1", "day", "Ana: 2"]);
  });

  it("folds comings and goings that follow each other", () => {
    const events: TimelineEvent[] = [
      { kind: "joined", offset: 1, at: NOON, nicks: ["Ana", "Bo"] },
      { kind: "left", offset: 3, at: NOON, nicks: ["Bo"], why: "lost" },
      message(4, "Ana"),
      { kind: "joined", offset: 5, at: NOON, nicks: ["Bo"] },
    ];
    expect(sketch(append(emptyTimeline(0), events))).toEqual(["day", "Ana came, Bo came, Bo lost", "Ana: 4", "Bo came"]);
  });

  it("says what people did on balance", () => {
    const moves = [
      { nick: "Ana", how: "came" },
      { nick: "Bo", how: "came" },
      { nick: "bo", how: "left" },
      { nick: "Cy", how: "left" },
      { nick: "Cy", how: "came" },
      { nick: "Di", how: "came" },
      { nick: "Di", how: "removed" },
      { nick: "Ed", how: "lost" },
    ] as const;
    expect(summarise(moves)).toEqual({ came: ["Ana"], back: ["Cy"], passed: ["bo"], left: [], lost: ["Ed"], removed: ["Di"] });
  });

  it("says how many packets are gone, and goes on after them", () => {
    const events: TimelineEvent[] = [message(1, "Ana"), { kind: "gap", from: 2, to: 38, at: NOON }, message(39, "Ana")];
    const timeline = append(emptyTimeline(0), events);
    expect(sketch(timeline)).toEqual(["day", "Ana: 1", "gap of 37", "Ana: 39"]);
    expect(timeline.end).toBe(39);
  });

  it("leaves out what it knows already", () => {
    const timeline = append(emptyTimeline(0), [message(1, "Ana"), message(2, "Ana")]);
    expect(append(timeline, [message(1, "Ana"), message(2, "Ana")])).toBe(timeline);
    expect(sketch(append(timeline, [message(2, "Ana"), message(3, "Ana")]))).toEqual(["day", "Ana: 1 2 3"]);
  });

  it("marks where unread begins, once, and the group ends there", () => {
    const read = append(emptyTimeline(0), [message(1, "Ana")]);
    const once = append(read, [message(2, "Ana"), message(3, "Ana")], 2);
    expect(sketch(once)).toEqual(["day", "Ana: 1", "unread", "Ana: 2 3"]);
    const again = append(once, [message(4, "Ana")], 4);
    expect(sketch(again)).toEqual(["day", "Ana: 1", "Ana: 2 3", "unread", "Ana: 4"]);
    expect(sketch(withoutUnread(again))).toEqual(["day", "Ana: 1", "Ana: 2 3", "Ana: 4"]);
  });

  it("keeps the items that stay, so that they need not be drawn again", () => {
    const before = append(emptyTimeline(0), [message(1, "Ana"), message(2, "Bo"), message(3, "Bo")]);
    const after = append(before, [message(4, "Bo")]);
    expect(after.items.slice(0, 2)).toEqual(before.items.slice(0, 2));
    for (const [index, item] of after.items.slice(0, 2).entries()) expect(item).toBe(before.items.at(index));
    expect(after.items.at(2)).not.toBe(before.items.at(2));
    expect(after.items.at(2)?.key).toBe(before.items.at(2)?.key);
  });

  it("puts an older page before what it has, without a seam", () => {
    const newer = append(emptyTimeline(3), [message(4, "Ana"), message(5, "Bo")]);
    const older = prepend(newer, 1, [message(1, "Bo", "x", NOON - DAY), message(2, "Ana"), message(3, "Ana")]);
    expect(sketch(older)).toEqual(["day", "Bo: 1", "day", "Ana: 2 3 4", "Bo: 5"]);
    expect(older.before).toBe(1);
    // What was on screen keeps its key.
    expect(older.items.at(3)?.key).toBe(newer.items.at(1)?.key);
    expect(older.items.at(4)).toBe(newer.items.at(2));
  });

  it("takes an empty page as an answer, too", () => {
    const newer = append(emptyTimeline(3), [message(4, "Ana")]);
    expect(prepend(newer, 2, [])).toEqual({ ...newer, before: 2 });
  });
});

describe("a page that stays open", () => {
  const talk = Array.from({ length: 3000 }, (_, index) => message(index + 1, index % 3 === 0 ? "Ana" : "Bo", "x", NOON + index));

  it("forgets the oldest tenth of too long a timeline, and can ask for it again", () => {
    const whole = append(emptyTimeline(0), talk);
    expect(whole.size).toBe(3000);
    expect(withinBound(whole, 3000)).toBe(whole);
    const kept = withinBound(whole, 2999);
    expect(kept.size).toBeLessThanOrEqual(2700);
    expect([isFull(whole, 2999), isFull(kept, 2999)]).toEqual([true, false]);
    expect(kept.size).toBeGreaterThan(2000);
    expect(kept.before).toBe(3000 - kept.size + 1);
    expect(kept.items.at(0)?.kind).toBe("day");
    expect(kept.end).toBe(3000);
    const again = prepend(kept, 1, talk.slice(0, kept.before - 1));
    expect(again.size).toBe(3000);
    expect(sketch(again).filter((text) => text === "day")).toEqual(["day"]);
    expect(again.items.length).toBe(whole.items.length);
  });

  it("never holds more, whatever comes", () => {
    let timeline = emptyTimeline(0);
    for (const [index, event] of talk.entries()) {
      timeline = withinBound(append(timeline, [event]), 1000);
      expect(timeline.size).toBeLessThanOrEqual(1000);
      if (index % 500 === 499) expect([...timeline.items].at(-1)?.last).toBe(event.offset);
    }
    const lines = [...timeline.items].reduce((sum, item) => sum + (item.kind === "messages" ? item.lines.length : 0), 0);
    expect(lines).toBe(timeline.size);
  });

  it("copies only what is near to the end", () => {
    const before = append(emptyTimeline(0), talk);
    const after = append(before, [message(3001, "Cy")]);
    expect(after.items.length).toBe(before.items.length + 1);
    expect(before.items.at(-1)?.last).toBe(3000);
    expect(after.items.at(-1)?.last).toBe(3001);
  });
});

describe("however it came", () => {
  const said = fc.record({
    kind: fc.constantFrom("message", "joined", "left", "renamed", "notice"),
    nick: fc.constantFrom("Ana", "Bo"),
    pauseMs: fc.constantFrom(0, 1000, GROUP_MS, DAY),
  });
  const log = fc.array(said, { maxLength: 60 }).map((entries) => {
    let at = NOON;
    return entries.map(({ kind, nick, pauseMs }, index): RoomEvent => {
      at += pauseMs;
      const place = { offset: index + 1, at };
      switch (kind) {
        case "joined":
          return { ...place, kind, nicks: [nick] };
        case "left":
          return { ...place, kind, nicks: [nick], why: "left" };
        case "renamed":
          return { ...place, kind, from: nick, to: "Cy" };
        case "notice":
          return { ...place, kind, text: "x" };
        default:
          return { ...place, kind: "message", nick, message: "x" };
      }
    });
  });

  it("one by one or all at once, the timeline is the same", () => {
    fc.assert(
      fc.property(log, (events) => {
        const whole = append(emptyTimeline(0), events);
        const single = events.reduce((timeline, event) => append(timeline, [event]), emptyTimeline(0));
        expect(single).toEqual(whole);
      }),
    );
  });

  it("in older pages or at once, every packet stands there once and in order", () => {
    fc.assert(
      fc.property(log, fc.integer({ min: 1, max: 20 }), (events, size) => {
        let timeline = emptyTimeline(events.length);
        while (timeline.before > 1) {
          const first = Math.max(1, timeline.before - size);
          timeline = prepend(timeline, first, events.slice(first - 1, timeline.before - 1));
        }
        const shown = [...timeline.items].flatMap((item) => {
          if (item.kind === "messages") return item.lines.map((line) => line.offset);
          if (item.kind === "moves") return item.moves.map((_, index) => item.first + index);
          return item.kind === "day" ? [] : [item.first];
        });
        expect(shown).toEqual(events.map((event) => event.offset));
        const days = [...timeline.items].filter((item) => item.kind === "day").map((item) => new Date(item.at).toDateString());
        expect(days).toEqual([...new Set(events.map((event) => new Date(event.at).toDateString()))]);
      }),
    );
  });
});
