import { newSecret } from "../../../server/testing/member.ts";
import { type Check, check, EVERYWHERE } from "../check.ts";
import { toldOf } from "../heard.ts";
import { fits, same } from "../mismatch.ts";
import { VECTORS } from "../rules.ts";

const { nick: nicks, message: messages, room: rooms } = VECTORS;

export const NAMES: readonly Check[] = [
  check(EVERYWHERE, "[P9, P11, S41] takes the nicknames of the vectors, and shows them in NFC as they were typed", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const nick of [...nicks.valid, "Zoe\u0308", "e\u0301".repeat(15)]) {
      const shown = nick.normalize("NFC");
      if (shown === alice.told.findLast(({ type }) => type === "you")?.nick || shown === "alice") continue;
      same(await alice.renames(nick), { type: "you", nick: shown }, `the nickname ${JSON.stringify(nick)}`);
      await bob.until(() => toldOf(bob, "renamed").find(({ to }) => to === shown), `renamed to ${shown}`);
    }
  }),

  check(EVERYWHERE, "[P9, S41, S18] refuses a rename to what the vectors say is no nickname", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const { nick, why } of nicks.invalid)
      fits(await alice.renames(nick), { type: "refused", of: "rename", code: "nick-invalid" }, `as a nickname: ${why}`);
    fits(await alice.speaks("still alice"), { type: "ack" }, "the old name holds");
    await bob.hears("still alice");
    same(toldOf(bob, "renamed"), [], "renamed");
  }),

  check(EVERYWHERE, "[P9, S44] lets nobody in under what the vectors say is no nickname", async (stage) => {
    for (const { nick, why } of nicks.invalid) {
      const member = stage.somebody(nick);
      fits(await stage.enters(member), { type: "error", code: "nick-invalid" }, `hello under a nickname: ${why}`);
      same(await member.ends(), stage.endWith("nick-invalid"), `the end of: ${why}`);
    }
  }),

  check(EVERYWHERE, "[P10, P11, S41] knows which nicknames are the same", async (stage) => {
    const { alice, bob } = await stage.pair();
    let own = "alice";
    for (const [one, other] of nicks.same) {
      if (one !== own) fits(await alice.renames(one), { type: "you" }, `alice becomes ${one}`);
      own = one;
      fits(await bob.renames(other), { type: "refused", of: "rename", code: "nick-taken" }, `${other} is the same as ${one}`);
    }
    let his = "bob";
    for (const [one, other] of nicks.different) {
      if (one !== own) fits(await alice.renames(one), { type: "you" }, `alice becomes ${one}`);
      own = one;
      if (other !== his) fits(await bob.renames(other), { type: "you" }, `${other} is not the same as ${one}`);
      his = other;
    }
  }),

  check(EVERYWHERE, "[P11, P10, X3, S44] lets nobody in under a nickname that is taken, but into another room", async (stage) => {
    const { alice } = await stage.pair();
    for (const nick of ["alice", "ALICE"]) {
      const late = stage.somebody(nick, alice.room);
      fits(await stage.enters(late), { type: "error", code: "nick-taken" }, `${nick}, where there is alice`);
      same(await late.ends(), stage.endWith("nick-taken"), "the end");
    }
    fits(await stage.enters(stage.somebody("alice")), { type: "welcome", nick: "alice" }, "in another room");
  }),

  check(EVERYWHERE, "[P11, S23] writes the claimed spelling into the log, whatever spelling was sent", async (stage) => {
    const { alice, bob } = await stage.pair();
    fits(await alice.speaks("hello", "ALICE"), { type: "ack" }, "alice speaks as ALICE");
    await bob.hears("hello");
    same(
      bob.told.findLast(({ type }) => type === "chat"),
      { type: "chat", nick: "alice", message: "hello" },
      "what bob heard",
    );
  }),

  check(EVERYWHERE, "[P12] normalises messages as the vectors say", async (stage) => {
    const { alice, bob } = await stage.pair();
    const kept = ["<b>&amp; 11111 😀 \u202e</b>", "Zoe\u0308 is not changed"].map((text) => ({ in: text, out: text }));
    for (const vector of [...messages.normalised, ...kept]) {
      const ack = await alice.speaks(vector.in);
      fits(ack, { type: "ack" }, JSON.stringify(vector.in));
      await bob.until(() => bob.offset >= Number(ack.offset) || undefined, "what alice said");
      same(bob.heard().at(-1), vector.out, `the message ${JSON.stringify(vector.in)}`);
    }
  }),

  check(EVERYWHERE, "[P12, S18, S14] refuses the messages of which nothing is left", async (stage) => {
    const { alice } = await stage.pair();
    // What is longer than 999 octets cannot go over the wire.
    for (const { in: text, why } of messages.invalid.filter(({ in: text }) => Buffer.byteLength(text) <= 999))
      fits(await alice.speaks(text), { type: "refused", seq: alice.seq, code: "message-invalid" }, why);
  }),

  check(EVERYWHERE, "[P14, S44] knows no room by a name that is none", async (stage) => {
    for (const room of rooms.invalid) {
      const alice = stage.somebody("alice", room);
      fits(await stage.enters(alice), { type: "error", code: "room-invalid" }, `the room ${JSON.stringify(room)}`);
      same(await alice.ends(), stage.endWith("room-invalid"), "the end");
    }
  }),

  check(["websocket"], "[P14] knows the rooms of the vectors, and takes the lobby where none is named", async (stage) => {
    for (const room of rooms.valid) {
      const guest = stage.somebody(`k-${newSecret().slice(0, 8)}`, room);
      fits(await stage.enters(guest, { history: 0 }), { type: "welcome", room }, `the room ${JSON.stringify(room)}`);
    }
    const guest = stage.somebody(`k-${newSecret().slice(0, 8)}`, "lobby");
    fits(await stage.enters(guest, { room: undefined, history: 0 }), { type: "welcome", room: "lobby" }, "no room named");
  }),
];
