import { describe, expect, it } from "vitest";
import { endWith, standingCompany, transports, webSocket } from "./testing/company.ts";
import { chat, service } from "./testing/member.ts";

describe.each(transports)("numbers and answers over $name", (transport) => {
  const company = standingCompany(transport, { RATE_BURST: "0" });

  it("[S14, S18] answers each number, and uses up one that is refused", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    const first = await alice.speaks("one");
    expect(first).toEqual({ type: "ack", seq: 1, offset: expect.any(Number) });
    expect(await alice.speaks(" ")).toEqual({ type: "refused", seq: 2, code: "message-invalid", message: expect.any(String) });
    expect(await alice.speaks("three")).toEqual({ type: "ack", seq: 3, offset: Number(first.offset) + 1 });
    await bob.hears("three");
    expect(bob.heard()).toEqual(["one", "three"]);
    await alice.cuts();
    expect(await alice.returns()).toMatchObject({ type: "welcome", seq: 3 });
    expect(await alice.speaks("four")).toMatchObject({ type: "ack", seq: 4 });
  });

  it("[S14] counts each session's numbers by themselves, and on through renames", async () => {
    const [alice, bob] = await company.gathers("alice", "bob");
    await alice.speaks("one");
    expect(await bob.speaks("hello")).toMatchObject({ type: "ack", seq: 1 });
    await alice.renames("alicia");
    expect(await alice.speaks("two", "alicia")).toMatchObject({ type: "ack", seq: 2 });
  });

  it("[S18, S19] says a refused before any ack of a higher number", async () => {
    const [alice] = await company.gathers("alice");
    await alice.sends(chat("alice", "one"), chat("alice", " "), chat("alice", "three"), chat("mallory", "four"), chat("alice", "five"));
    await alice.answerTo(5);
    const answers = alice.told.filter(({ type }) => type === "ack" || type === "refused");
    const numbers = answers.map(({ seq }) => Number(seq));
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    expect(answers.filter(({ type }) => type === "refused").map(({ seq, code }) => [seq, code])).toEqual([
      [2, "message-invalid"],
      [4, "nick-mismatch"],
    ]);
    expect(answers.at(-1)).toMatchObject({ type: "ack", seq: 5, offset: alice.offset });
    await alice.hears("five");
    expect(alice.heard()).toEqual(["one", "three", "five"]);
  });

  it("[S20] says each refused above hello.seq again after welcome", async () => {
    const [alice] = await company.gathers("alice");
    for (const text of ["one", " ", "three", " ", " ", "six"]) await alice.speaks(text);
    await alice.cuts();
    alice.forgets();
    await alice.returns({ seq: 2 });
    await alice.speaks("seven");
    const answers = alice.since().filter(({ type }) => type === "refused" || type === "welcome");
    expect(answers.map(({ type, seq, code }) => [type, seq, code])).toEqual([
      ["refused", 4, "message-invalid"],
      ["refused", 5, "message-invalid"],
    ]);
    alice.forgets();
    await alice.cuts();
    await alice.returns({ seq: 7 });
    await alice.speaks("eight");
    expect(alice.since().map(({ type }) => type)).not.toContain("refused");
  });

  it("[S20] remembers the last 64 refusals", async () => {
    const [alice] = await company.gathers("alice");
    await alice.sends(...Array.from({ length: 70 }, () => chat("alice", " ")));
    await alice.answerTo(70);
    await alice.cuts();
    await alice.returns({ seq: 0 });
    await alice.speaks("71");
    const repeated = alice.since().filter(({ type }) => type === "refused");
    expect(repeated.map(({ seq }) => seq)).toEqual(Array.from({ length: 64 }, (_, index) => index + 7));
  });

  it("[S20] says a refused again as it was, also after a change of transport", async () => {
    const [alice] = await company.gathers("alice");
    await alice.speaks("hello", "mallory");
    alice.drops();
    const other = company.somebody("alice", alice.room, alice.session);
    await other.says({ log: alice.log, offset: alice.offset, seq: 0 });
    expect(await other.next("refused")).toMatchObject({ seq: 1, code: "nick-mismatch" });
  });

  it("[S23] checks nick-invalid, nick-mismatch and message-invalid in this order", async () => {
    const [alice] = await company.gathers("alice", "bob");
    expect(await alice.speaks(" ", "not a nick")).toMatchObject({ code: "nick-invalid" });
    expect(await alice.speaks(" ", "bob")).toMatchObject({ code: "nick-mismatch" });
    expect(await alice.speaks(" ", "ALICE")).toMatchObject({ code: "message-invalid" });
    expect(await alice.speaks("ok", "ALICE")).toMatchObject({ type: "ack", seq: 4 });
  });
});

describe.each(transports)("the rate over $name", (transport) => {
  const company = standingCompany(transport, { RATE_BURST: "4", RATE_PER_SECOND: "1" });

  /** Alice with bob, her budget full. */
  async function rested() {
    const [alice, bob] = await company.gathers("alice", "bob");
    company.clock.advance(10_000);
    return { alice, bob };
  }

  it("[S21] is said in welcome", async () => {
    const [alice] = await company.gathers("alice");
    expect(alice.told[0]?.limits?.rate).toEqual({ burst: 4, perSecond: 1 });
  });

  it("[S21, S22] takes a burst, refuses what is past it with retryAfter, and takes the next when that is over", async () => {
    const { alice, bob } = await rested();
    for (let number = 1; number <= 4; number++) expect(await alice.speaks(`${number}`)).toMatchObject({ type: "ack", seq: number });
    expect(await alice.speaks("5")).toMatchObject({ type: "refused", seq: 5, code: "rate-limited", retryAfter: 1000 });
    company.clock.advance(999);
    expect(await alice.speaks("6")).toMatchObject({ type: "refused", seq: 6, code: "rate-limited", retryAfter: 1 });
    company.clock.advance(1);
    expect(await alice.speaks("7")).toMatchObject({ type: "ack", seq: 7 });
    expect(await alice.speaks("8")).toMatchObject({ type: "refused", code: "rate-limited" });
    expect(await bob.speaks("mine is another budget")).toMatchObject({ type: "ack" });
    expect(bob.heard().slice(0, 5)).toEqual(["1", "2", "3", "4", "7"]);
  });

  it("[S22] refuses everything after the first that is past the budget, so that order is kept", async () => {
    const { alice } = await rested();
    await alice.sends(...Array.from({ length: 10 }, (_, index) => chat("alice", `${index + 1}`)));
    await alice.answerTo(10);
    await alice.hears("4");
    expect(alice.heard()).toEqual(["1", "2", "3", "4"]);
    const refused = alice.told.filter(({ type }) => type === "refused");
    expect(refused.map(({ seq, code, retryAfter }) => [seq, code, retryAfter])).toEqual(
      [5, 6, 7, 8, 9, 10].map((seq) => [seq, "rate-limited", 1000]),
    );
  });

  it("[S21] spends for rename as well, and refuses one that is past the budget", async () => {
    const { alice } = await rested();
    expect(await alice.renames("alicia")).toMatchObject({ type: "you" });
    for (let number = 1; number <= 3; number++) expect(await alice.speaks(`${number}`, "alicia")).toMatchObject({ type: "ack" });
    expect(await alice.speaks("4", "alicia")).toMatchObject({ type: "refused", code: "rate-limited" });
    expect(await alice.renames("alice")).toMatchObject({ type: "refused", of: "rename", code: "rate-limited", retryAfter: 1000 });
  });

  it("[S21, P6] spends for a type that it ignores", async () => {
    const { alice } = await rested();
    await alice.sends(service({ type: "unknown" }), service({ type: "joined", nicks: [] }));
    for (let number = 1; number <= 2; number++) expect(await alice.speaks(`${number}`)).toMatchObject({ type: "ack" });
    expect(await alice.speaks("3")).toMatchObject({ type: "refused", code: "rate-limited" });
  });

  it("[S21] spends for hello", async () => {
    const { alice } = await rested();
    await alice.returns();
    await alice.returns();
    for (let number = 1; number <= 2; number++) expect(await alice.speaks(`${number}`)).toMatchObject({ type: "ack" });
    expect(await alice.speaks("3")).toMatchObject({ type: "refused", code: "rate-limited" });
  });

  it("[S21, S44] is a session's own: a new connection brings no new budget, and a hello past it is rate-limited", async () => {
    const { alice } = await rested();
    for (let number = 1; number <= 4; number++) await alice.speaks(`${number}`);
    await alice.cuts();
    expect(await alice.returns()).toMatchObject({ type: "error", code: "rate-limited", retryAfter: 1000 });
    expect(await alice.ends()).toEqual(endWith(transport, "rate-limited", { close: 1013, status: 429 }));
    company.clock.advance(1000);
    expect(await alice.returns()).toMatchObject({ type: "welcome", resumed: true, seq: 4 });
    expect(await alice.speaks("5")).toMatchObject({ type: "refused", code: "rate-limited" });
  });

  it("[S23] refuses what is wrong in itself for that, not for the rate", async () => {
    const { alice } = await rested();
    for (let number = 1; number <= 5; number++) await alice.speaks(`${number}`);
    expect(await alice.speaks(" ")).toMatchObject({ code: "message-invalid" });
    expect(await alice.speaks("text", "bob")).toMatchObject({ code: "nick-mismatch" });
    expect(await alice.speaks("text")).toMatchObject({ code: "rate-limited" });
  });
});

describe("answers on a stream", () => {
  const company = standingCompany(webSocket, { RATE_BURST: "4", RATE_PER_SECOND: "1" });

  it("[S19] says ack before, or with, the packet that it names", async () => {
    const [alice] = await company.gathers("alice");
    for (let number = 1; number <= 4; number++) {
      company.clock.advance(1000);
      await alice.sends(chat("alice", `${number}`));
      await alice.next("chat");
      expect(alice.told).toContainEqual({ type: "ack", seq: number, offset: alice.offset });
    }
  });

  it("[S21] spends nothing for pong", async () => {
    const [alice] = await company.gathers("alice");
    company.clock.advance(10_000);
    for (let number = 0; number < 20; number++) await alice.sends(service({ type: "pong" }));
    expect(await alice.speaks("hello")).toMatchObject({ type: "ack" });
  });
});
