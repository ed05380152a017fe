import { describe, expect, it } from "vitest";
import { ask, within } from "./testing/ask.ts";
import { longPolling, tcp, transports, webSocket } from "./testing/company.ts";
import type { Member } from "./testing/member.ts";
import { service } from "./testing/member.ts";
import { Nodes, standingNodes } from "./testing/nodes.ts";

const lefts = (member: Member) => member.told.filter(({ type }) => type === "left");
const joinsOf = (member: Member, nick: string) => member.told.filter(({ type, nicks }) => type === "joined" && nicks?.includes(nick));
const roster = (member: Member) => member.told.findLast(({ type }) => type === "roster");

describe("sessions at two nodes", () => {
  const all = standingNodes({ RATE_BURST: "0", GRACE_MS: "1500", HEARTBEAT_MS: "400" });

  describe.each(transports)("over $name", (transport) => {
    it("[L1, L7] hear one log, in one order, whichever node they are at", async () => {
      const room = all.nodes.newRoom();
      const [alice, bob, carol] = [
        await all.nodes.joins(transport, all.a, "alice", room),
        await all.nodes.joins(transport, all.b, "bob", room),
        await all.nodes.joins(webSocket, all.b, "carol", room),
      ];
      const said: string[] = [];
      for (let number = 0; number < 20; number++) {
        said.push(`a${number}`, `b${number}`);
        await Promise.all([alice.speaks(`a${number}`), bob.speaks(`b${number}`)]);
      }
      for (const member of [alice, bob, carol]) {
        await member.until(() => member.heard().length >= said.length || undefined, "all that was said");
        expect(member.heard().toSorted()).toEqual(said.toSorted());
      }
      expect(bob.heard()).toEqual(alice.heard());
      expect(carol.heard()).toEqual(alice.heard());
      expect(alice.offset).toBe(carol.offset);
    });

    it("[P11] a nickname is one person's, at every node", async () => {
      const room = all.nodes.newRoom();
      await all.nodes.joins(transport, all.a, "alice", room);
      expect(await all.nodes.somebody(transport, all.b, "ALICE", room).comes()).toMatchObject({ type: "error", code: "nick-taken" });
      const post = await all.nodes.joins(webSocket, all.b, "bob", room);
      expect(await post.renames("Alice")).toMatchObject({ type: "refused", code: "nick-taken" });
    });

    it("[S3, S5, S16] who comes back at another node resumes, in silence, and misses nothing", async () => {
      const room = all.nodes.newRoom();
      const bob = await all.nodes.joins(webSocket, all.b, "bob", room);
      const alice = await all.nodes.joins(transport, all.a, "alice", room);
      await alice.speaks("one");
      alice.drops();
      await bob.speaks("meanwhile");
      const again = all.nodes.somebody(transport, all.b, "alice", room, alice.session);
      expect(await again.says({ log: alice.log, offset: alice.offset, seq: 1 })).toMatchObject({
        type: "welcome",
        resumed: true,
        turn: 2,
        seq: 1,
      });
      await again.hears("meanwhile");
      await again.speaks("two");
      await bob.hears("two");
      // The grace that began at the first node is over by then.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      await again.speaks("three");
      await bob.hears("three");
      expect(bob.heard()).toEqual(["one", "meanwhile", "two", "three"]);
      expect(lefts(bob)).toEqual([]);
      expect(joinsOf(bob, "alice")).toHaveLength(1);
    });

    it("[S24, S26] who is lost at one node has left at all, once", async () => {
      const room = all.nodes.newRoom();
      const [alice, bob, carol] = [
        await all.nodes.joins(transport, all.a, "alice", room),
        await all.nodes.joins(webSocket, all.a, "bob", room),
        await all.nodes.joins(webSocket, all.b, "carol", room),
      ];
      alice.drops();
      for (const member of [bob, carol]) await member.until(() => lefts(member)[0], "left");
      await bob.speaks("gone");
      for (const member of [bob, carol]) {
        await member.hears("gone");
        expect(lefts(member)).toEqual([{ type: "left", nicks: ["alice"], why: "lost" }]);
      }
    });
  });

  it("[S5, S7] a stream that was taken over at another node is told so", async () => {
    const room = all.nodes.newRoom();
    const alice = await all.nodes.joins(webSocket, all.a, "alice", room);
    const again = all.nodes.somebody(tcp, all.b, "alice", room, alice.session);
    expect(await again.says({ log: alice.log, offset: alice.offset })).toMatchObject({ resumed: true, turn: 2 });
    expect(await alice.ends()).toEqual({ code: "replaced", number: 1008 });
    const polls = all.nodes.somebody(longPolling, all.a, "alice", room, alice.session);
    expect(await polls.says({ log: alice.log, offset: alice.offset })).toMatchObject({ resumed: true, turn: 3 });
    expect(await again.ends()).toMatchObject({ code: "replaced" });
  });

  it("[S35, S37] the roster has everybody of all nodes, and so has every count", async () => {
    const room = all.nodes.newRoom();
    const nicks = ["alice", "bob", "carol", "dave"];
    const members: Member[] = [];
    for (const [index, nick] of nicks.entries())
      members.push(await all.nodes.joins(webSocket, index % 2 === 0 ? all.a : all.b, nick, room));
    const [alice, , , dave] = members as [Member, Member, Member, Member];
    expect(dave.told.find(({ type }) => type === "welcome")?.online).toBe(4);
    expect(roster(dave)).toMatchObject({ nicks: expect.arrayContaining(nicks), online: 4 });
    await alice.leaves();
    await dave.until(() => lefts(dave)[0], "left");
    for (const house of [all.a, all.b]) {
      const erin = await all.nodes.joins(webSocket, house, `erin-${house.port}`, room);
      await erin.until(() => roster(erin), "a roster");
      expect(roster(erin)?.nicks).not.toContain("alice");
    }
    await dave.until(() => dave.told.find(({ type, online }) => type === "ping" && online === 5), "a ping that counts 5");
  });

  it("[S41] a rename is known at every node", async () => {
    const room = all.nodes.newRoom();
    const alice = await all.nodes.joins(webSocket, all.a, "alice", room);
    const bob = await all.nodes.joins(webSocket, all.b, "bob", room);
    await alice.renames("alicia");
    expect(await bob.next("renamed")).toEqual({ type: "renamed", from: "alice", to: "alicia" });
    expect(await bob.renames("alicia")).toMatchObject({ code: "nick-taken" });
    const carol = await all.nodes.joins(webSocket, all.b, "alice", room);
    await carol.until(() => roster(carol), "a roster");
    expect(roster(carol)?.nicks?.toSorted()).toEqual(["alice", "alicia", "bob"]);
  });

  it("[S38] leaves by secret, by a stream at another node", async () => {
    const room = all.nodes.newRoom();
    const alice = await all.nodes.joins(webSocket, all.a, "alice", room);
    const bob = await all.nodes.joins(webSocket, all.b, "bob", room);
    const other = all.nodes.somebody(webSocket, all.b, "nobody", room);
    await other.opens();
    await other.sends(service({ type: "leave", session: alice.session }));
    expect(await bob.next("left")).toEqual({ type: "left", nicks: ["alice"], why: "left" });
    expect(await alice.ends()).toEqual({ code: undefined, number: 1000 });
  });

  it("[S30, L9] who left at one node and comes at another under the same name came in again", async () => {
    const room = all.nodes.newRoom();
    const bob = await all.nodes.joins(webSocket, all.a, "bob", room);
    for (let times = 0; times < 5; times++) {
      const house = times % 2 === 0 ? all.a : all.b;
      const alice = all.nodes.somebody(webSocket, house, "alice", room, "s".repeat(21) + (times % 2));
      expect(await alice.comes()).toMatchObject({ type: "welcome", resumed: false });
      await alice.leaves();
    }
    await bob.until(() => lefts(bob).length === 5 || undefined, "five times left");
    const about = bob.told.filter(({ type, nicks }) => (type === "joined" || type === "left") && nicks?.includes("alice"));
    expect(about.map(({ type }) => type)).toEqual(Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? "joined" : "left")));
  });
});

describe("the cap at two nodes", () => {
  const all = standingNodes({ MAX_CLIENTS: "3" });

  it("[S4] counts everybody, and who comes back at another node needs no place", async () => {
    const room = all.nodes.newRoom();
    const alice = await all.nodes.joins(webSocket, all.a, "alice", room);
    const bob = await all.nodes.joins(longPolling, all.b, "bob", room);
    await all.nodes.joins(webSocket, all.b, "carol", all.nodes.newRoom());
    for (const house of [all.a, all.b])
      expect(await all.nodes.somebody(webSocket, house, "dave", room).comes()).toMatchObject({ type: "error", code: "full" });
    const again = all.nodes.somebody(webSocket, all.b, "alice", room, alice.session);
    expect(await again.says({ log: alice.log, offset: alice.offset })).toMatchObject({ resumed: true });
    await bob.leaves();
    await again.until(() => lefts(again)[0], "left");
    await all.nodes.joins(webSocket, all.a, "dave", room);
  });
});

describe("above the notice limit at two nodes", () => {
  const all = standingNodes({ NOTICE_LIMIT: "5" });

  it("[L10] those at both count: coming and going is not said, and is again below it", async () => {
    const room = all.nodes.newRoom();
    const members: Member[] = [];
    for (let index = 0; index < 5; index++)
      members.push(await all.nodes.joins(webSocket, index % 2 === 0 ? all.a : all.b, `guest${index}`, room));
    const [first, second] = members as [Member, Member];
    for (const [index, house] of [all.a, all.b].entries()) {
      const more = all.nodes.somebody(webSocket, house, `more${index}`, room);
      expect(await more.comes()).toMatchObject({ online: 6 + index });
      members.push(more);
    }
    await first.speaks("hello");
    for (const member of [first, second]) {
      await member.hears("hello");
      expect(joinsOf(member, "more0")).toEqual([]);
      expect(joinsOf(member, "more1")).toEqual([]);
      member.forgets();
    }
    for (const member of members.slice(-4)) await member.leaves();
    // From here on there are three: everybody is told who.
    for (const member of [first, second]) {
      await member.until(() => (roster(member)?.online === 3 ? true : undefined), "a roster of three");
      expect(roster(member)?.nicks?.toSorted()).toEqual(["guest0", "guest1", "guest2"]);
    }
    await all.nodes.joins(webSocket, all.b, "late", room);
    await first.until(() => joinsOf(first, "late")[0], "joined");
  });
});

describe("a node that goes", () => {
  const all = standingNodes({ RATE_BURST: "0", GRACE_MS: "4000" });

  it.each(["in good order", "without a word"])(
    "[D6, S28] %s: who was there resumes at another, and nobody left or joined",
    async (how) => {
      const nodes = new Nodes(all.redis, { RATE_BURST: "0", GRACE_MS: "4000" });
      const [a, b] = [await nodes.open(), await nodes.open()];
      const room = nodes.newRoom();
      const bob = await nodes.joins(webSocket, b, "bob", room);
      const alice = await nodes.joins(webSocket, a, "alice", room);
      const polls = await nodes.joins(longPolling, a, "polly", room);
      const lost = await nodes.joins(webSocket, a, "lost", room);
      await alice.speaks("before");
      if (how === "in good order") await a.stop();
      else await a.engine.close();
      alice.drops();
      polls.drops();
      lost.drops();
      const again = nodes.somebody(webSocket, b, "alice", room, alice.session);
      expect(await again.says({ log: alice.log, offset: alice.offset, seq: 1 })).toMatchObject({ resumed: true, turn: 2, seq: 1 });
      const answer = await within(
        ask(b, "POST", `/poll?seq=1&turn=${polls.turn}`, { session: polls.session, body: Buffer.from("05005pollyhello") }),
        "a POST",
        10_000,
      );
      expect(answer.told).toMatchObject([{ type: "ack", seq: 1 }]);
      const polling = nodes.somebody(longPolling, b, "polly", room, polls.session);
      Object.assign(polling, { turn: polls.turn, offset: polls.offset });
      expect((await polling.polls()).told).toEqual(expect.arrayContaining([expect.objectContaining({ message: "hello" })]));
      void polling.polls().catch(() => undefined);
      await again.speaks("after");
      await bob.hears("after");
      expect(lefts(bob)).toEqual([]);
      // Of who does not come back it is said, once, when their grace is over at the node that looks after them now.
      bob.patienceMs = 40_000;
      await bob.until(() => lefts(bob).find(({ nicks }) => nicks?.includes("lost")), "left");
      await bob.speaks("last");
      await bob.hears("last");
      expect(lefts(bob).filter(({ nicks }) => nicks?.includes("lost"))).toHaveLength(1);
      expect(lefts(bob).filter(({ nicks }) => nicks?.includes("alice"))).toEqual([]);
      expect(bob.heard()).toEqual(["before", "hello", "after", "last"]);
      expect(joinsOf(bob, "alice")).toHaveLength(1);
      await within(Promise.all([a.stop(), b.stop()]), "the nodes to stop", 20_000);
    },
    60_000,
  );
});
