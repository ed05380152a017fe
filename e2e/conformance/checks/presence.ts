import type { LongPollMember } from "../../../server/testing/long-poll-member.ts";
import { chat, service } from "../../../server/testing/member.ts";
import type { WebSocketMember } from "../../../server/testing/websocket-member.ts";
import { type Check, check, EVERYWHERE, STREAMS } from "../check.ts";
import { events, eventWords, toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import type { Server } from "../server.ts";
import { pause } from "../stage.ts";

const beats = (count: number) => ({ waitsMs: ({ heartbeatMs }: Server) => count * heartbeatMs + 3000 });

export const PRESENCE: readonly Check[] = [
  check(EVERYWHERE, "[S35, S37, S4] lists who is here, those away as well, after the replay", async (stage) => {
    const { alice, bob } = await stage.pair();
    await alice.speaks("hello");
    await bob.cuts();
    const carol = stage.somebody("carol", alice.room);
    fits(await stage.enters(carol), { type: "welcome", online: 3 }, "welcome");
    const roster = await carol.next("roster");
    same({ ...roster, nicks: roster.nicks?.toSorted() }, { type: "roster", nicks: ["alice", "bob", "carol"], online: 3 }, "roster");
    holds(
      carol.told.findIndex(({ type }) => type === "chat") < carol.told.indexOf(roster),
      "the replay, and then the roster",
      eventWords(carol),
      "the order",
    );
  }),

  check(EVERYWHERE, "[S35] sends the roster to who resumed without an offset, and to nobody who resumed by offset", async (stage) => {
    const { alice, bob } = await stage.pair();
    await alice.cuts();
    await alice.says({ seq: alice.seq });
    fits(await alice.next("roster"), { online: 2 }, "the roster");
    await alice.cuts();
    const before = toldOf(alice, "roster").length;
    await alice.returns();
    await bob.speaks("hello");
    await alice.hears("hello");
    same(toldOf(alice, "roster").length - before, 0, "rosters for who resumed by offset");
  }),

  check(EVERYWHERE, "[S35, S11] sends the roster to a new session that names an offset", async (stage) => {
    const { alice } = await stage.pair();
    const carol = stage.somebody("carol", alice.room);
    await stage.enters(carol, { log: alice.log, offset: alice.offset });
    fits(await carol.next("roster"), { online: 3 }, "the roster");
  }),

  check(EVERYWHERE, "[S36, S37, S40] comes to the same set as the others, whatever came before", async (stage) => {
    const { alice, bob } = await stage.pair();
    await bob.renames("robert");
    const carol = await stage.joins("carol", alice.room);
    await alice.renames("alicia");
    await bob.leaves();
    await carol.until(() => toldOf(carol, "left").at(-1), "left");
    await carol.speaks("done");
    await carol.hears("done");
    const present = new Set<string>();
    for (const { type, nicks = [], from, to } of carol.told.slice(carol.told.findIndex(({ type: first }) => first === "roster"))) {
      for (const nick of nicks) type === "left" ? present.delete(nick) : present.add(nick);
      if (type === "renamed" && present.delete(String(from))) present.add(String(to));
    }
    same([...present].toSorted(), ["alicia", "carol"], "who is here, as carol knows it");
  }),

  check(
    EVERYWHERE,
    "[S41, S40, S39] answers rename with you, tells everybody, and speaks under the new name from then on",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      same(await alice.renames("alicia"), { type: "you", nick: "alicia" }, "the answer");
      same(await bob.next("renamed"), { type: "renamed", from: "alice", to: "alicia" }, "what bob hears");
      fits(await alice.speaks("hello", "alicia"), { type: "ack" }, "under the new name");
      fits(await alice.speaks("hello", "alice"), { type: "refused", code: "nick-mismatch" }, "under the old name");
      await alice.cuts();
      fits(await alice.returns(), { type: "welcome", nick: "alicia" }, "welcome");
      fits(await stage.enters(stage.somebody("alice", alice.room)), { type: "welcome", nick: "alice" }, "somebody else under the old name");
    },
  ),

  check(EVERYWHERE, "[S41, P11] refuses a nickname that is taken, and leaves everything as it was", async (stage) => {
    const { alice, bob } = await stage.pair();
    const { message, ...refused } = await alice.renames("BOB");
    same(refused, { type: "refused", of: "rename", code: "nick-taken" }, "the answer");
    holds(typeof message === "string" && message !== "", "a sentence", message, "its message");
    await alice.speaks("still alice");
    await bob.hears("still alice");
    same(
      events(bob).map(({ type }) => type),
      ["chat"],
      "what bob heard",
    );
  }),

  check(EVERYWHERE, "[S41, P10] lets somebody change the spelling of their own nickname", async (stage) => {
    const { alice, bob } = await stage.pair();
    same(await alice.renames("Alice"), { type: "you", nick: "Alice" }, "the answer");
    same(await bob.next("renamed"), { type: "renamed", from: "alice", to: "Alice" }, "what bob hears");
  }),

  check(STREAMS, "[S41] takes chat packets that were sent before the answer to a rename under the old name", async (stage) => {
    const { alice, bob } = await stage.pair();
    const from = alice.seq;
    await alice.sends(chat("alice", "one"), service({ type: "rename", nick: "alicia" }), chat("alice", "two"));
    fits(await alice.answerTo(from + 2), { type: "ack" }, "the one behind the rename");
    await bob.hears("two");
    const names = events(bob)
      .filter(({ type }) => type === "chat")
      .map(({ nick }) => nick);
    same(names[0], "alice", "the name of the first");
    holds(["alice", "alicia"].includes(names[1] ?? ""), "a claimed name", names[1], "the name of the second");
  }),

  check(
    EVERYWHERE,
    "[S31, S33, S34] sends ping with offset and online when a heartbeat is over, again and again, and keeps who answers",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      const { heartbeatMs } = stage.server;
      await bob.speaks("hello");
      await alice.hears("hello");
      const beat = Number(alice.told.findLast(({ type }) => type === "welcome")?.heartbeat);
      holds(Math.abs(beat / heartbeatMs - 1) < 0.23, `${heartbeatMs} ms, give or take 10 % both`, beat, "welcome.heartbeat");
      alice.patienceMs = 2 * beat + 5000;
      for (let time = 0; time < 3; time++) {
        const begunMs = performance.now();
        same(await alice.next("ping"), { type: "ping", offset: alice.offset, online: 2 }, "ping");
        const ms = performance.now() - begunMs;
        holds(ms < 1.2 * beat + 3000, `within ${beat} ms, or soon after`, Math.round(ms), "when ping came");
      }
      fits(await bob.speaks("still here"), { type: "ack" }, "who answers is kept");
      await alice.hears("still here");
      same(toldOf(alice, "left"), [], "left");
    },
    beats(4),
  ),

  check(
    STREAMS,
    "[S32, S44, W6] gives up after twice the heartbeat who says nothing, who is away then, and keeps who answers",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      (bob as WebSocketMember).answersPings = false;
      const beat = Number(bob.told.findLast(({ type }) => type === "welcome")?.heartbeat);
      const begunMs = performance.now();
      bob.patienceMs = 3 * beat + 5000;
      same(await bob.ends(), stage.endWith("timeout"), "the end");
      const ms = performance.now() - begunMs;
      holds(ms >= 1.5 * beat - 1000, `after about ${2 * beat} ms`, Math.round(ms), "when it came");
      holds(toldOf(bob, "ping").length >= 1, "one at least", toldOf(bob, "ping").length, "the pings before");
      same(alice.end, undefined, "the end of who answers");
      same(toldOf(alice, "left"), [], "left");
    },
    beats(3.5),
  ),

  check(
    ["long-poll"],
    "[S34, H5, S32] keeps who goes on asking, for longer than twice the heartbeat",
    async (stage) => {
      const [alice, bob] = (await stage.gathers("alice", "bob")) as [LongPollMember, LongPollMember];
      await pause(2.6 * stage.server.heartbeatMs + 500);
      fits(await bob.speaks("still here"), { type: "ack" }, "a POST");
      await alice.hears("still here");
      same(toldOf(alice, "left"), [], "left");
      holds(toldOf(alice, "ping").length >= 2, "two at least", toldOf(alice, "ping").length, "the pings that ended polls");
    },
    beats(2.6),
  ),
];
