import type { LongPollMember } from "../../../server/testing/long-poll-member.ts";
import { chat, type Member } from "../../../server/testing/member.ts";
import { type Check, check, EVERYWHERE } from "../check.ts";
import { eventWords, toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import type { Server } from "../server.ts";
import { isJoinedOf, pause } from "../stage.ts";

/** How much later than it is due something may be said: timers may be coarse, L8 gathers, and the way takes its time. */
const LATE_MS = 5000;
/** How much sooner something may seem to be due: who polls is away from when the last answer was sent, a little before the kit drops the connection. */
const EARLY_MS = 500;

/** When `watcher` hears that `nick` left, and why. */
async function leftOf(
  watcher: Member,
  nick: string,
  withinMs: number,
  sinceMs = performance.now(),
): Promise<{ why: string | undefined; ms: number }> {
  watcher.patienceMs = withinMs;
  const left = await watcher.until(() => toldOf(watcher, "left").find(({ nicks }) => nicks?.includes(nick)), `left of ${nick}`);
  return { why: left.why, ms: performance.now() - sinceMs };
}

/** `sinceMs`: a moment before what it is counted from. */
async function leavesIn(watcher: Member, nick: string, due: { sinceMs: number; afterMs: number; why: string }): Promise<void> {
  const { sinceMs, afterMs, why } = due;
  const left = await leftOf(watcher, nick, afterMs + LATE_MS, sinceMs);
  same(left.why, why, `why ${nick} left`);
  holds(left.ms >= afterMs - EARLY_MS, `not before ${afterMs} ms are over`, Math.round(left.ms), `when ${nick} left`);
}

const aGrace = { waitsMs: ({ graceMs }: Server) => graceMs + LATE_MS };

export const AWAY: readonly Check[] = [
  check(EVERYWHERE, "[S24, X3, S37] tells nobody that a transport was lost, and keeps nickname and place", async (stage) => {
    const { alice, bob } = await stage.pair();
    await bob.cuts();
    const thief = stage.somebody("BOB", bob.room);
    fits(await stage.enters(thief), { type: "error", code: "nick-taken" }, "hello under the nickname of who is away");
    fits(await alice.renames("bob"), { type: "refused", of: "rename", code: "nick-taken" }, "a rename to it");
    fits(await bob.returns(), { type: "welcome", resumed: true, nick: "bob", online: 2 }, "back again");
    await bob.speaks("back");
    await alice.hears("back");
    same(
      eventWords(alice).filter((word) => word !== "refused"),
      ["back"],
      "what alice heard",
    );
  }),

  check(
    EVERYWHERE,
    "[S26, S24, L9] says left, why lost, when the grace ends, and gives the nickname back",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      const sinceMs = performance.now();
      bob.drops();
      await leavesIn(alice, "bob", { sinceMs, afterMs: stage.server.graceMs, why: "lost" });
      fits(await stage.enters(stage.somebody("bob", bob.room)), { type: "welcome", online: 2, resumed: false }, "somebody else as bob");
    },
    aGrace,
  ),

  check(EVERYWHERE, "[S26, S40] says left, why left, at once after leave", async (stage) => {
    const { alice, bob } = await stage.pair();
    await bob.leaves();
    const left = await leftOf(alice, "bob", LATE_MS);
    same(left.why, "left", "why bob left");
    fits(await stage.enters(stage.somebody("bob", bob.room)), { type: "welcome", online: 2 }, "somebody else as bob");
  }),

  check(
    EVERYWHERE,
    "[S27, S26, S38] keeps who lingers for that long, and says left, why left, then",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      const linger = Math.min(10_000, stage.server.graceMs / 2);
      const sinceMs = performance.now();
      await bob.leaves({ linger });
      bob.drops();
      await leavesIn(alice, "bob", { sinceMs, afterMs: linger, why: "left" });
    },
    { waitsMs: ({ graceMs }) => Math.min(10_000, graceMs / 2) + LATE_MS },
  ),

  check(
    EVERYWHERE,
    "[S27, S24] is silent where who lingers says hello in time, who has the full grace from then on",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      const linger = Math.min(10_000, stage.server.graceMs * 0.75);
      await bob.leaves({ linger });
      bob.drops();
      await pause(linger / 6);
      const sinceMs = performance.now();
      fits(await bob.returns(), { type: "welcome", resumed: true }, "back in time");
      bob.drops();
      await leavesIn(alice, "bob", { sinceMs, afterMs: stage.server.graceMs, why: "lost" });
      same(toldOf(alice, "joined").filter((told) => isJoinedOf(told, "bob")).length <= 1, true, "no second joined");
    },
    { waitsMs: ({ graceMs }) => Math.min(10_000, graceMs / 2) + graceMs + LATE_MS },
  ),

  check(
    EVERYWHERE,
    "[S38, S27] lets nobody linger longer than the grace",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      const sinceMs = performance.now();
      await bob.leaves({ linger: 86_400_000 });
      bob.drops();
      const { ms } = await leftOf(alice, "bob", stage.server.graceMs + LATE_MS, sinceMs);
      holds(
        ms >= stage.server.graceMs - 1000,
        `not before the grace of ${stage.server.graceMs} ms is over`,
        Math.round(ms),
        "when bob left",
      );
    },
    aGrace,
  ),

  check(
    EVERYWHERE,
    "[S24] begins a full grace with every loss",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      for (let time = 0; time < 2; time++) {
        bob.drops();
        await pause(stage.server.graceMs * 0.6);
        fits(await bob.returns(), { type: "welcome", resumed: true }, `back again, time ${time + 1}`);
      }
      same(toldOf(alice, "left"), [], "left");
    },
    { waitsMs: ({ graceMs }) => 1.2 * graceMs + LATE_MS },
  ),

  check(
    ["long-poll"],
    "[S25, H15] counts who polls as away from the moment no poll is parked, whatever is posted",
    async (stage) => {
      const { alice } = await stage.pair();
      const bob = stage.somebody("carol", alice.room) as LongPollMember;
      bob.asksAgain = false;
      fits(await stage.enters(bob), { type: "welcome" }, "carol comes in, and never polls");
      const begunMs = performance.now();
      await pause(stage.server.graceMs / 2);
      fits(await bob.speaks("not polling"), { type: "ack" }, "a POST of who is away");
      const { why } = await leftOf(alice, "carol", stage.server.graceMs / 2 + LATE_MS);
      const ms = performance.now() - begunMs;
      same(why, "lost", "why carol left");
      holds(
        ms >= stage.server.graceMs - 1000,
        `not before the grace of ${stage.server.graceMs} ms is over`,
        Math.round(ms),
        "when carol left",
      );
    },
    aGrace,
  ),

  check(
    EVERYWHERE,
    "[S29, S30, S16, S8] remembers seq after the session ended, and joins again under the same or another nickname",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      await bob.speaks("one");
      await bob.speaks(" ");
      const { seq, turn } = bob;
      await bob.leaves();
      await leftOf(alice, "bob", LATE_MS);
      bob.drops();
      const again = stage.somebody("robert", bob.room, bob.session);
      fits(await stage.enters(again), { type: "welcome", nick: "robert", resumed: false, seq, turn: turn + 1 }, "welcome");
      fits(await again.speaks("three"), { type: "ack", seq: seq + 1 }, "the next number");
      await alice.hears("three");
      same(alice.told.filter((told) => isJoinedOf(told, "robert")).length, 1, "how often joined was said");
    },
  ),

  check(EVERYWHERE, "[S30, S44, X3] claims the nickname anew: who took it meanwhile keeps it", async (stage) => {
    const { alice, bob } = await stage.pair();
    await bob.leaves();
    await leftOf(alice, "bob", LATE_MS);
    bob.drops();
    const other = await stage.joins("bob", alice.room);
    const again = stage.somebody("bob", alice.room, bob.session);
    fits(await stage.enters(again), { type: "error", code: "nick-taken" }, "the first bob comes back");
    same(await again.ends(), stage.endWith("nick-taken"), "the end");
    fits(await other.speaks("me"), { type: "ack" }, "the second bob");
  }),

  check(["long-poll"], "[S24, S6] resumes by POST whatever the server knows of the lost poll", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const text of ["one", "two", "three"]) {
      bob.drops();
      await alice.sends(chat("alice", text));
      fits(await bob.returns(), { type: "welcome", resumed: true }, "back again");
      await bob.hears(text);
    }
    same(bob.heard(), ["one", "two", "three"], "what bob heard");
  }),
];
