import { expect, it } from "vitest";
import type { NicknameKey } from "../../../shared/nickname.ts";
import type { News, SessionId } from "../engine.ts";
import { Follower, type OwnTurn } from "./follower.ts";
import type { OpenedRoom, ReadChunk, Told } from "./wire.ts";

const LOG = "the-log";
const octets = new Uint8Array();

function opened(
  revision: number,
  last: number,
  tag = last === 0 ? "" : `tag-${last}`,
  more: { log?: string; first?: number } = {},
): OpenedRoom {
  return { state: { log: LOG, first: 1, last, at: 0, ...more }, revision, tag, present: [], made: false };
}
/** The commit of another node that appends the packet `last`, after the one before it. */
function told(revision: number, last: number): Told {
  const chunk = { first: last, last, before: 0, at: 0, octets };
  return {
    node: "other",
    revision,
    first: 1,
    before: last === 1 ? "" : `tag-${last - 1}`,
    tag: `tag-${last}`,
    chunk,
    came: [],
    went: [],
    taken: [],
  };
}
function came(revision: number, last: number): Told {
  const tag = last === 0 ? "" : `tag-${last}`;
  const person = { session: "s" as SessionId, nick: "ada", key: "ada" as NicknameKey };
  return { node: "other", revision, first: 1, before: tag, tag, chunk: undefined, came: [person], went: [], taken: [] };
}
function own(revision: number, last: number): OwnTurn {
  return { revision, last, before: last === 1 ? "" : `tag-${last - 1}`, tag: `tag-${last}` };
}
const read = (revision: number, last: number): ReadChunk => ({ first: last, last, before: 0, at: 0, octets, revision, tag: `tag-${last}` });

function follow(begin = opened(0, 0)) {
  const heard: string[] = [];
  let missing = 0;
  const follower = new Follower({
    node: "me",
    listener: (news: News) => {
      if (news.kind === "changed") heard.push(news.chunk === undefined ? "change" : `${news.chunk.first}`);
      else heard.push(news.kind === "whole" ? `whole ${news.log.last}` : "lost");
    },
    missing: () => void missing++,
  });
  follower.begin(begin);
  const commit = (turn: OwnTurn) => void follower.turn(turn).then(() => heard.push(`own ${turn.last}`));
  return { follower, heard, commit, missing: () => missing };
}
/** Until all that is on its way has been handed on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

it("hands on in order what comes in any, its own commits among it", async () => {
  const { follower, heard, commit, missing } = follow();
  for (const message of [told(4, 4), told(1, 1), told(4, 4)]) follower.heard(message);
  commit(own(3, 3));
  follower.heard(told(5, 5));
  await settled();
  expect(heard).toEqual(["whole 0", "1"]);
  expect(missing()).toBeGreaterThan(0);
  follower.heard(told(2, 2));
  await settled();
  expect(heard).toEqual(["whole 0", "1", "2", "own 3", "4", "5"]);
  expect(follower.behind).toBe(false);
});

it("an own commit without a packet leaves the end where it was", async () => {
  const { follower, heard } = follow(opened(7, 90, "tag-90", { first: 80 }));
  await follower.turn({ revision: 8, before: "tag-90", tag: "tag-90" });
  expect(follower.last).toBe(90);
  const now = opened(9, 91, "tag-91", { first: 80 });
  expect([follower.isLost(now), follower.isTooLate(now)]).toEqual([false, false]);
  follower.hold();
  await follower.fill(now, [read(9, 91)]);
  follower.goOn();
  expect(heard).toEqual(["whole 90", "91", "whole 91"]);
});

it("fills a gap with what was read, and forgets what was told of it", async () => {
  const { follower, heard, commit } = follow();
  follower.heard(told(3, 3));
  commit(own(2, 2));
  follower.heard(told(5, 4));
  await settled();
  follower.hold();
  // Told while it was looked at: it waits.
  follower.heard(told(6, 5));
  await follower.fill(opened(5, 4), [read(1, 1), read(2, 2), read(3, 3), read(5, 4)]);
  follower.goOn();
  await settled();
  expect(heard).toEqual(["whole 0", "1", "own 2", "3", "4", "whole 4", "5"]);
  expect(follower.behind).toBe(false);
});

it("what does not follow on what it had is not handed on", async () => {
  const { follower, heard, missing } = follow(opened(5, 5));
  follower.heard({ ...told(6, 6), before: "another" });
  await settled();
  expect(heard).toEqual(["whole 5"]);
  expect(follower.behind).toBe(true);
  expect(missing()).toBeGreaterThan(0);
  follower.lose();
  follower.heard(told(7, 7));
  expect(heard).toEqual(["whole 5", "lost"]);
});

it("an own commit that comes before what was handed out says that the rest is gone", async () => {
  const { follower, heard, commit } = follow(opened(5, 5));
  commit(own(3, 3));
  await settled();
  expect([follower.behind, heard]).toEqual([true, ["whole 5"]]);
  follower.lose();
  await settled();
  expect(heard).toEqual(["whole 5", "lost", "own 3"]);
});

it.each([
  ["another identity", opened(9, 9, "tag-9", { log: "another" })],
  ["fewer commits", opened(4, 9)],
  ["fewer packets", opened(9, 4)],
  ["as many packets, and others", opened(9, 5, "another")],
])("%s: it is lost", (_, now) => {
  const { follower } = follow(opened(5, 5));
  expect(follower.isLost(now)).toBe(true);
  expect(follower.isLost(opened(9, 9))).toBe(false);
});

it("what changes who is there takes its turn as packets do", async () => {
  const { follower, heard } = follow();
  follower.heard(told(2, 1));
  follower.heard(came(1, 0));
  await settled();
  expect(heard).toEqual(["whole 0", "change", "1"]);
});

it("who waits for a commit is told when it was handed on, or when nothing more comes", async () => {
  const { follower } = follow();
  let done = 0;
  for (const revision of [1, 2]) void follower.upTo(revision).then(() => done++);
  follower.heard(told(1, 1));
  await settled();
  expect(done).toBe(1);
  follower.end();
  await settled();
  expect(done).toBe(2);
});
