import type { LongPollMember } from "../../../server/testing/long-poll-member.ts";
import { chat, service } from "../../../server/testing/member.ts";
import { WebSocketMember } from "../../../server/testing/websocket-member.ts";
import { type Check, check } from "../check.ts";
import { toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import { get, pair, parked, post, refusal, without } from "./polling.ts";

const over = ["long-poll"] as const;
const MAX_POLL_OCTETS = 256 * 1024;

export const POLLS: readonly Check[] = [
  check(over, "[H1, H3, H4, H17] says packets as text that is stored nowhere, with the offset", async (stage) => {
    const { alice, bob } = await pair(stage);
    await bob.speaks("hello");
    const hello = service({ type: "hello", session: alice.session, log: alice.log, offset: alice.offset });
    const answers = [
      await get(stage, alice, `after=${alice.offset}`),
      await post(stage, alice, `?seq=${alice.seq + 1}`, chat("alice", "hi")),
      await stage.ask(undefined, "POST", "/poll", { body: hello }),
      await stage.ask(alice, "GET", `/history?before=${alice.offset + 1}&limit=1`),
      await get(stage, alice, "after=nonsense"),
    ];
    for (const [index, { headers, status }] of answers.entries()) {
      same(status, index === 4 ? 400 : 200, "the status");
      same(headers["content-type"], "text/plain; charset=utf-8", "Content-Type");
      same(headers["cache-control"], "no-store", "Cache-Control");
    }
    for (const { headers } of answers.slice(0, 4))
      holds(/^\d+$/.test(String(headers["palabre-offset"])), "a number", headers["palabre-offset"], "Palabre-Offset");
  }),

  check(over, "[H3] says in Palabre-Offset the offset of the last room packet in the answer, or where the receiver was", async (stage) => {
    const { alice, bob } = await pair(stage);
    const from = alice.offset;
    for (const text of ["one", "two"]) await bob.speaks(text);
    const answer = await get(stage, alice, `after=${from}`);
    same(
      answer.headers["palabre-offset"],
      String(from + answer.told.length),
      `Palabre-Offset of ${answer.told.length} packets after ${from}`,
    );
    const { offset = 0 } = await bob.speaks("three");
    const history = await stage.ask(alice, "GET", `/history?before=${offset}&limit=2`);
    same(history.headers["palabre-offset"], String(offset - 1), `Palabre-Offset of what is before ${offset}`);
  }),

  check(over, "[H5] answers a poll at once where there are packets, and parks it where there are none", async (stage) => {
    const { alice, bob } = await pair(stage);
    await bob.speaks("one");
    const first = await get(stage, alice, `after=${alice.offset}&turn=${alice.turn}`);
    same(without(first.told, "clock"), [{ type: "chat", nick: "bob", message: "one" }], "the answer");
    const after = Number(first.headers["palabre-offset"]);
    const poll = await parked(stage, alice, `after=${after}&turn=${alice.turn}`);
    same(poll.isAnswered(), false, "whether a poll with nothing to say is answered");
    await bob.speaks("two");
    const second = await poll.answer;
    same([second.status, without(second.told, "clock")], [200, [{ type: "chat", nick: "bob", message: "two" }]], "the answer");
  }),

  check(over, "[H15, H5, L1] gives what was asked for again, from wherever the receiver says that it is", async (stage) => {
    const { alice, bob } = await pair(stage);
    const from = alice.offset;
    for (const text of ["one", "two", "three"]) await bob.speaks(text);
    const whole = await get(stage, alice, `after=${from}`);
    same(
      whole.told.filter(({ type }) => type === "chat").map(({ message }) => message),
      ["one", "two", "three"],
      "the answer",
    );
    for (let after = from; after < from + whole.told.length; after++) {
      const again = await get(stage, alice, `after=${after}`);
      same(again.told, whole.told.slice(after - from), `what comes after ${after}`);
    }
  }),

  check(over, "[H5, S44] answers a poll beyond the end with 410", async (stage) => {
    const { alice } = await pair(stage);
    same(refusal(await get(stage, alice, `after=${alice.offset + 1000}`)), [410, "error", "unknown-session"], "the answer");
  }),

  check(over, "[H4, H5, S12, H18] gives long replays in pieces of at most 256 KiB, and at most 500 chat packets", async (stage) => {
    const speakers = (await stage.gathers("a", "b", "c", "d", "e", "f")) as LongPollMember[];
    const long = "x".repeat(680);
    await Promise.all(
      speakers.map((speaker) =>
        stage.pours(
          speaker,
          Array.from({ length: 86 }, (_, number) => chat(speaker.nick, `${number} ${long}`)),
        ),
      ),
    );
    const [first] = speakers as [LongPollMember];
    first.patienceMs = 30_000;
    await first.until(() => first.heard().length === 516 || undefined, "all 516");
    const reader = stage.somebody("reader", first.room) as LongPollMember;
    reader.asksAgain = false;
    fits(await stage.enters(reader, { history: 1_000_000 }), { type: "welcome" }, "welcome");
    const octets = reader.octets.reduce((sum, { length }) => sum + length, 0);
    holds(octets <= MAX_POLL_OCTETS, "at most 256 KiB", octets, "the answer to hello");
    for (let polls = 0; reader.heard().length < 500 && polls < 10; polls++) {
      const answer = await reader.polls();
      holds(answer.octets.length <= MAX_POLL_OCTETS, "at most 256 KiB", answer.octets.length, "the answer to a poll");
    }
    same(reader.heard(), first.heard().slice(-500), "the replay of history 1,000,000: the last 500");
    same(toldOf(reader, "roster").length, 1, "how often the roster came");
    const history = await stage.ask(reader, "GET", `/history?before=${reader.offset + 1}&limit=100000`);
    same(history.told.length, 500, "the packets of limit 100,000");
    const whole = await get(stage, reader, "after=0");
    holds(whole.octets.length <= MAX_POLL_OCTETS, "at most 256 KiB", whole.octets.length, "the answer to after=0");
    holds(
      whole.headers["palabre-offset"] === String(whole.told.length),
      "the offset of its last packet",
      whole.headers["palabre-offset"],
      "Palabre-Offset",
    );
  }),

  check(over, "[H16] ends the older poll with 204 when there is a newer one", async (stage) => {
    const { alice, bob } = await pair(stage);
    const older = await parked(stage, alice, `after=${alice.offset}&turn=${alice.turn}`);
    const newer = await parked(stage, alice, `after=${alice.offset}&turn=${alice.turn}`);
    same((await older.answer).status, 204, "the status of the older poll");
    await bob.speaks("hello");
    const answer = await newer.answer;
    same([answer.status, without(answer.told, "clock").map(({ message }) => message)], [200, ["hello"]], "the newer poll");
  }),

  check(over, "[S6] ends a parked poll with 204 when the session says hello by poll", async (stage) => {
    const { alice } = await pair(stage);
    const poll = await parked(stage, alice, `after=${alice.offset}&turn=${alice.turn}`);
    const { turn } = alice;
    fits(await alice.returns(), { type: "welcome", turn: turn + 1 }, "welcome");
    same((await poll.answer).status, 204, "the status of the parked poll");
  }),

  check(over, "[S7, S5] answers a parked poll with replaced when the session moves to a stream", async (stage) => {
    const { alice } = await pair(stage);
    const poll = await parked(stage, alice, `after=${alice.offset}&turn=${alice.turn}`);
    const moved = new WebSocketMember(stage.server.url, "alice", alice.room, alice.session);
    try {
      fits(await moved.says({ log: alice.log, offset: alice.offset }), { resumed: true }, "welcome by WebSocket");
      same(refusal(await poll.answer), [409, "error", "replaced"], "the parked poll");
    } finally {
      moved.drops();
    }
  }),
];
