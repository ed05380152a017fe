import type { Answer, Told } from "../../../server/testing/ask.ts";
import { chat, type Member, service } from "../../../server/testing/member.ts";
import { type Check, check } from "../check.ts";
import { eventWords } from "../heard.ts";
import { fits, same } from "../mismatch.ts";
import type { Stage } from "../stage.ts";

const over = ["long-poll"] as const;

/** A POST of `texts`, of which the first is `first` numbers on from where alice was when the check began. */
function post(stage: Stage, member: Member, first: number, ...texts: string[]): Promise<Answer> {
  const body = texts.map((text) => chat(member.nick, text));
  return stage.ask(member, "POST", `/poll?seq=${member.seq + first}&turn=${member.turn}`, { body });
}

export const POSTS: readonly Check[] = [
  check(over, "[H6, H8, S18] answers chat packets one by one", async (stage) => {
    const { alice } = await stage.pair();
    const { told, status } = await post(stage, alice, 1, "one", " ", "three");
    same(status, 200, "the status");
    same(
      told.map(({ type, seq, code }) => [type, Number(seq) - alice.seq, code]),
      [
        ["ack", 1, undefined],
        ["refused", 2, "message-invalid"],
        ["ack", 3, undefined],
      ],
      "the answers",
    );
  }),

  check(over, "[H7, S16] answers the last POST again whole, and appends nothing", async (stage) => {
    const { alice, bob } = await stage.pair();
    const { told } = await post(stage, alice, 1, "one", " ", "three");
    for (const time of ["second", "third"])
      same((await post(stage, alice, 1, "one", " ", "three")).told, told, `the same POST a ${time} time`);
    await post(stage, alice, 4, "four");
    await bob.hears("four");
    same(bob.heard(), ["one", "three", "four"], "what bob heard");
  }),

  check(over, "[H7, S16, S18] answers older numbers with ack without offset, and refused ones as they were", async (stage) => {
    const { alice, bob } = await stage.pair();
    await post(stage, alice, 1, "one");
    await post(stage, alice, 2, " ");
    await post(stage, alice, 3, "three");
    fits((await post(stage, alice, 1, "one")).told[0], { type: "ack", seq: alice.seq + 1 }, "number 1 again");
    fits((await post(stage, alice, 2, " ")).told[0], { type: "refused", seq: alice.seq + 2, code: "message-invalid" }, "number 2 again");
    await post(stage, alice, 4, "four");
    await bob.hears("four");
    same(bob.heard(), ["one", "three", "four"], "what bob heard");
  }),

  check(over, "[H7, S16] takes what is new of a POST that overlaps the one before", async (stage) => {
    const { alice, bob } = await stage.pair();
    const numbers = (told: readonly Told[]) => told.map(({ type, seq }) => [type, Number(seq) - alice.seq]);
    await post(stage, alice, 1, "one", "two");
    same(
      numbers((await post(stage, alice, 1, "one", "two", "three")).told),
      [
        ["ack", 1],
        ["ack", 2],
        ["ack", 3],
      ],
      "the answers",
    );
    await post(stage, alice, 3, "three", "four");
    await bob.hears("four");
    same(bob.heard(), ["one", "two", "three", "four"], "what bob heard");
  }),

  check(over, "[H7, S44, H8] refuses a POST that skips a number whole", async (stage) => {
    const { alice, bob } = await stage.pair();
    const skipping = await post(stage, alice, 2, "two", "three");
    same([skipping.status, skipping.told[0]?.code], [409, "seq-gap"], "the answer");
    fits((await post(stage, alice, 1, "one")).told[0], { type: "ack", seq: alice.seq + 1 }, "the number that was skipped");
    await bob.hears("one");
    same(bob.heard(), ["one"], "what bob heard");
  }),

  check(over, "[H7, S14, S16] knows the numbers also after another hello", async (stage) => {
    const { alice, bob } = await stage.pair();
    const before = alice.seq;
    await post(stage, alice, 1, "one", "two");
    fits(await alice.returns(), { type: "welcome", seq: before + 2 }, "welcome");
    fits((await post(stage, alice, 0, "two")).told[0], { type: "ack", seq: before + 2 }, "number 2 again");
    fits((await post(stage, alice, 1, "three")).told[0], { type: "ack", seq: before + 3 }, "number 3");
    await bob.hears("three");
    same(bob.heard(), ["one", "two", "three"], "what bob heard");
  }),

  check(over, "[H12, S16] takes overlapping POSTs one after the other", async (stage) => {
    const { alice, bob } = await stage.pair();
    const answers = await Promise.all([
      post(stage, alice, 1, "one", "two"),
      post(stage, alice, 1, "one", "two"),
      post(stage, alice, 1, "one", "two"),
    ]);
    for (const { told } of answers)
      same(
        told.map(({ type, seq }) => [type, Number(seq) - alice.seq]),
        [
          ["ack", 1],
          ["ack", 2],
        ],
        "each answer",
      );
    await post(stage, alice, 3, "three");
    await bob.hears("three");
    same(bob.heard(), ["one", "two", "three"], "what bob heard");
  }),

  check(over, "[H6, H8] takes nothing of a body that has chat packets and rename or leave", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const packet of [service({ type: "rename", nick: "alicia" }), service({ type: "leave" })]) {
      const answer = await stage.ask(alice, "POST", `/poll?seq=${alice.seq + 1}`, { body: [chat("alice", "unsaid"), packet] });
      same([answer.status, answer.told[0]?.code], [400, "malformed"], "the answer");
    }
    fits((await post(stage, alice, 1, "said")).told[0], { type: "ack", seq: alice.seq + 1 }, "the number is still free");
    await bob.hears("said");
    same(eventWords(bob), ["said"], "what bob heard");
  }),

  check(over, "[X1, S44] refuses a POST from a foreign origin, and takes nothing of it", async (stage) => {
    const { alice, bob } = await stage.pair();
    const { url } = stage.server;
    for (const origin of ["https://evil.example", "null", `${url.protocol}//${url.hostname}:1`]) {
      for (const [path, body] of [
        [`/poll?seq=${alice.seq + 1}`, chat("alice", "forged")],
        ["/poll", service({ type: "leave", session: alice.session })],
      ] as const) {
        const answer = await stage.ask(alice, "POST", path, { body, headers: { origin } });
        same([answer.status, answer.told[0]?.code], [403, "forbidden"], `a POST from ${origin}`);
      }
    }
    const own = { body: chat("alice", "mine"), headers: { origin: url.origin } };
    fits((await stage.ask(alice, "POST", `/poll?seq=${alice.seq + 1}`, own)).told[0], { type: "ack" }, "one from the page's own");
    await bob.hears("mine");
    same(eventWords(bob), ["mine"], "what bob heard");
  }),

  check(over, "[H18, H1, S2] gives the packets before an offset, oldest first, with where they begin", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const text of ["one", "two", "three"]) await alice.speaks(text);
    await bob.hears("three");
    const last = bob.offset;
    const all: Told[] = [];
    // A node may not have heard yet of what another one has said already.
    while (all.length < last) all.push(...(await stage.ask(bob, "GET", `/poll?after=${all.length}`)).told);
    for (const [before, limit] of [
      [last + 1, 3],
      [last, 2],
      [3, 500],
      [1, 5],
      [last, 1],
    ] as const) {
      const answer = await stage.ask(alice, "GET", `/history?before=${before}&limit=${limit}`);
      const first = Math.max(1, before - limit);
      same([answer.status, answer.told], [200, all.slice(first - 1, before - 1)], `before ${before}, at most ${limit}`);
      if (before > 1) same(answer.headers["palabre-first-offset"], String(first), "Palabre-First-Offset");
    }
  }),
];
