import { chat, type Member } from "../../../server/testing/member.ts";
import { type Check, check, EVERYWHERE, STREAMS } from "../check.ts";
import { toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import { pause } from "../stage.ts";

const answersOf = ({ told }: Member) => told.filter(({ type, of }) => type === "ack" || (type === "refused" && of === undefined));

export const NUMBERS: readonly Check[] = [
  check(EVERYWHERE, "[S14, S18] answers each number, and uses up one that is refused", async (stage) => {
    const { alice, bob } = await stage.pair();
    const from = alice.seq;
    const first = await alice.speaks("one");
    fits(first, { type: "ack", seq: from + 1 }, "the first answer");
    fits(await alice.speaks(" "), { type: "refused", seq: from + 2, code: "message-invalid" }, "the second");
    fits(await alice.speaks("three"), { type: "ack", seq: from + 3 }, "the third");
    await bob.hears("three");
    same(bob.heard(), ["one", "three"], "what bob heard");
    await alice.cuts();
    fits(await alice.returns(), { type: "welcome", seq: from + 3 }, "welcome");
    fits(await alice.speaks("four"), { type: "ack", seq: from + 4 }, "the answer after welcome");
  }),

  check(EVERYWHERE, "[S18, L1] names in ack where the packet is", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const text of ["one", "two", "three"]) {
      const { offset } = await alice.speaks(text);
      await bob.hears(text);
      same(offset, bob.offset, `the offset of "${text}", as bob counts`);
    }
  }),

  check(EVERYWHERE, "[S14] counts each session's numbers by themselves, and on through renames", async (stage) => {
    const { alice, bob } = await stage.pair();
    const [hers, his] = [alice.seq, bob.seq];
    fits(await alice.speaks("one"), { seq: hers + 1 }, "hers");
    fits(await bob.speaks("hello"), { seq: his + 1 }, "his");
    await alice.renames("alicia");
    fits(await alice.speaks("two", "alicia"), { type: "ack", seq: hers + 2 }, "hers after a rename");
  }),

  check(EVERYWHERE, "[S18, S19, S23] says a refused before any ack of a higher number", async (stage) => {
    const { alice, bob } = await stage.pair();
    const from = alice.seq;
    await alice.sends(chat("alice", "one"), chat("alice", " "), chat("alice", "three"), chat("bob", "four"), chat("alice", "five"));
    await alice.answerTo(from + 5);
    const answers = answersOf(alice);
    const numbers = answers.map(({ seq }) => Number(seq) - from);
    same(
      numbers,
      numbers.toSorted((one, other) => one - other),
      "the order of the answers",
    );
    const refused = toldOf(alice, "refused").map(({ seq, code }) => [Number(seq) - from, code]);
    same(
      refused,
      [
        [2, "message-invalid"],
        [4, "nick-mismatch"],
      ],
      "what is refused",
    );
    await bob.hears("five");
    same(bob.heard(), ["one", "three", "five"], "what bob heard");
  }),

  check(STREAMS, "[S19] says ack before, or with, the packet that it names", async (stage) => {
    const { alice } = await stage.pair();
    for (const text of ["one", "two", "three", "four"]) {
      const number = alice.seq + 1;
      await alice.sends(chat("alice", text));
      await alice.hears(text);
      // A WebSocket message is heard whole before anybody looks; on TCP the octets may come apart.
      const ack = alice.told.findIndex(({ type, seq }) => type === "ack" && Number(seq) >= number);
      holds(ack >= 0, "its ack is there", answersOf(alice).slice(-2), `when "${text}" was heard`);
    }
  }),

  check(EVERYWHERE, "[S20, S18] says each refused above hello.seq again after welcome, as it was", async (stage) => {
    const { alice } = await stage.pair();
    const from = alice.seq;
    for (const text of ["one", " ", "three", " "]) await alice.speaks(text);
    await alice.speaks("not bob", "bob");
    await alice.speaks("six");
    await alice.cuts();
    for (const [known, again] of [
      [
        2,
        [
          [4, "message-invalid"],
          [5, "nick-mismatch"],
        ],
      ],
      [6, []],
      [
        0,
        [
          [2, "message-invalid"],
          [4, "message-invalid"],
          [5, "nick-mismatch"],
        ],
      ],
    ] as const) {
      const before = toldOf(alice, "refused").length;
      fits(await alice.returns({ seq: from + known }), { type: "welcome", seq: alice.seq }, "welcome");
      await alice.speaks("next");
      same(
        toldOf(alice, "refused")
          .slice(before)
          .map(({ seq, code }) => [Number(seq) - from, code]),
        again,
        `refused again, where hello.seq is ${known}`,
      );
    }
  }),

  check(EVERYWHERE, "[S20] remembers the last 64 refusals", async (stage) => {
    const { alice } = await stage.pair();
    const from = alice.seq;
    await stage.pours(
      alice,
      Array.from({ length: 70 }, () => chat("alice", " ")),
    );
    await alice.answerTo(from + 70);
    await alice.cuts();
    await alice.returns({ seq: from });
    const before = alice.told.findLastIndex(({ type }) => type === "welcome");
    await alice.speaks("next");
    const again = alice.told
      .slice(before)
      .filter(({ type }) => type === "refused")
      .map(({ seq }) => Number(seq) - from);
    same(
      again,
      Array.from({ length: 64 }, (_, index) => index + 7),
      "the numbers said again",
    );
  }),

  check(EVERYWHERE, "[S16, S17, S14, S3] appends each number once, wherever the connection breaks in between", async (stage) => {
    const { alice, bob } = await stage.pair();
    const texts = Array.from({ length: 30 }, (_, number) => `number ${number}`);
    const first = alice.seq + 1;
    // Paced here: what it sends has to be on its way before the connection breaks.
    stage.hurries(alice);
    for (let sent = 0; sent < texts.length; ) {
      await stage.pays(alice, 7);
      // Some were sent and the answers not waited for: welcome says how many were taken, and the client goes on from there.
      const some = texts.slice(sent, sent + 5).map((text) => chat("alice", text));
      const path = `/poll?seq=${first + sent}&turn=${alice.turn}`;
      const unheard = stage.transport === "long-poll" ? stage.ask(alice, "POST", path, { body: some }) : alice.sends(...some);
      unheard.catch(() => undefined);
      await pause(sent % 3);
      alice.drops();
      const welcome = await alice.returns();
      fits(welcome, { type: "welcome", resumed: true }, "welcome");
      const taken = Number(welcome.seq) - first + 1;
      holds(taken >= sent && taken <= sent + some.length, "what was sent, as far as it came", taken, "welcome.seq");
      sent = taken;
      if (sent < texts.length) fits(await alice.speaks(texts[sent] ?? ""), { type: "ack", seq: first + sent }, "the next number");
      sent++;
    }
    await bob.hears("number 29");
    same(bob.heard(), texts, "what bob heard: each once, in order");
  }),

  check(STREAMS, "[S17, S5] counts in welcome what was in flight, and listens to the old transport no more", async (stage) => {
    const { alice, bob } = await stage.pair();
    let old = alice;
    for (let time = 1; time <= 4; time++) {
      const first = old.seq + 1;
      const heard = bob.heard().length;
      await old.sends(...["a", "b", "c"].map((text) => chat("alice", `${time}${text}`)));
      const moved = stage.somebody("alice", alice.room, alice.session);
      const { seq = Number.NaN } = await moved.says({ log: old.log, offset: old.offset, seq: first - 1 });
      await old.sends(chat("alice", `${time} late`)).catch(() => undefined);
      fits(await moved.speaks(`${time} moved`), { type: "ack", seq: seq + 1 }, "the number after welcome.seq");
      await bob.hears(`${time} moved`);
      const taken = ["a", "b", "c"].map((text) => `${time}${text}`).slice(0, seq - first + 1);
      same(bob.heard().slice(heard), [...taken, `${time} moved`], "what bob heard: as many as welcome.seq counts, and none that came late");
      old = moved;
    }
  }),

  check(EVERYWHERE, "[S23] checks nick-invalid, nick-mismatch and message-invalid in this order", async (stage) => {
    const { alice } = await stage.pair();
    fits(await alice.speaks(" ", "not a nick"), { code: "nick-invalid" }, "all three");
    fits(await alice.speaks(" ", "bob"), { code: "nick-mismatch" }, "a wrong name and no message");
    fits(await alice.speaks(" ", "ALICE"), { code: "message-invalid" }, "no message, in another spelling of the name");
    fits(await alice.speaks("ok", "ALICE"), { type: "ack" }, "another spelling of the name");
  }),
];
