import { chat, type Member, raw, service } from "../../../server/testing/member.ts";
import { type Check, check, EVERYWHERE } from "../check.ts";
import { eventWords, lastChat, toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import { VECTORS } from "../rules.ts";
import type { Stage } from "../stage.ts";

const UNFIT = [
  ["a known type without its field", raw('00017{"type":"rename"}')],
  ["a known type whose field does not fit", raw('00026{"type":"rename","nick":1}')],
  ["a type that is no string", raw('00010{"type":1}')],
  ["null", raw("00004null")],
] as const;
const HALVES = [
  ["half a packet at the end", raw("05005aliceHel")],
  ["half a header at the end", raw("050")],
] as const;

/** Sends each; each is answered with malformed, and ends the transport. */
async function areMalformed(stage: Stage, member: Member, samples: readonly (readonly [why: string, octets: Uint8Array])[]): Promise<void> {
  for (const [why, octets] of samples) {
    await member.sends(octets).catch(() => undefined);
    same(await member.ends(), stage.endWith("malformed"), `${why} is malformed`);
    fits(await member.returns(), { type: "welcome" }, `the session is as it was, after ${why}`);
  }
}

export const PACKETS: readonly Check[] = [
  check(EVERYWHERE, "[P1, P2, L2] carries 05005aliceHello as it is, to everybody", async (stage) => {
    const { alice, bob } = await stage.pair();
    await alice.sends(raw("05005aliceHello"));
    for (const member of [alice, bob]) {
      await member.hears("Hello");
      same(lastChat(member), raw("05005aliceHello").toString("hex"), "the chat packet, in octets");
    }
  }),

  check(EVERYWHERE, "[P1, P13] takes a message of 999 octets in one packet, and gives it back in one", async (stage) => {
    const { alice, bob } = await stage.pair();
    const text = `${"é".repeat(499)}!`;
    fits(await alice.speaks(text), { type: "ack" }, "999 octets are taken");
    await bob.hears(text);
    same(lastChat(bob), Buffer.from(chat("alice", text)).toString("hex"), "the packet of 1,009 octets");
  }),

  check(EVERYWHERE, "[P1, P2, P9] carries every chat packet of the vectors, octet by octet", async (stage) => {
    const { alice, bob } = await stage.pair();
    let nick = "alice";
    for (const vector of VECTORS.chat) {
      if (vector.nick !== nick)
        fits(await alice.renames(vector.nick), { type: "you", nick: vector.nick }, `the nickname of: ${vector.why}`);
      nick = vector.nick;
      await alice.sends(Buffer.from(vector.hex, "hex"));
      fits(await alice.answerTo(alice.seq), { type: "ack" }, vector.why);
      await bob.hears(vector.message);
      same(lastChat(bob), vector.hex, vector.why);
    }
  }),

  check(["websocket"], "[P3, S37] puts a list that does not fit into 999 octets into several packets", async (stage) => {
    const room = stage.newRoom();
    const nicks = Array.from({ length: 17 }, (_, number) => String.fromCodePoint(97 + number) + "🦜".repeat(14));
    let last: Member | undefined;
    for (const nick of nicks) last = await stage.joins(nick, room, { history: 0 });
    for (const octets of last?.octets ?? []) holds(octets.length <= 1004, "at most 5 + 999 octets", octets.length, "a service packet");
    await last?.until(() => toldOf(last, "roster").some(({ more }) => more !== true) || undefined, "the last of the roster");
    const rosters = toldOf(last as Member, "roster");
    holds(rosters.length > 1, "more than one packet", rosters.length, "the roster of 17 long nicknames");
    same(
      rosters.map(({ more }) => more ?? false),
      rosters.map((_, at) => at < rosters.length - 1),
      "more, on all but the last",
    );
    same(rosters.flatMap((told) => told.nicks ?? []).toSorted(), nicks.toSorted(), "the roster");
  }),

  check(EVERYWHERE, "[P4, P5, S44] answers what is malformed with malformed, and closes", async (stage) => {
    const { alice } = await stage.pair();
    await areMalformed(
      stage,
      alice,
      VECTORS.malformed.map(({ why, hex }) => [why, Buffer.from(hex, "hex")]),
    );
    await areMalformed(stage, alice, UNFIT);
    if (stage.transport !== "tcp") await areMalformed(stage, alice, HALVES);
  }),

  check(EVERYWHERE, "[P5] undoes nothing that was accepted before something malformed", async (stage) => {
    const { alice, bob } = await stage.pair();
    await alice.speaks("before");
    await alice.sends(raw("00000")).catch(() => undefined);
    await alice.ends();
    await bob.speaks("after");
    await bob.hears("after");
    same(
      eventWords(bob).filter((word) => word !== "ack"),
      ["before", "after"],
      "what bob heard",
    );
  }),

  check(["websocket", "tcp"], "[P5] takes what stands before something malformed, on a stream", async (stage) => {
    const { alice, bob } = await stage.pair();
    await alice.sends(chat("alice", "said"));
    await alice.sends(raw("00000"));
    same(await alice.ends(), stage.endWith("malformed"), "the end");
    await bob.hears("said");
  }),

  check(["long-poll"], "[P5, H8] takes nothing of a body that is malformed at its end", async (stage) => {
    const { alice, bob } = await stage.pair();
    const next = alice.seq + 1;
    await alice.sends(chat("alice", "unsaid"), raw("00000"));
    same(alice.end, stage.endWith("malformed"), "the end");
    const answer = await stage.ask(alice, "POST", `/poll?seq=${next}`, { body: chat("alice", "said") });
    fits(answer.told[0], { type: "ack", seq: next }, "the number is still free");
    await bob.hears("said");
    same(bob.heard(), ["said"], "what bob heard");
  }),

  check(
    EVERYWHERE,
    "[P6, S43, L2] ignores types that it does not know and those that only servers send, and counts them nowhere",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      const unknown = VECTORS.ignored.map(({ hex }) => Buffer.from(hex, "hex"));
      const theirs = [
        { type: "constructor" },
        { type: "joined", nicks: ["mallory"] },
        { type: "ack", seq: 1, offset: 1 },
        { type: "clock", at: "noon" },
      ].map(service);
      for (const octets of [...unknown, ...theirs]) await alice.sends(octets);
      const before = alice.seq;
      const ack = await alice.speaks("hello");
      fits(ack, { type: "ack", seq: before + 1 }, "the answer");
      await bob.hears("hello");
      same(eventWords(bob), ["hello"], "what bob heard");
      same(bob.offset, ack.offset, "what bob counted");
    },
  ),

  check(EVERYWHERE, "[P7] takes 11111 for a header like any other", async (stage) => {
    const { alice, bob } = await stage.pair();
    const [nick, text] = ["alice-liddl", "1".repeat(111)];
    fits(await alice.renames(nick), { type: "you" }, "a nickname of 11 octets");
    await alice.sends(raw(`11111${nick}${text}`));
    await bob.hears(text);
    same(lastChat(bob), raw(`11111${nick}${text}`).toString("hex"), "the packet");
    fits(await bob.speaks("still here"), { type: "ack" }, "nothing stopped");
  }),

  check(EVERYWHERE, "[P8, W2, H6] reads many packets in one read, in order", async (stage) => {
    const { alice, bob } = await stage.pair();
    const texts = Array.from({ length: Math.min(50, stage.burst) }, (_, number) => `number ${number}`);
    await alice.sends(...texts.map((text) => chat("alice", text)));
    await bob.hears(texts.at(-1) ?? "");
    same(bob.heard(), texts, "what bob heard");
  }),

  check(
    EVERYWHERE,
    "[S18, P12] refuses the well-framed packets of the vectors that are wrong, and the connection goes on",
    async (stage) => {
      const { alice } = await stage.pair();
      for (const [index, code] of ["message-invalid", "nick-invalid"].entries()) {
        await alice.sends(Buffer.from(VECTORS.refused[index]?.hex ?? "", "hex"));
        fits(await alice.answerTo(alice.seq), { type: "refused", seq: alice.seq, code }, VECTORS.refused[index]?.why ?? "");
      }
      fits(await alice.speaks("still here"), { type: "ack" }, "the next one");
    },
  ),
];
