import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it } from "vitest";
import type { ConnectionEvent } from "../../shared/connection/connection-event.ts";
import type { OutboxEntry } from "../../shared/connection/outbox.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { type Announcement, Announcements } from "./announcements.ts";

const WELCOME = { kind: "welcome", nick: "Ana", room: "lobby", resumed: false, fresh: true, offset: 10, online: 2 } as const;
const ROSTER: ConnectionEvent = { kind: "roster", nicks: ["Ana", "Bo"], online: 2 };
const BACK: ConnectionEvent = { ...WELCOME, resumed: true, fresh: false };

const clock = new ManualClock();
const visible = signal(true);
let announcements: Announcements;
/** All that was said, each once as a screen reader says it: when it appears. */
let spoken: string[];

beforeEach(() => {
  visible.value = true;
  announcements = new Announcements(clock, visible);
  spoken = [];
  const heard = new Set<number>();
  announcements.current.subscribe((current) => {
    for (const each of current.filter(({ id }) => !heard.has(id))) {
      heard.add(each.id);
      spoken.push(read(each));
    }
  });
});

function read(each: Announcement): string {
  switch (each.kind) {
    case "message":
      return `${each.nick}: ${each.message}`;
    case "notice":
      return `! ${each.text}`;
    case "count":
      return `${each.count} new`;
    case "refused":
      return `refused: ${each.code}`;
  }
}

function says(offset: number, message = `m${offset}`, nick = "Bo"): ConnectionEvent {
  return { kind: "message", offset, at: 0, nick, message };
}

function refused(...ids: number[]): OutboxEntry[] {
  return ids.map((id) => ({ id, text: "x", typedAt: 0, state: { kind: "refused", code: "rate-limited", message: "" } }));
}

function brings(...events: ConnectionEvent[]): void {
  announcements.take(events, "Ana");
}

function comesIn(): void {
  brings(WELCOME, ROSTER);
}

describe("what is announced", () => {
  it("is what others say, once, however often it comes", () => {
    comesIn();
    brings(says(11));
    brings(says(11), says(12));
    clock.pass(60_000);
    brings(says(12));
    clock.pass(60_000);
    expect(spoken).toEqual(["Bo: m11", "Bo: m12"]);
  });

  it("is not the history, though it comes in pieces and slowly", () => {
    brings(WELCOME, says(11));
    clock.pass(4000);
    brings(says(12), { kind: "notice", offset: 13, at: 0, text: "old" });
    clock.pass(4000);
    brings(says(14), ROSTER, says(15));
    clock.pass(60_000);
    expect(spoken).toEqual(["Bo: m15"]);
  });

  it("is not silent for ever where no roster ends the history", () => {
    brings(WELCOME, says(11));
    clock.pass(20_000);
    brings(says(12));
    clock.pass(60_000);
    expect(spoken).toEqual(["Bo: m12"]);
  });

  it("is not what one says oneself, under whatever name one has by then", () => {
    comesIn();
    brings(says(11, "x", "ANA"), { kind: "nick", nick: "Zoë" }, says(12, "y", "Zoë"), says(13, "z", "Ana"));
    clock.pass(60_000);
    expect(spoken).toEqual(["Ana: z"]);
  });

  it("is the operator's word, also among many messages", () => {
    comesIn();
    brings(says(11), says(12), { kind: "notice", offset: 13, at: 0, text: "Back at six." }, says(14), says(15));
    clock.pass(60_000);
    expect(spoken).toEqual(["! Back at six.", "4 new"]);
  });

  it("is nothing while the page is hidden, and nothing of that afterwards", () => {
    comesIn();
    brings(says(11));
    visible.value = false;
    brings(says(12));
    announcements.watch(refused(1));
    clock.pass(60_000);
    visible.value = true;
    brings(says(13));
    clock.pass(60_000);
    visible.value = false;
    brings(says(14));
    visible.value = true;
    clock.pass(60_000);
    expect(spoken).toEqual(["Bo: m13"]);
  });
});

describe("how it is said", () => {
  it("a few at once one by one, more as a count", () => {
    comesIn();
    brings(says(11), says(12), says(13));
    clock.pass(60_000);
    brings(says(14), says(15), says(16), says(17));
    clock.pass(60_000);
    expect(spoken).toEqual(["Bo: m11", "Bo: m12", "Bo: m13", "4 new"]);
  });

  it("never over what is still being read: what comes meanwhile waits, together", () => {
    comesIn();
    brings(says(11, "x".repeat(200)));
    clock.pass(500);
    for (let offset = 12; offset < 20; offset++) {
      brings(says(offset));
      clock.pass(100);
    }
    expect(spoken).toHaveLength(1);
    clock.pass(60_000);
    expect(spoken.slice(1)).toEqual(["8 new"]);
  });

  it("and is gone when there was time to read it", () => {
    comesIn();
    brings(says(11));
    clock.pass(500);
    expect(announcements.current.value).toHaveLength(1);
    clock.pass(60_000);
    expect(announcements.current.value).toEqual([]);
    expect(clock.waiting).toBe(0);
  });
});

describe("after an interruption", () => {
  it("what was missed is a count, also of one, and then it goes on as before", () => {
    comesIn();
    announcements.interrupt();
    brings(BACK, says(11));
    clock.pass(200);
    brings(says(12));
    clock.pass(10_000);
    brings(says(13));
    clock.pass(60_000);
    expect(spoken).toEqual(["2 new", "Bo: m13"]);
  });

  it("nothing missed is nothing said", () => {
    comesIn();
    announcements.interrupt();
    brings(BACK);
    clock.pass(60_000);
    expect(spoken).toEqual([]);
  });

  it("a reload of the page is one, too", () => {
    brings(BACK, says(11), says(12));
    clock.pass(60_000);
    expect(spoken).toEqual(["2 new"]);
  });

  it("a change of transport without one is none", () => {
    comesIn();
    brings(BACK, says(11));
    clock.pass(60_000);
    expect(spoken).toEqual(["Bo: m11"]);
  });

  it("another log is a history", () => {
    comesIn();
    announcements.interrupt();
    brings({ ...WELCOME, offset: 0 }, says(1), says(2), ROSTER, says(3));
    clock.pass(60_000);
    expect(spoken).toEqual(["Bo: m3"]);
  });

  it("leaving is the end of it", () => {
    comesIn();
    brings(says(11));
    announcements.reset();
    clock.pass(60_000);
    expect(spoken).toEqual([]);
    brings({ ...WELCOME, offset: 3 }, says(4), ROSTER, says(5));
    clock.pass(60_000);
    expect(spoken).toEqual(["Bo: m5"]);
  });
});

describe("refusals", () => {
  it("are said once, together where they have one reason, and again where the same is refused again", () => {
    comesIn();
    announcements.watch(refused(1, 2));
    announcements.watch(refused(1, 2));
    clock.pass(60_000);
    announcements.watch(refused(1));
    clock.pass(60_000);
    expect(spoken).toEqual(["refused: rate-limited"]);
    announcements.watch([]);
    announcements.watch(refused(1));
    clock.pass(60_000);
    expect(spoken).toHaveLength(2);
  });

  it("are not said of what was refused before the page was loaded", () => {
    announcements.watch(refused(1));
    brings(BACK);
    announcements.watch(refused(1));
    clock.pass(60_000);
    expect(spoken).toEqual([]);
  });
});
