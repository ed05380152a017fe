import type { Told } from "../../../server/testing/ask.ts";
import { chat, type Member, newSecret, service } from "../../../server/testing/member.ts";
import type { TcpMember } from "../../../server/testing/tcp-member.ts";
import { type Check, check } from "../check.ts";
import { toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import { VECTORS } from "../rules.ts";
import { pause, type Stage } from "../stage.ts";

const over = ["tcp"] as const;
const OVER = { code: undefined, number: 0 };
/** Posts of one address share a budget: those who post do so one after the other. */
const alone = { alone: true };
/** How many one check sends at most, but for the one that tries the rate. */
const MOST_POSTS = 6;

/** Somebody who is in the lobby by raw TCP. */
async function listener(stage: Stage): Promise<Member> {
  const nick = `l-${newSecret().slice(0, 8)}`;
  const member = await stage.joins(nick, "lobby", { history: 0 });
  await member.until(() => toldOf(member, "joined").find(({ nicks }) => nicks?.includes(nick)), "joined");
  member.forgets();
  return member;
}

/** A connection that nothing was said on, and a name that nobody has. The budget of the address is full again. */
async function poster(stage: Stage): Promise<TcpMember> {
  const { burst, perSecond } = stage.server.rate;
  if (burst > 0 && perSecond > 0) await pause(Math.min(burst, MOST_POSTS) * (1000 / perSecond));
  const member = stage.somebody(`p-${newSecret().slice(0, 8)}`) as TcpMember;
  await member.opens();
  return member;
}

async function write(member: TcpMember, octets: Uint8Array, pieceOctets: number): Promise<void> {
  for (let at = 0; at < octets.length; at += pieceOctets) {
    member.socket.write(octets.subarray(at, at + pieceOctets));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const ownOf = ({ told }: Member, nick: string): Told[] => told.filter((one) => one.type === "chat" && one.nick === nick);

export const TCP: readonly Check[] = [
  check(over, "[P8, T2] takes any chunking of the stream", async (stage) => {
    const { alice, bob } = (await stage.pair()) as { alice: TcpMember; bob: TcpMember };
    const texts: string[] = [];
    for (const pieceOctets of [1, 2, 3, 4, 5, 6, 7, 16, 1103]) {
      const said = [`pieces of ${pieceOctets}`, `élo 🌳 ${pieceOctets}`];
      await stage.pays(alice, 3);
      await write(
        alice,
        Buffer.concat([chat("alice", said[0] ?? ""), service({ type: "pong" }), chat("alice", said[1] ?? "")]),
        pieceOctets,
      );
      texts.push(...said);
      await bob.hears(texts.at(-1) ?? "");
    }
    same(bob.heard(), texts, "what bob heard");
  }),

  check(over, "[P8] waits for the rest of what is not whole yet, as the vectors say", async (stage) => {
    const { alice } = (await stage.pair()) as { alice: TcpMember; bob: TcpMember };
    for (const { why, hex, packets, rest } of VECTORS.stream) {
      const octets = Buffer.from(hex, "hex");
      const chats =
        hex.split(Buffer.from("05005alice").toString("hex")).length - 1 + (hex.includes(Buffer.from("03005bob").toString("hex")) ? 1 : 0);
      const whole = Math.min(chats, packets);
      const from = alice.seq;
      const before = alice.told.length;
      await stage.pays(alice, packets + 1);
      alice.socket.write(octets);
      if (whole > 0) await alice.answerTo(from + whole);
      else await pause(200);
      const answered = alice.told
        .slice(before)
        .filter(({ type }) => type === "ack" || type === "refused")
        .at(-1);
      same(Number(answered?.seq ?? from) - from, whole, `the numbers that were answered: ${why}`);
      alice.seq = from + whole;
      if (rest === 0) continue;
      alice.socket.write(Buffer.from("05005aliceHello").subarray(rest));
      fits(await alice.answerTo(from + whole + 1), { type: "ack" }, `when the rest has come: ${why}`);
      alice.seq = from + whole + 1;
    }
  }),

  check(
    over,
    "[T3, T2] shows a post in the lobby under its name, without its sender being there",
    async (stage) => {
      const alice = await listener(stage);
      const cron = await poster(stage);
      cron.socket.write(chat(cron.nick, "Backup done"));
      const ack = await cron.next("ack", "refused");
      fits(ack, { type: "ack", seq: 1 }, "the answer");
      await alice.until(() => ownOf(alice, cron.nick).at(-1), "the post");
      await alice.speaks("and nobody came");
      await alice.hears("and nobody came");
      same(ownOf(alice, cron.nick), [{ type: "chat", nick: cron.nick, message: "Backup done" }], "what the lobby heard");
      same(
        toldOf(alice, "joined").filter(({ nicks }) => nicks?.includes(cron.nick)),
        [],
        "joined",
      );
      same(cron.told.length, 1, "how much the poster was told");
      await alice.says({ history: 0, seq: alice.seq });
      holds(!(await alice.next("roster")).nicks?.includes(cron.nick), "without the poster", toldOf(alice, "roster").at(-1), "the roster");
    },
    alone,
  ),

  check(
    over,
    "[T3, X3, P10] refuses a post under a name that somebody holds, present or away, however it is spelt",
    async (stage) => {
      const alice = await listener(stage);
      const cron = await poster(stage);
      fits(await cron.speaks("not me", alice.nick), { type: "refused", seq: 1, code: "nick-taken" }, "a post under her name");
      fits(await cron.speaks("not me", alice.nick.toUpperCase()), { type: "refused", seq: 2, code: "nick-taken" }, "in another spelling");
      await alice.cuts();
      fits(await cron.speaks("nor now", alice.nick), { type: "refused", seq: 3, code: "nick-taken" }, "while she is away");
      fits(await cron.speaks("but I may"), { type: "ack", seq: 4 }, "under a free name");
    },
    alone,
  ),

  check(
    over,
    "[T4, S23] answers each post by its number on its connection, in order",
    async (stage) => {
      const cron = await poster(stage);
      await cron.sends(
        chat(cron.nick, "one"),
        chat("a b", "x"),
        chat(cron.nick, "  "),
        service({ type: "sparkle" }),
        chat(cron.nick, " two\r\n"),
      );
      await cron.answerTo(4);
      same(
        cron.told.map(({ type, seq, code }) => [type, seq, code]),
        [
          ["ack", 1, undefined],
          ["refused", 2, "nick-invalid"],
          ["refused", 3, "message-invalid"],
          ["ack", 4, undefined],
        ],
        "the answers",
      );
      const other = stage.somebody(cron.nick) as TcpMember;
      await other.opens();
      fits(await other.speaks("three"), { type: "ack", seq: 1 }, "the first answer on another connection");
    },
    alone,
  ),

  check(
    over,
    "[T4, L7] answers posts also after the peer has closed its half, and then closes",
    async (stage) => {
      const alice = await listener(stage);
      const cron = await poster(stage);
      cron.socket.end(Buffer.concat([chat(cron.nick, "one"), chat(cron.nick, "two")]));
      same(await cron.ends(), OVER, "the end");
      same(
        cron.told.map(({ type, seq }) => [type, seq]),
        [
          ["ack", 1],
          ["ack", 2],
        ],
        "the answers",
      );
      await alice.until(() => ownOf(alice, cron.nick).length === 2 || undefined, "both posts");
      same(
        ownOf(alice, cron.nick).map(({ message }) => message),
        ["one", "two"],
        "what the lobby heard",
      );
    },
    alone,
  ),

  check(
    over,
    "[T2, S2, S44] lets the first packet decide: no hello on a connection of posts",
    async (stage) => {
      const cron = await poster(stage);
      await cron.sends(chat(cron.nick, "first"), service({ type: "hello", session: cron.session, nick: cron.nick }));
      same(await cron.ends(), stage.endWith("hello-first"), "the end");
      same(
        cron.told.map(({ type }) => type),
        ["ack", "error"],
        "what came",
      );
    },
    alone,
  ),

  check(
    over,
    "[T5, S22] holds the posts of an address to a rate, over all its connections",
    async (stage) => {
      const { burst, perSecond } = stage.server.rate;
      const [one, two] = [await poster(stage), await poster(stage)];
      for (const member of [one, two]) stage.hurries(member);
      const many = burst + 2 * perSecond + 2;
      for (const member of [one, two]) {
        await member.sends(...Array.from({ length: many }, (_, number) => chat(member.nick, `post ${number}`)));
        await member.answerTo(many);
      }
      const refused = toldOf(two, "refused");
      // A budget of its own would have let the first ones of the second connection through.
      holds(many - refused.length < burst, `fewer than ${burst}`, many - refused.length, "how many of the second connection were taken");
      for (const told of refused) {
        fits(told, { code: "rate-limited" }, "refused");
        holds(Number(told.retryAfter) > 0, "a retryAfter in ms", told, "refused");
      }
      await pause(Math.max(...refused.map(({ retryAfter }) => Number(retryAfter))) + 100);
      fits(await two.speaks("again"), { type: "ack", seq: many + 1 }, "when it is over");
    },
    {
      alone: true,
      unless: ({ rate: { burst, perSecond } }) => {
        if (burst === 0 || perSecond === 0) return "this server sets no limit to the rate";
        return burst + 2 * perSecond > 500 ? "this server's rate is higher than the kit sends" : undefined;
      },
    },
  ),
];
