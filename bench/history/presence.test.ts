import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import type { Entry, HeardPacket } from "./record.ts";
import {
  broken,
  CLOCK,
  type Client,
  chat,
  client,
  ended,
  heard,
  hiding,
  joined,
  left,
  only,
  renamed,
  resumed,
  roster,
  run,
  sent,
  welcomed,
} from "./samples.ts";

describe("who is there, by the log", () => {
  const there = (...log: HeardPacket[]) => {
    const names = ["ann", "ben"];
    return run(log, [client("A", welcomed("ann", 0), sent("one", "two"), ended), ...names.map((name) => client(name))]);
  };

  it.each<[string, HeardPacket[]]>([
    ["[L9] finds nothing where somebody comes, goes and comes again", [joined("ann"), left("ann"), joined("ann"), chat("ann", "one")]],
    [
      "[S41] finds nothing where somebody takes a name that another gave up",
      [joined("ann", "ben"), renamed("ben", "eve"), renamed("ann", "ben"), chat("ben", "one")],
    ],
    ["[S41] finds nothing where somebody changes the spelling", [joined("ann"), renamed("ann", "ANN"), chat("ANN", "one"), left("ANN")]],
  ])("%s", (_, log) => {
    expect(check(there(...log))).toEqual([]);
  });

  it.each<[string, HeardPacket[], number]>([
    ["[P11] finds who joins who is there", [joined("ann"), joined("ann")], 2],
    ["[P10] finds who joins under another spelling of a name that is held", [joined("ann"), joined("ANN")], 2],
    ["[L9] finds who joins twice in one packet", [joined("ann", "ann")], 1],
    ["[L9] finds who leaves who is not there", [left("ben")], 1],
    ["[L9] finds who leaves twice", [joined("ben"), left("ben"), left("ben")], 3],
    ["[L9] finds who leaves under the name before", [joined("ben"), renamed("ben", "eve"), left("ben")], 3],
    ["[L9] finds who leaves under another spelling", [joined("ben"), left("BEN")], 2],
    ["[S41] finds who is renamed who is not there", [renamed("ben", "eve")], 1],
    ["[P11] finds who is renamed to who is there", [joined("eve", "ben"), renamed("ben", "eve")], 2],
    ["[L8] finds who speaks before it joined", [chat("ann", "one"), chat("ann", "two"), joined("ann")], 1],
    ["[L8] finds who speaks after it left", [joined("ann"), left("ann"), chat("ann", "one")], 3],
    ["[L8] finds who speaks under the name before", [joined("ann"), renamed("ann", "eve"), chat("ann", "one")], 3],
  ])("%s", (_, log, offset) => {
    expect(only(there(...log))).toMatchObject({ rule: "presence", offset });
  });

  it("[L6] does not know who was there before the log begins, but finds what contradicts itself", () => {
    const trimmed = (...log: HeardPacket[]) => run(log, [client("A", welcomed("ann", 4), sent("one"), ended)], { first: 5 });
    expect(check(trimmed(chat("ann", "one"), left("ben"), renamed("cyd", "ben"), joined("cyd")))).toEqual([]);
    expect(broken(trimmed(left("ben"), left("ben")))).toEqual(["presence"]);
    expect(broken(trimmed(chat("ann", "one"), joined("ann")))).toEqual(["presence"]);
    expect(broken(trimmed(renamed("cyd", "ben"), chat("cyd", "one")))).toEqual(["presence"]);
  });

  it("[L8] tells of who speaks unseen once, and again when they had come meanwhile", () => {
    const found = check(there(chat("ann", "one"), joined("ann"), left("ann"), chat("ann", "two")));
    expect(found).toMatchObject([
      { rule: "presence", offset: 1 },
      { rule: "presence", offset: 4 },
    ]);
  });

  it("[L6] believes what it may not have seen, and knows what nobody can have missed", () => {
    const trimmed = (last: HeardPacket, ...entries: Entry[]) =>
      run([last], [hiding("A", welcomed("ann", 0), sent("one"), heard(1, joined("ann")), entries, ended)], { first: 4 });
    expect(check(trimmed(left("ben")))).toEqual([]);
    // Between what it heard there can only have been a clock.
    expect(only(trimmed(left("ben"), ...heard(3, chat("ann", "one"))))).toMatchObject({ rule: "presence", offset: 4 });
  });

  it("finds who is said to have left, and is there", () => {
    const log = [joined("ann", "ben"), left("ben"), CLOCK];
    const ben = client("B", welcomed("ben", 0), heard(1, ...log));
    expect(only(run(log, [client("A", welcomed("ann", 0), heard(1, ...log)), ben]))).toMatchObject({
      rule: "presence",
      client: "B",
      offset: 2,
    });
  });
});

describe("rosters", () => {
  const LOG = [joined("ann", "ben"), joined("cyd"), left("cyd"), renamed("ben", "Ben"), joined("reader")];
  const there = ["ann", "Ben", "reader"];
  const ann = (...entries: Entry[]) => client("A", welcomed("ann", 0), ...entries);

  it("[S36] finds nothing where a roster is newer than its place, and what follows changes it to the same", () => {
    const early = ann(roster("ann", "ben"), ...heard(1, ...LOG));
    const newer = ann(...heard(1, ...LOG.slice(0, 1)), roster("ann", "Ben"), ...heard(2, ...LOG.slice(1)));
    const late = ann(...heard(1, ...LOG), roster("ann", "Ben", "reader"));
    expect(check(run(LOG, [early, newer, late], { there }))).toEqual([]);
  });

  it.each<[string, Entry[]]>([
    ["one too many", [roster("ann", "eve"), ...heard(1, ...LOG)]],
    ["one missing", [...heard(1, ...LOG), roster("ann", "Ben")]],
    ["another spelling", [...heard(1, ...LOG), roster("ann", "ben", "reader")]],
  ])("[S37] finds who counts otherwise at the end: %s", (_, entries) => {
    expect(only(run(LOG, [ann(...entries)], { there }))).toMatchObject({ rule: "roster", client: "A" });
  });

  it("[S37] finds that the log itself counts otherwise, whoever heard it", () => {
    expect(only(run(LOG, [ann(...heard(1, ...LOG))], { there: ["ann", "reader"] })).what).toContain("Ben too many");
    const trimmed = (...names: string[]) => run(LOG.slice(2), [], { first: 3, there: names });
    expect(check(trimmed("ann", "Ben", "reader", "eve"))).toEqual([]);
    expect(only(trimmed("ann", "reader")).what).toContain("Ben too many");
    expect(only(trimmed("Ben", "reader", "cyd")).what).toContain("cyd missing");
  });

  it("[S37] does not judge by rosters of only the first thousand", () => {
    const partial = { nicks: ["eve"], online: 2000 };
    expect(check(run(LOG, [ann({ kind: "roster", ...partial }, ...heard(1, ...LOG))], { there }))).toEqual([]);
    expect(check({ ...run(LOG, [ann(...heard(1, ...LOG))]), roster: partial })).toEqual([]);
  });
});

describe("coming back", () => {
  const names = ["ann", "ben"];
  /** Ben's entries; he stays to the end. */
  const ben = (log: readonly HeardPacket[], ...entries: (Entry | Entry[])[]) =>
    run(log, [client("A", welcomed("ann", 0), heard(1, ...log)), client("B", ...entries), ...names.map((name) => client(name))]);
  const AWAY = [joined("ann", "ben"), chat("ben", "one"), CLOCK, left("ben"), CLOCK];
  const AGAIN = [...AWAY, joined("ben"), CLOCK];
  const start = (turn?: number) => [
    welcomed("ben", 0, turn === undefined ? {} : { turn }),
    ...sent("one"),
    ...heard(1, ...AWAY.slice(0, 3)),
  ];

  it("[S24] finds who resumed, and had been said to have left", () => {
    expect(only(ben(AWAY, start(), resumed("ben", 3), heard(4, ...AWAY.slice(3))))).toMatchObject({
      rule: "not-resumed",
      client: "B",
      offset: 4,
    });
  });

  it("[S30] finds nothing where it joined anew", () => {
    expect(check(ben(AGAIN, start(), welcomed("ben", 3, { fresh: false }), heard(4, ...AGAIN.slice(3))))).toEqual([]);
  });

  it("[S3] [S8] believes that a welcome was lost where the turns leave room for one", () => {
    const after = heard(4, ...AGAIN.slice(3));
    expect(check(ben(AGAIN, start(), resumed("ben", 3), after))).toEqual([]);
    expect(check(ben(AGAIN, start(1), resumed("ben", 3, { turn: 3 }), after))).toEqual([]);
    expect(only(ben(AGAIN, start(1), resumed("ben", 3, { turn: 2 }), after))).toMatchObject({
      rule: "not-resumed",
      client: "B",
      offset: 4,
    });
  });

  it("[S24] knows who else had the name before and after", () => {
    const log = [joined("ann", "ben"), left("ben"), joined("ben"), renamed("ben", "eve"), joined("ben"), left("ben"), CLOCK];
    expect(check(ben(log, welcomed("ben", 0), heard(1, ...log.slice(0, 3)), resumed("ben", 3), heard(4, ...log.slice(3))))).toEqual([]);
  });

  it("[S41] knows who had the name until it was taken", () => {
    const log = [joined("ann", "ben", "eve"), chat("ben", "one"), left("eve"), renamed("ben", "eve"), CLOCK];
    const before = [welcomed("ben", 0, { turn: 1 }), ...sent("one"), ...heard(1, ...log.slice(0, 2))];
    expect(check(ben(log, before, resumed("eve", 2, { turn: 2 }), heard(3, ...log.slice(2))))).toEqual([]);
    const cut = [resumed("eve", 2, { turn: 2 }), ...heard(3, left("eve")), resumed("eve", 3, { turn: 3 }), ...heard(4, ...log.slice(3))];
    expect(check(ben(log, before, cut))).toEqual([]);
  });

  it("[S9] knows that it may not yet be said that somebody joined", () => {
    const log = [joined("ann", "ben"), left("ben"), joined("ben"), CLOCK];
    expect(check(ben(log, welcomed("ben", 0), heard(1, ...log.slice(0, 2)), resumed("ben", 2), heard(3, ...log.slice(2))))).toEqual([]);
  });

  it("[L6] does not judge by what nobody knows any more", () => {
    const trimmed = (one: Client) =>
      run([CLOCK], [client("A", welcomed("ann", 0), heard(1, joined("ann", "mia", "ben"), left("ben")), ended), one], { first: 6 });
    expect(check(trimmed(client("B", welcomed("ben", 5), heard(6, CLOCK))))).toEqual([]);
    const mia = client(
      "B",
      welcomed("mia", 0),
      heard(1, joined("ann", "mia", "ben")),
      welcomed("eve", 5, { resumed: true }),
      heard(6, CLOCK),
    );
    expect(check(trimmed(mia))).toEqual([]);
  });

  it("[S10] finds who resumed under another name, unless it was renamed", () => {
    const log = (between: HeardPacket) => [joined("ann", "ben"), between, CLOCK];
    const eve = (between: HeardPacket, turn?: number) => {
      const also = turn === undefined ? {} : { turn };
      const start = [welcomed("ben", 0, { turn: 1 }), ...heard(1, joined("ann", "ben"))];
      return ben(log(between), start, resumed("eve", 1, also), heard(2, between, CLOCK));
    };
    expect(check(eve(renamed("ben", "eve"), 2))).toEqual([]);
    expect(only(eve(CLOCK))).toMatchObject({ rule: "not-resumed", client: "B" });
    expect(only(eve(joined("eve"), 2))).toMatchObject({ rule: "not-resumed", client: "B" });
    // It may have joined anew, and the welcome been lost.
    expect(check(eve(joined("eve"), 3))).toEqual([]);
    expect(check(eve(joined("eve")))).toEqual([]);
    // Who was renamed so was another, before.
    const again = [joined("ann", "ben"), renamed("ben", "eve"), joined("ben"), CLOCK];
    expect(only(ben(again, welcomed("ben", 2), heard(3, joined("ben")), resumed("eve", 3), heard(4, CLOCK)))).toMatchObject({
      rule: "not-resumed",
    });
  });
});
