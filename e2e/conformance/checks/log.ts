import type { Told } from "../../../server/testing/ask.ts";
import { chat, type Member } from "../../../server/testing/member.ts";
import { type Check, check, EVERYWHERE } from "../check.ts";
import { toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import { isJoinedOf, pause } from "../stage.ts";

/** Every packet of the room, with its time as a reader knows it by L4: all of it from offset 0. */
async function wholeLog(member: Member): Promise<{ told: Told; at: number }[]> {
  const welcome = await member.says({ log: member.log, offset: 0, seq: member.seq });
  fits(welcome, { type: "welcome", offset: 0 }, "a replay from the beginning");
  await member.speaks("the end");
  await member.hears("the end");
  let at = welcome.at ?? Number.NaN;
  const log: { told: Told; at: number }[] = [];
  for (const told of member.since()) {
    if (!["chat", "joined", "left", "renamed", "clock", "notice"].includes(told.type)) continue;
    if (told.type === "clock") at = told.at ?? Number.NaN;
    log.push({ told, at });
  }
  holds(log.length === member.offset, "as many packets as the last offset says", log.length, "the log");
  return log;
}

export const LOG: readonly Check[] = [
  check(
    EVERYWHERE,
    "[L1, L2, L3, S18, S4] numbers the packets of a new room 1, 2, 3, …, as in the example, the same for everybody",
    async (stage) => {
      const alice = await stage.joins("alice");
      await alice.until(() => alice.told.find((told) => isJoinedOf(told, "alice")), "joined");
      const seen = alice.told.map(({ type }) => type).filter((type) => type !== "ping");
      same(seen, ["welcome", "roster", "clock", "joined"], "what who opens a room hears");
      fits(alice.told[0], { offset: 0, seq: 0, turn: 1, resumed: false, online: 1 }, "welcome");
      const bob = await stage.joins("bob", alice.room);
      const ack = await bob.speaks("Hi");
      for (const member of [alice, bob]) {
        await member.hears("Hi");
        const clocks = toldOf(alice, "clock").length;
        same(member.offset, 3 + clocks, "what each counted: joined, joined, Hi, and the clocks");
      }
      fits(ack, { type: "ack", seq: 1, offset: bob.offset }, "ack");
    },
  ),

  check(EVERYWHERE, "[L2, S41] counts no session packet", async (stage) => {
    const { alice, bob } = await stage.pair();
    const before = alice.offset;
    await alice.renames("a");
    await alice.renames("bob");
    await alice.speaks(" ", "a");
    const ack = await alice.speaks("hello", "a");
    await bob.hears("hello");
    const clocks = toldOf(bob, "clock").length;
    holds(
      ack.offset === bob.offset && bob.offset <= before + 2 + clocks,
      "the offset of ack, and two packets beside the clocks",
      bob.offset,
      "bob's count",
    );
  }),

  check(EVERYWHERE, "[L3] says the time before a packet when a second has gone by, and no sooner", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const text of ["one", "two", "three"]) {
      await alice.speaks(text);
      await alice.speaks(`${text} again`);
      await pause(1300);
    }
    await alice.speaks("last");
    await bob.hears("last");
    const heard = bob.since().filter(({ type }) => type === "chat" || type === "clock");
    for (const text of ["two", "three", "last"]) {
      const at = heard.findIndex(({ message }) => message === text);
      same(heard[at - 1]?.type, "clock", `what stands before "${text}", 1.3 s after the one before`);
    }
    const times = (await wholeLog(alice)).filter(({ told }) => told.type === "clock").map(({ at }) => at);
    for (const [index, at] of times.entries()) {
      const before = times[index - 1];
      holds(
        before === undefined || Math.abs(at - before) >= 1000,
        "a second or more after the clock before",
        at - (before ?? 0),
        "a clock",
      );
    }
  }),

  check(EVERYWHERE, "[L4, L3, S11, H18] tells the time of every packet, from wherever a reader comes in", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const text of ["one", "two", "three", "four"]) {
      await alice.speaks(text);
      if (text !== "one") await pause(1100);
    }
    const log = await wholeLog(alice);
    const newest = log.slice(-9);
    for (const [index, { told, at }] of newest.entries()) {
      const before = log.length - newest.length + index;
      const welcome = await bob.says({ log: bob.log, offset: before, seq: bob.seq });
      if (told.type !== "clock") fits(welcome, { offset: before, at }, `welcome, where ${told.message ?? told.type} comes next`);
      const history = await stage.ask(bob, "GET", `/history?before=${before + 2}&limit=1`);
      if (told.type !== "clock")
        same(history.headers["palabre-at"], String(at), `Palabre-At, where ${told.message ?? told.type} comes first`);
    }
  }),

  check(EVERYWHERE, "[L5, S11] gives every log an identity of its own", async (stage) => {
    const { alice, bob } = await stage.pair();
    holds(alice.log !== "" && alice.log === bob.log, "one identity", [alice.log, bob.log], "the log of a room");
    const other = await stage.joins("alice");
    holds(other.log !== alice.log, "another identity", other.log, "the log of another room");
  }),

  check(EVERYWHERE, "[L7, S18, H18] has in the log what it acknowledged, at the offset that it named", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const text of ["one", "two", "three", "four", "five"]) {
      const { offset = 0 } = await alice.speaks(text);
      const answer = await stage.ask(bob, "GET", `/history?before=${offset + 1}&limit=1`);
      fits(answer, { status: 200 }, "history");
      same(answer.told, [{ type: "chat", nick: "alice", message: text }], `the packet at ${offset}, when its ack came`);
    }
  }),

  check(EVERYWHERE, "[L8] says joined before somebody's first chat packet", async (stage) => {
    const { alice } = await stage.pair();
    const bobby = await stage.joins("bobby", alice.room);
    await stage.joins("carol", alice.room);
    const dave = await stage.joins("dave", alice.room);
    for (const member of [bobby, dave]) await member.sends(chat(member.nick, `${member.nick} here`));
    for (const member of [bobby, dave]) {
      await alice.hears(`${member.nick} here`);
      const joined = alice.told.findIndex((told) => isJoinedOf(told, member.nick));
      const said = alice.told.findIndex(({ type, nick }) => type === "chat" && nick === member.nick);
      holds(joined >= 0 && joined < said, "joined, and then what was said", [joined, said], `the places of ${member.nick}`);
    }
    await alice.until(() => alice.told.find((told) => isJoinedOf(told, "carol")), "joined of carol");
    const announced = toldOf(alice, "joined").flatMap(({ nicks = [] }) => nicks);
    for (const nick of ["bobby", "carol", "dave"])
      same(
        announced.filter((one) => one === nick),
        [nick],
        "joined, once for each",
      );
  }),

  check(EVERYWHERE, "[L9, L8, S26] announces who goes at once, and then says that they left", async (stage) => {
    const { alice } = await stage.pair();
    const carol = stage.somebody("carol", alice.room);
    fits(await stage.enters(carol), { type: "welcome" }, "carol comes in");
    await carol.leaves();
    await alice.until(() => toldOf(alice, "left").find(({ nicks }) => nicks?.includes("carol")), "left of carol");
    const joined = alice.told.findIndex((told) => isJoinedOf(told, "carol"));
    const left = alice.told.findIndex(({ type, nicks }) => type === "left" && nicks?.includes("carol"));
    holds(joined >= 0 && joined < left, "joined before left", [joined, left], "the places of carol");
    same(alice.told[left], { type: "left", nicks: ["carol"], why: "left" }, "left");
  }),
];
