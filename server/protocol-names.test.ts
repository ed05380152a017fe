import { describe, expect, it } from "vitest";
import { endWith, openCompany, standingCompany, transports } from "./testing/company.ts";

const asked = { close: 1008, status: 409 };
const wrong = { close: 1008, status: 400 };

describe.each(transports)("nicknames, messages and rooms over $name", (transport) => {
  const company = standingCompany(transport, { RATE_BURST: "0" });

  it.each([
    ["nothing", ""],
    ["16 code points", "sixteencodepoint"],
    ["16 code points outside the first plane", "🦜".repeat(16)],
    ["a space", "alice b"],
    ["a no-break space", "alice\u00a0b"],
    ["a tab", "alice\tb"],
    ["a line feed", "alice\nb"],
    ["a control", "alice\u0007"],
    ["a C1 control", "alice\u0085"],
    ["a soft hyphen", "ali\u00adce"],
    ["a zero-width space", "ali\u200bce"],
    ["a joiner between letters", "ali\u200dce"],
    ["a change of direction", "\u202eecila"],
    ["a private use", "alice\ue000"],
    ["an unassigned code point", "alice\u0378"],
    ["a noncharacter", "alice\ufffe"],
    ["a Hangul filler", "\u3164"],
    ["a braille blank", "\u2800"],
    ["a tag", "alice\u{e0041}"],
    ["a byte order mark", "\ufeffalice"],
    ["a variation selector after a letter", "a\ufe0f"],
  ])("[P9] takes no nickname with %s", async (_, nick) => {
    const alice = company.somebody(nick);
    expect(await alice.comes()).toMatchObject({ type: "error", code: "nick-invalid" });
    expect(await alice.ends()).toEqual(endWith(transport, "nick-invalid", wrong));
  });

  it.each([
    ["in NFC", "Zoe\u0308", "Zoë"],
    ["of 15 code points once it is in NFC", "e\u0301".repeat(15), "é".repeat(15)],
    ["of any script", "Ωμέγα", "Ωμέγα"],
    ["with a joined emoji", "👩‍🚀", "👩‍🚀"],
    ["with a variation selector after an emoji", "❤️", "❤️"],
    ["that is one digit", "7", "7"],
    ["that looks like markup", "<b>bob</b>", "<b>bob</b>"],
  ])("[P9, P11] shows a nickname as typed: one %s", async (_, typed, shown) => {
    const member = company.somebody(typed);
    expect(await member.comes()).toMatchObject({ type: "welcome", nick: shown });
    expect((await member.next("roster")).nicks).toEqual([shown]);
    expect((await member.next("joined")).nicks).toEqual([shown]);
  });

  it.each([
    ["alice", "ALICE"],
    ["straße", "STRASSE"],
    ["ﬁona", "fiona"],
    ["ｂｏｂ", "bob"],
    ["Zoe\u0308", "ZOË"],
    ["Σίσυφος", "ΣΊΣΥΦΟΣ"],
  ])("[P10, P11] lets no second %s into a room as %s", async (first, second) => {
    const room = company.newRoom();
    await company.joins(first, room);
    const late = company.somebody(second, room);
    expect(await late.comes()).toMatchObject({ type: "error", code: "nick-taken" });
    expect(await late.ends()).toEqual(endWith(transport, "nick-taken", asked));
  });

  it("[P10] takes nicknames for different that only look alike", async () => {
    const room = company.newRoom();
    await company.joins("alice", room);
    expect(await company.somebody("аlice", room).comes()).toMatchObject({ type: "welcome", nick: "аlice" }); // a Cyrillic а
  });

  it("[P11] lets the same nickname into another room", async () => {
    await company.joins("alice");
    expect(await company.somebody("alice").comes()).toMatchObject({ type: "welcome", nick: "alice" });
  });

  it("[P11] writes the claimed spelling into the log, whatever spelling was sent", async () => {
    const [alice, bob] = await company.gathers("Straße", "bob");
    expect(await alice.speaks("hello", "STRASSE")).toMatchObject({ type: "ack" });
    expect(await bob.next("chat")).toEqual({ type: "chat", nick: "Straße", message: "hello" });
  });

  it.each([
    ["CRLF and CR become LF", "a\r\nb\rc\nd", "a\nb\nc\nd"],
    ["other controls are removed, tab aside", "a\u0000b\u0007\tc\u001b[1m\u007f\u0085d", "ab\tc[1md"],
    ["blank space at both ends is trimmed", " \n\t hello there \r\n ", "hello there"],
    ["everything else stays as it is", "<b>&amp; 11111 😀‍ \u202e</b>", "<b>&amp; 11111 😀‍ \u202e</b>"],
  ])("[P12] %s", async (_, sent, logged) => {
    const [alice, bob] = await company.gathers("alice", "bob");
    expect(await alice.speaks(sent)).toMatchObject({ type: "ack" });
    expect(await bob.next("chat")).toMatchObject({ message: logged });
  });

  it.each([
    ["nothing", ""],
    ["blank space", " \t\r\n "],
    ["controls", "\u0000\u0007"],
  ])("[P12, S18] refuses a message of only %s", async (_, text) => {
    const alice = await company.joins("alice");
    expect(await alice.speaks(text)).toMatchObject({ type: "refused", seq: 1, code: "message-invalid" });
  });

  it.each(["Lobby", "-lobby", "a_b", "a b", "", "a".repeat(33), "café", "../lobby"])("[P14] knows no room %j", async (room) => {
    const alice = company.somebody("alice", room);
    expect(await alice.comes()).toMatchObject({ type: "error", code: "room-invalid" });
    expect(await alice.ends()).toEqual(endWith(transport, "room-invalid", wrong));
  });

  it.each(["a", "0", "a-", "7-up", "a".repeat(32)])("[P14] knows room %j", async (room) => {
    expect(await company.somebody("alice", room).comes()).toMatchObject({ type: "welcome", room });
  });

  it("[P14] takes the lobby where no room is named", async () => {
    expect(await company.somebody("alice").says({ nick: "alice" })).toMatchObject({ type: "welcome", room: "lobby" });
  });

  it("[S44] takes no room outside a closed set", async () => {
    const closed = await openCompany(transport, { ROOMS: "tea,coffee" });
    expect(await closed.somebody("alice", "tea").comes()).toMatchObject({ type: "welcome", room: "tea" });
    const outside = closed.somebody("alice", "milk");
    expect(await outside.comes()).toMatchObject({ code: "room-invalid" });
    expect(await outside.ends()).toEqual(endWith(transport, "room-invalid", wrong));
  });
});
