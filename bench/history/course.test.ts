import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import type { Entry, HeardPacket } from "./record.ts";
import {
  broken,
  CLOCK,
  chat,
  client,
  ended,
  gap,
  heard,
  hiding,
  joined,
  left,
  only,
  renamed,
  resumed,
  run,
  sent,
  welcomed,
} from "./samples.ts";

describe("one order for all", () => {
  const LOG = [joined("ann", "ben"), chat("ann", "one"), chat("ann", "two")];
  const [first, one, two] = LOG as [HeardPacket, HeardPacket, HeardPacket];
  const ann = client("A", welcomed("ann", 0), sent("one", "two"), heard(1, ...LOG));

  it("[L1] finds who heard something else than the log has", () => {
    const ben = client("B", welcomed("ben", 0), heard(1, first, two, one));
    expect(check(run(LOG, [ann, ben]))).toMatchObject([
      { rule: "no-single-order", client: "B", offset: 2 },
      { rule: "no-single-order", client: "B", offset: 3 },
    ]);
  });

  it.each<[string, HeardPacket, HeardPacket]>([
    ["a name", one, chat("ben", "one")],
    ["who joined", first, joined("ann")],
    ["who left", left("eve", "ben"), left("ben", "eve")],
    ["why they left", left("eve"), { kind: "left", nicks: ["eve"], why: "left" }],
    ["from what it was renamed", renamed("a", "b"), renamed("c", "b")],
    ["to what it was renamed", renamed("a", "b"), renamed("a", "c")],
    ["a notice", { kind: "notice", text: "a" }, { kind: "notice", text: "b" }],
    ["a time", CLOCK, { kind: "clock", atMs: 0 }],
    ["a kind", CLOCK, first],
  ])("[L1] finds two who were handed different packets: %s", (_, packet, other) => {
    const history = run(
      [],
      [client("A", welcomed("ann", 0), heard(1, packet), ended), client("B", welcomed("ben", 0), heard(1, other), ended)],
      {
        first: 2,
      },
    );
    expect(check(history).filter(({ rule }) => rule === "no-single-order")).toMatchObject([{ client: "B", offset: 1 }]);
  });

  it("[L7] finds what was heard before a crash and un-said by it", () => {
    const ben = client("B", welcomed("ben", 0), heard(1, ...LOG, CLOCK), ended);
    expect(only(run(LOG, [ann, ben]))).toMatchObject({ rule: "no-single-order", client: "B", offset: 4 });
  });

  it("[L7] finds who was let in behind the end of the log", () => {
    expect(only(run(LOG, [ann, client("B", welcomed("ben", 7))]))).toMatchObject({ rule: "no-single-order", client: "B" });
  });

  it("[L5] finds that the log is another one", () => {
    const ben = client("B", welcomed("ben", 0, { log: "log0" }), heard(1, two, one), welcomed("ben", 0), heard(1, ...LOG));
    expect(only(run(LOG, [ann, ben]))).toMatchObject({ rule: "no-single-order", client: "B" });
  });
});

describe("offset after offset", () => {
  const LOG = [joined("ann", "ben"), CLOCK, chat("ann", "one"), CLOCK, chat("ann", "two"), joined("eve"), CLOCK];
  const ann = client("A", welcomed("ann", 0), sent("one", "two"), heard(1, ...LOG));
  const part = (from: number, to: number) => heard(from, ...LOG.slice(from - 1, to));
  const ben = (...entries: (Entry | Entry[])[]) => run(LOG, [ann, client("B", ...entries)]);
  const hidden = (...entries: (Entry | Entry[])[]) => run(LOG, [ann, hiding("B", ...entries)]);

  it("[S5] [S11] finds nothing where everybody goes on where they were, or starts over", () => {
    expect(check(ben(welcomed("ben", 0), part(1, 3), resumed("ben", 3), part(4, 7)))).toEqual([]);
    expect(check(ben(welcomed("ben", 4), part(5, 6), welcomed("ben", 1, { resumed: true }), part(2, 7)))).toEqual([]);
  });

  it("[L1] finds what was passed over", () => {
    expect(only(ben(welcomed("ben", 0), part(1, 2), part(4, 7)))).toMatchObject({ rule: "not-contiguous", client: "B", offset: 3 });
  });

  it("[L1] finds what came out of turn", () => {
    expect(check(ben(welcomed("ben", 0), part(1, 2), part(4, 4), part(3, 3), part(5, 7)))).toMatchObject([
      { rule: "not-contiguous", offset: 3 },
      { rule: "not-contiguous", offset: 3 },
    ]);
  });

  it("[S5] finds what was lost while a client was away, and what came again", () => {
    expect(only(ben(welcomed("ben", 0), part(1, 3), resumed("ben", 4), part(5, 7)))).toMatchObject({ rule: "not-contiguous", offset: 4 });
    expect(only(ben(welcomed("ben", 0), part(1, 3), resumed("ben", 2), part(3, 7)))).toMatchObject({ rule: "not-contiguous", offset: 2 });
    expect(only(ben(welcomed("ben", 0), part(1, 1), part(1, 7)))).toMatchObject({ rule: "not-contiguous", offset: 1 });
  });

  it("[L1] forgets what was passed over where a client starts over", () => {
    const entries = [welcomed("ben", 0), part(1, 2), part(4, 4), welcomed("ben", 0), part(1, 3), part(3, 7)];
    expect(broken(ben(...entries))).toEqual(["not-contiguous", "twice"]);
  });

  it("[S4] finds who hears before the welcome", () => {
    expect(broken(ben(part(1, 7)))).toEqual(["not-contiguous"]);
  });

  it("[L4] lets who leaves clocks out pass over clocks, and nothing else", () => {
    expect(check(hidden(welcomed("ben", 0), part(1, 1), part(3, 3), resumed("ben", 4), part(5, 6)))).toEqual([]);
    expect(only(hidden(welcomed("ben", 0), part(1, 1), part(5, 6)))).toMatchObject({ rule: "not-contiguous", client: "B", offset: 3 });
    expect(only(hidden(welcomed("ben", 0), part(1, 1), resumed("ben", 4), part(5, 6)))).toMatchObject({
      rule: "not-contiguous",
      offset: 3,
    });
  });

  it("[L4] knows what clients heard that the log no longer has", () => {
    const trimmed = (complete: boolean) =>
      run(LOG.slice(5), [{ ...ann, complete }, hiding("B", welcomed("ben", 0), part(1, 1), part(5, 6))], { first: 6 });
    expect(only(trimmed(true))).toMatchObject({ rule: "not-contiguous", offset: 3 });
    expect(only(trimmed(false))).toMatchObject({ rule: "not-contiguous", offset: 3 });
    const nobody = hiding("A", welcomed("ann", 0), sent("one", "two"), part(1, 1), part(3, 3), part(5, 6));
    expect(check(run(LOG.slice(5), [nobody], { first: 6 }))).toEqual([]);
  });
});

describe("gaps", () => {
  const LOG = [joined("ann", "ben"), chat("ann", "one"), chat("ann", "two"), CLOCK];
  const ann = client("A", welcomed("ann", 0), sent("one", "two"), heard(1, ...LOG));
  const ben = (...entries: Entry[]) => run(LOG.slice(2), [ann, client("B", welcomed("ben", 0), ...entries)], { first: 3 });

  it("[L6] finds nothing in a gap over what is gone", () => {
    expect(check(ben(gap(1, 2), ...heard(3, ...LOG.slice(2))))).toEqual([]);
    expect(check(ben(gap(1, 1), ...heard(2, ...LOG.slice(1))))).toEqual([]);
  });

  it("[L6] finds a gap over what the log has", () => {
    expect(only(ben(gap(1, 3), ...heard(4, CLOCK)))).toMatchObject({ rule: "false-gap", client: "B", offset: 3 });
  });

  it("[L6] finds a gap that is no range", () => {
    expect(only(ben(...heard(1, ...LOG.slice(0, 2)), gap(2, 1), ...heard(3, ...LOG.slice(2))))).toMatchObject({ rule: "false-gap" });
  });

  it("[L6] finds a gap in another place than where the client is", () => {
    expect(only(ben(gap(2, 2), ...heard(3, ...LOG.slice(2))))).toMatchObject({ rule: "not-contiguous", offset: 1 });
    expect(only(ben(...heard(1, LOG[0] as HeardPacket), gap(1, 2), ...heard(3, ...LOG.slice(2))))).toMatchObject({
      rule: "not-contiguous",
    });
  });
});

describe("to the end", () => {
  const LOG = [joined("ann"), chat("ann", "one"), CLOCK];
  const ann = (count: number, ...entries: Entry[]) => [welcomed("ann", 0), ...sent("one"), ...heard(1, ...LOG.slice(0, count)), ...entries];

  it("[L1] finds who was there and did not hear the end", () => {
    expect(only(run(LOG, [client("A", ann(2))]))).toMatchObject({ rule: "not-delivered", client: "A", offset: 3 });
    expect(only(run(LOG, [hiding("A", ann(1))]))).toMatchObject({ rule: "not-delivered", client: "A", offset: 2 });
  });

  it("[L1] expects it of who came back after an end", () => {
    expect(only(run(LOG, [client("A", ann(1, ended), welcomed("ann", 1, { fresh: false }))]))).toMatchObject({
      rule: "not-delivered",
      offset: 2,
    });
  });

  it("[L1] expects it of nobody who ended, never was let in, or leaves out what is left", () => {
    expect(check(run(LOG, [client("A", ann(2, ended)), client("B", sent("lost")), hiding("C", ann(2, ended))]))).toEqual([]);
    expect(check(run(LOG, [hiding("A", ann(2))]))).toEqual([]);
  });
});
