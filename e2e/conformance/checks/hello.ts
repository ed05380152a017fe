import { chat, type Member, newSecret, service } from "../../../server/testing/member.ts";
import { WebSocketMember } from "../../../server/testing/websocket-member.ts";
import { type Check, check, EVERYWHERE } from "../check.ts";
import { events, eventWords, toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import { isJoinedOf } from "../stage.ts";

const WELCOME = ["type", "version", "nick", "room", "resumed", "turn", "log", "offset", "at", "seq", "heartbeat", "online", "limits"];

export const HELLO: readonly Check[] = [
  check(EVERYWHERE, "[S4, S39, S21] answers a new session with welcome, replay, roster, and then what is new", async (stage) => {
    const { alice, bob } = await stage.pair();
    await alice.speaks("before");
    const carol = stage.somebody("carol", alice.room);
    const welcome = await stage.enters(carol);
    await carol.next("roster");
    await bob.speaks("after");
    await carol.hears("after");
    const { nick, message, rate } = { nick: 15, message: 999, rate: stage.server.rate };
    const fields = { version: 1, nick: "carol", room: alice.room, resumed: false, turn: 1, log: alice.log, seq: 0, online: 3 };
    fits(welcome, { ...fields, limits: { nick, message, rate } }, "welcome");
    for (const name of WELCOME) holds(name in welcome, `the field ${name}`, welcome, "welcome");
    const order = carol.told
      .map(({ type, message: text }) => text ?? type)
      .filter((word) => ["welcome", "before", "roster", "after"].includes(word));
    same(order, ["welcome", "before", "roster", "after"], "the order");
  }),

  check(EVERYWHERE, "[S3, S8] is idempotent: said twice on two connections, it joins once", async (stage) => {
    const { alice } = await stage.pair();
    const first = stage.somebody("carol", alice.room);
    await stage.enters(first);
    first.drops();
    const second = stage.somebody("carol", alice.room, first.session);
    fits(await second.comes(), { type: "welcome", nick: "carol", resumed: true, turn: 2, online: 3, seq: 0 }, "the second hello");
    await second.speaks("hello");
    await alice.hears("hello");
    same(alice.told.filter((told) => isJoinedOf(told, "carol")).length, 1, "how often joined was said");
  }),

  check(
    EVERYWHERE,
    "[S5, S24, S35, S36] answers a known session with what was missed, oldest first, once, before anything new, without a roster",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      await alice.speaks("one");
      await bob.hears("one");
      await bob.cuts();
      await alice.speaks("two");
      await alice.speaks("three");
      const { offset, turn } = bob;
      fits(await bob.returns(), { type: "welcome", resumed: true, turn: turn + 1, offset }, "welcome");
      await alice.speaks("four");
      for (const member of [alice, bob]) await member.hears("four");
      same(bob.heard(), ["one", "two", "three", "four"], "what bob heard in all");
      same(eventWords(bob), ["two", "three", "four"], "what came after welcome");
      same(bob.offset, alice.offset, "what both counted");
    },
  ),

  check(EVERYWHERE, "[S5, S3, S8] goes on on a new connection, and ends the old one as replaced", async (stage) => {
    const { alice, bob } = await stage.pair();
    const moved = stage.somebody("bob", bob.room, bob.session);
    fits(await moved.says({ log: bob.log, offset: bob.offset }), { type: "welcome", resumed: true, turn: bob.turn + 1 }, "welcome");
    if (stage.transport !== "long-poll") same(await bob.ends(), stage.endWith("replaced"), "the end of the old one");
    await alice.speaks("hello");
    await moved.hears("hello");
    same(bob.heard(), [], "what the old one heard");
    same(toldOf(alice, "left"), [], "left");
  }),

  check(EVERYWHERE, "[S5, S7, S3] moves to a WebSocket and back by hello", async (stage) => {
    const { alice, bob } = await stage.pair();
    const moved = new WebSocketMember(stage.server.url, "bob", bob.room, bob.session);
    try {
      fits(await moved.says({ log: bob.log, offset: bob.offset }), { type: "welcome", resumed: true }, "welcome by WebSocket");
      await alice.speaks("one");
      await moved.hears("one");
      fits(
        await bob.says({ log: moved.log, offset: moved.offset }),
        { type: "welcome", resumed: true, turn: moved.turn + 1 },
        "welcome, back again",
      );
      same(await moved.ends(), { code: "replaced", number: 1008 }, "the end of the WebSocket");
      await alice.speaks("two");
      await bob.hears("two");
      same(bob.heard(), ["two"], "what bob heard where he began");
    } finally {
      moved.drops();
    }
  }),

  check(EVERYWHERE, "[S6, S8] synchronises again by a second hello on the same transport, without replaced", async (stage) => {
    const { alice, bob } = await stage.pair();
    await alice.speaks("one");
    await bob.hears("one");
    const from = bob.offset - 1;
    const { turn } = bob;
    fits(
      await bob.says({ log: bob.log, offset: from, seq: bob.seq }),
      { type: "welcome", offset: from, turn: turn + 1, resumed: true },
      "welcome",
    );
    await bob.next("chat");
    await alice.speaks("two");
    await bob.hears("two");
    same(bob.heard(), ["one", "one", "two"], "what bob heard in all");
    fits(await bob.returns(), { turn: turn + 2 }, "the next welcome");
    same([bob.end, toldOf(bob, "error")], [undefined, []], "the end");
  }),

  check(EVERYWHERE, "[S9, S44] takes no new session without a nickname", async (stage) => {
    const nobody = stage.somebody("nobody");
    fits(await stage.enters(nobody, { nick: undefined }), { type: "error", code: "nick-invalid" }, "hello without nick");
    same(await nobody.ends(), stage.endWith("nick-invalid"), "the end");
  }),

  check(EVERYWHERE, "[S10] ignores the nickname that a known session says", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const nick of ["robert", "alice", "not a nickname"]) {
      await bob.cuts();
      fits(await bob.returns({ nick }), { type: "welcome", nick: "bob" }, `hello with the nickname ${nick}`);
    }
    await bob.speaks("still me");
    await alice.hears("still me");
    same(
      events(alice).map(({ type }) => type),
      ["chat"],
      "what alice heard",
    );
  }),

  check(EVERYWHERE, "[S10, S44] keeps a known session in its room", async (stage) => {
    const { alice } = await stage.pair();
    await alice.cuts();
    fits(await alice.returns({ room: alice.room }), { type: "welcome", room: alice.room }, "the same room");
    await alice.cuts();
    fits(await alice.returns({ room: "elsewhere" }), { type: "error", code: "wrong-room" }, "another room");
    same(await alice.ends(), stage.endWith("wrong-room"), "the end");
    fits(await alice.returns(), { type: "welcome", resumed: true }, "back again");
  }),

  check(EVERYWHERE, "[S11, S12, L5, S35] counts an offset without its log, of another log or beyond the end as none", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const text of ["one", "two", "three"]) await alice.speaks(text);
    await bob.hears("three");
    for (const [what, from] of [
      ["without log", { offset: 1 }],
      ["of another log", { log: "another", offset: 1 }],
      ["beyond the end", { log: bob.log, offset: 1_000_000_000 }],
    ] as const) {
      await bob.cuts();
      fits(await bob.says({ ...from, history: 2, seq: bob.seq }), { type: "welcome", resumed: true }, `an offset ${what}`);
      const before = bob.told.length;
      await bob.until(
        () => bob.told.slice(bob.told.findLastIndex(({ type }) => type === "welcome")).find(({ type }) => type === "roster"),
        "roster",
      );
      same(bob.heard().slice(-2), ["two", "three"], `the replay where offset is ${what}`);
      holds(bob.told.length - before < 10, "no more than that", eventWords(bob), "the replay");
      same(toldOf(bob, "chat").length % 2, 1, `as many texts as history says, where offset is ${what}`);
    }
  }),

  check(EVERYWHERE, "[S11, L1] replays all that follows an offset, also to a new session", async (stage) => {
    const { alice } = await stage.pair();
    const texts = Array.from({ length: 55 }, (_, number) => `number ${number}`);
    await stage.pours(
      alice,
      texts.map((text) => chat("alice", text)),
    );
    await alice.hears("number 54");
    const carol = stage.somebody("carol", alice.room);
    fits(await stage.enters(carol, { log: alice.log, offset: 0 }), { offset: 0, resumed: false }, "welcome");
    await carol.hears("number 54");
    same(carol.heard().slice(-55), texts, "the replay");
    same(carol.told.find(({ type }) => type !== "welcome")?.type, "clock", "the first packet of the log");
  }),

  check(EVERYWHERE, "[S12, S4] replays from the last 50 chat packets on, or from as many as asked for", async (stage) => {
    const { alice, bob } = await stage.pair();
    const texts = Array.from({ length: 55 }, (_, number) => `number ${number}`);
    await stage.pours(
      alice,
      texts.map((text) => chat("alice", text)),
    );
    await bob.hears("number 54");
    for (const history of [undefined, 0, 1, 7]) {
      const before = bob.heard().length;
      await bob.says({ seq: bob.seq, ...(history === undefined ? {} : { history }) });
      await bob.next("roster");
      same(bob.heard().slice(before), history === 0 ? [] : texts.slice(-(history ?? 50)), `the replay of history ${history ?? "(absent)"}`);
    }
  }),

  check(EVERYWHERE, "[S12] begins at a chat packet, and comes to the end", async (stage) => {
    const { alice, bob } = await stage.pair();
    await alice.speaks("one");
    await bob.renames("robert");
    const carol = stage.somebody("carol", alice.room);
    await stage.enters(carol, { history: 1 });
    await carol.next("roster");
    const types = carol.told.map(({ type }) => type).filter((type) => type !== "clock");
    same(types.slice(0, 3), ["welcome", "chat", "renamed"], "the replay of one chat packet");
  }),

  check(["websocket", "tcp"], "[S13, S14] takes chat packets right behind the hello of a new session", async (stage) => {
    const { alice } = await stage.pair();
    const carol = stage.somebody("carol", alice.room) as Member & { opens?: () => Promise<unknown> };
    await carol.opens?.();
    const hello = service({ type: "hello", session: carol.session, nick: "carol", room: carol.room });
    await carol.sends(hello, chat("carol", "one"), chat("carol", "two"));
    await carol.sends(chat("carol", "three"));
    const welcome = await carol.next("welcome", "error");
    if (welcome.code === "rate-limited") return; // too many came in lately: what is sent behind such a hello is lost, rightly
    fits(welcome, { type: "welcome", seq: 0 }, "welcome");
    await alice.hears("three");
    same(alice.heard(), ["one", "two", "three"], "what alice heard");
    await carol.until(() => toldOf(carol, "ack").find(({ seq }) => seq === 3), "ack of number 3");
  }),

  check(EVERYWHERE, "[S1, P4, S44] takes no secret that is none", async (stage) => {
    for (const session of ["short", "a".repeat(65), "!".repeat(22)]) {
      const alice = stage.somebody("alice", undefined, session);
      fits(await stage.enters(alice), { type: "error", code: "malformed" }, `the secret ${session}`);
      same(await alice.ends(), stage.endWith("malformed"), "the end");
    }
  }),

  check(EVERYWHERE, "[S1, S43] takes secrets of 22 and of 64 characters, and fields that it does not know", async (stage) => {
    for (const session of [newSecret(), (newSecret() + newSecret() + newSecret()).slice(0, 64)]) {
      const alice = stage.somebody("alice", undefined, session);
      fits(await stage.enters(alice, { colour: "green", session2: 1 }), { type: "welcome" }, `a secret of ${session.length} characters`);
    }
  }),

  check(EVERYWHERE, "[X2, X3, S1] knows a session by its whole secret only", async (stage) => {
    const { alice } = await stage.pair();
    const other = alice.session.slice(0, -2) + (alice.session.endsWith("AA") ? "BA" : "AA");
    const stranger = stage.somebody("alice", alice.room, other);
    fits(await stage.enters(stranger), { type: "error", code: "nick-taken" }, "a secret that is nearly the same");
  }),
];
