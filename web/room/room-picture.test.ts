import { describe, expect, it } from "vitest";
import type { ConnectionEvent } from "../../shared/connection/connection-event.ts";
import { answered, EMPTY_PICTURE, pictureFrom, type RoomPicture, read, snapshotOf, withEvents, withOlder } from "./room-picture.ts";

const AT = new Date(2026, 5, 15, 12).getTime();
const welcome: ConnectionEvent = { kind: "welcome", nick: "Ana", room: "lobby", resumed: false, fresh: true, offset: 4, online: 2 };

const roster: ConnectionEvent = { kind: "roster", nicks: ["Ana", "Bo"], online: 2 };

function says(offset: number, nick: string, message = "x"): ConnectionEvent & { kind: "message" } {
  return { kind: "message", offset, at: AT, nick, message };
}

/** The room after each payload, somebody looking on. */
function picture(...events: ConnectionEvent[]): RoomPicture {
  return withEvents(EMPTY_PICTURE, events, true);
}

describe("what is known of the room", () => {
  it("starts over with a welcome that says so, and goes on with one that does not", () => {
    const before = withEvents(picture(welcome, says(5, "Bo")), [says(6, "Bo")], false);
    const resumed = withEvents(before, [{ ...welcome, fresh: false, offset: 6 }], true);
    expect(resumed.timeline).toBe(before.timeline);
    const fresh = withEvents(before, [says(7, "Bo"), { ...welcome, offset: 0 }, says(1, "Cy")], true);
    expect(fresh.timeline).toMatchObject({ before: 1, end: 1 });
    expect(fresh.recent).toEqual([says(1, "Cy")]);
    expect(fresh.unread).toBe(0);
  });

  it("knows who is here from roster and notices alike", () => {
    const { roster, nick } = picture(
      welcome,
      { kind: "roster", nicks: ["Ana", "Bo"], online: 2 },
      { kind: "joined", offset: 5, at: AT, nicks: ["Cy", "Di"] },
      { kind: "left", offset: 6, at: AT, nicks: ["Bo"], why: "lost" },
      { kind: "renamed", offset: 7, at: AT, from: "Ana", to: "Zoë" },
      { kind: "nick", nick: "Zoë" },
      { kind: "online", online: 5 },
    );
    expect([...roster.people.values()]).toEqual(["Cy", "Di", "Zoë"]);
    expect(roster.unlisted).toBe(2);
    expect(nick).toBe("Zoë");
  });

  it("counts as unread what others say, once, however often it comes", () => {
    const seen = picture(welcome, roster, says(5, "Bo"));
    const away = withEvents(seen, [says(5, "Bo"), says(6, "ANA"), says(7, "Bo")], false);
    expect(away.unread).toBe(1);
    expect(withEvents(away, [says(7, "Bo"), says(8, "Bo")], false).unread).toBe(2);
    expect(read(away).unread).toBe(0);
  });

  it("counts in how much of that the person is called, and who called last", () => {
    const away = withEvents(picture(welcome, roster), [says(5, "Bo", "@ana?"), says(6, "Bo"), says(7, "Cy", "so, @Ana!")], false);
    expect(away).toMatchObject({ unread: 3, calls: 2, call: says(7, "Cy", "so, @Ana!") });
    expect(read(away)).toMatchObject({ unread: 0, calls: 0 });
    expect(answered(away)).toMatchObject({ unread: 0, calls: 0 });
    const there = withEvents(picture(welcome, roster), [says(5, "Ana", "I am @ana"), says(6, "Bo", "@Ana")], true);
    expect(there).toMatchObject({ unread: 0, calls: 0, call: says(6, "Bo", "@Ana") });
  });

  it("counts nothing of what was said before the person came", () => {
    const came = withEvents(EMPTY_PICTURE, [welcome, says(5, "Bo", "@Ana"), says(6, "Bo")], false);
    expect(withEvents(came, [says(7, "Bo"), roster], false)).toMatchObject({ unread: 0, calls: 0, call: undefined });
    expect(withEvents(withEvents(came, [roster], false), [says(7, "Bo")], false).unread).toBe(1);
  });

  it("is the same after a reload, but for what was scrolled up to", () => {
    const was = picture(welcome, { kind: "roster", nicks: ["Ana", "Bo"], online: 7 }, says(5, "Bo"), {
      kind: "gap",
      from: 6,
      to: 9,
      at: AT,
    });
    const scrolled = withOlder(was, { first: 1, events: [says(3, "Bo")] });
    expect(pictureFrom(JSON.parse(JSON.stringify(snapshotOf(scrolled))), "Ana")).toEqual(was);
  });

  it("keeps a few hundred events for that, and knows what is older", () => {
    let long = picture(welcome);
    for (let offset = 5; offset < 1000; offset++) long = withEvents(long, [says(offset, "Bo")], true);
    const { events, before } = snapshotOf(long);
    expect(events.length).toBe(300);
    expect(before).toBe(events[0]?.kind === "message" ? events[0].offset : 0);
    expect(pictureFrom(snapshotOf(long), "Ana").timeline.end).toBe(999);
  });
});
