import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import type { Entry, HeardPacket } from "./record.ts";
import {
  acknowledged,
  broken,
  CLOCK,
  chat,
  client,
  ended,
  heard,
  joined,
  only,
  refused,
  renamed,
  resumed,
  run,
  sent,
  welcomed,
} from "./samples.ts";

describe("messages", () => {
  const LOG = [joined("ann"), chat("ann", "one"), chat("ann", "two")];

  it("[S18] finds nothing where what was acknowledged is there, where the ack said, and what was refused is not", () => {
    const ann = client("A", welcomed("ann", 0), sent("one", "bad", "two"), acknowledged("one", 2), refused("bad"), acknowledged("two"));
    expect(check(run(LOG, [client("A", ann.entries, heard(1, ...LOG))]))).toEqual([]);
  });

  it("[L7] finds an acknowledged message that is not in the log", () => {
    const ann = client("A", welcomed("ann", 0), sent("one", "two", "three"), heard(1, ...LOG), acknowledged("three"));
    expect(only(run(LOG, [ann]))).toMatchObject({ rule: "acknowledged-lost", client: "A" });
  });

  it("[S18] finds an acknowledged message that is not where the ack said", () => {
    const ann = client("A", welcomed("ann", 0), sent("one", "two"), heard(1, ...LOG), acknowledged("two", 2));
    expect(only(run(LOG, [ann]))).toMatchObject({ rule: "acknowledged-lost", client: "A", offset: 2 });
  });

  it("[L7] finds an ack for a place that the log has not come to", () => {
    const ann = client("A", welcomed("ann", 0), sent("one", "two", "three"), heard(1, ...LOG), acknowledged("three", 4));
    expect(only(run(LOG, [ann], { first: 1 }))).toMatchObject({ rule: "acknowledged-lost" });
  });

  it("[L6] does not judge an acknowledged message that is trimmed, but finds one that was lost before", () => {
    const alone = (...entries: Entry[]) => client("A", welcomed("ann", 0), sent("one", "two"), ...entries, ended);
    expect(check(run([CLOCK], [alone(acknowledged("one", 2), acknowledged("two"))], { first: 9 }))).toEqual([]);
    // Somebody heard something else there.
    const ann = alone(...heard(1, joined("ann"), CLOCK), acknowledged("one", 2));
    expect(only(run([CLOCK], [ann], { first: 9 }))).toMatchObject({ rule: "acknowledged-lost" });
  });

  it("[S16] finds a message that is in the log twice", () => {
    const log = [...LOG, chat("ann", "one")];
    expect(only(run(log, [client("A", welcomed("ann", 0), sent("one", "two"), heard(1, ...log))]))).toMatchObject({
      rule: "twice",
      offset: 4,
    });
  });

  it("[L1] finds a message that one client was handed twice", () => {
    const ann = client("A", welcomed("ann", 0), sent("one", "two"), heard(1, ...LOG), resumed("ann", 3), heard(3, LOG[2] as HeardPacket));
    expect(only(run(LOG, [ann]))).toMatchObject({ rule: "twice", client: "A", offset: 3 });
  });

  it("[S18] finds a refused message that is in the log, unless it was sent again", () => {
    const ann = (...entries: Entry[]) => client("A", welcomed("ann", 0), sent("one", "two"), ...entries, ...heard(1, ...LOG));
    expect(only(run(LOG, [ann(refused("two"))]))).toMatchObject({ rule: "refused-yet-said", client: "A", offset: 3 });
    expect(check(run(LOG, [ann(refused("two"), ...sent("two"))]))).toEqual([]);
  });

  it("[S18] finds a message that nobody sent", () => {
    const ann = client("A", welcomed("ann", 0), sent("one"), heard(1, ...LOG));
    expect(only(run(LOG, [ann]))).toMatchObject({ rule: "never-sent", offset: 3 });
  });
});

describe("under whose name", () => {
  const two = (...log: HeardPacket[]) =>
    run(log, [
      client("A", welcomed("ann", 0), sent("one", "three"), heard(1, ...log)),
      client("B", welcomed("ben", 0), sent("two"), heard(1, ...log)),
    ]);

  it("[S41] finds nothing where everybody speaks as who they are, renamed or not", () => {
    expect(check(two(joined("ann", "ben"), chat("ann", "one"), chat("ben", "two"), renamed("ann", "Ann"), chat("Ann", "three")))).toEqual(
      [],
    );
    expect(
      check(two(joined("ann", "ben"), renamed("ann", "eve"), renamed("ben", "ann"), chat("ann", "two"), chat("eve", "three"))),
    ).toEqual([]);
  });

  it("[X3] finds who speaks as somebody else who is there", () => {
    expect(only(two(joined("ann", "ben"), chat("ben", "two"), chat("ben", "one")))).toMatchObject({
      rule: "never-sent",
      client: "A",
      offset: 3,
    });
  });

  it("[X3] finds who speaks as somebody else whose name it has later", () => {
    const log = [joined("ann", "ben"), chat("ben", "two"), chat("ben", "one"), renamed("ben", "eve"), renamed("ann", "ben")];
    expect(only(two(...log))).toMatchObject({ rule: "never-sent", client: "A", offset: 3 });
  });

  it("[X3] finds who speaks under a name that it never had", () => {
    expect(only(two(joined("ann", "ben", "eve"), chat("eve", "one")))).toMatchObject({ rule: "never-sent", client: "A", offset: 2 });
  });

  it("[X3] finds who speaks as two at once", () => {
    // By the names alone it might be: its name became another's.
    const log = [joined("ann", "ben"), chat("ann", "one"), renamed("ann", "eve"), joined("ann"), chat("ann", "three")];
    expect(only(two(...log))).toMatchObject({ rule: "never-sent", client: "A", offset: 5 });
  });

  it("[P11] finds another spelling than the claimed one", () => {
    expect(only(two(joined("ann", "ben"), chat("Ann", "one")))).toMatchObject({ rule: "never-sent", offset: 2 });
  });

  it("[T3] takes posts for what they are where there are some: under a name that nobody holds", () => {
    const post = client("P", sent("cron"));
    const history = (nick: string) => {
      const log = [joined("ann"), chat(nick, "cron")];
      return run(log, [client("A", welcomed("ann", 0), heard(1, ...log)), post]);
    };
    expect(check(history("backup"), { posts: true })).toEqual([]);
    expect(broken(history("backup"))).toEqual(["presence"]);
    expect(check(history("ann"), { posts: true })).toMatchObject([{ rule: "never-sent", offset: 2 }]);
  });
});

describe("one sender's order", () => {
  const LOG = [joined("ann"), chat("ann", "two"), chat("ann", "one"), chat("ann", "three")];
  const ann = (...entries: Entry[]) => run(LOG, [client("A", welcomed("ann", 0), ...entries, ...heard(1, ...LOG))]);

  it("[S14] finds two messages that changed places", () => {
    expect(only(ann(...sent("one", "two", "three")))).toMatchObject({ rule: "sender-order", client: "A", offset: 2 });
  });

  it("[S22] [S15] does not compare what went out again under another number", () => {
    expect(check(ann(...sent("one", "two"), { kind: "retried", text: "one", code: "rate-limited" }, ...sent("three")))).toEqual([]);
    expect(check(ann(...sent("one", "two", "one", "three")))).toEqual([]);
    expect(broken(ann(...sent("three", "two"), { kind: "retried", text: "two", code: "rate-limited" }, ...sent("one")))).toEqual([
      "sender-order",
    ]);
  });
});
