import { type Check, check, EVERYWHERE } from "../check.ts";
import { fits, same } from "../mismatch.ts";

export const SECURITY: readonly Check[] = [
  check(EVERYWHERE, "[X3, S23] lets nobody but its session speak under a nickname", async (stage) => {
    const { alice, bob } = await stage.pair();
    for (const name of ["bob", "BOB"])
      fits(await alice.speaks("I am bob", name), { type: "refused", code: "nick-mismatch" }, `alice as ${name}`);
    await bob.speaks("I am");
    await alice.hears("I am");
    same(alice.heard(), ["I am"], "what alice heard");
  }),

  check(EVERYWHERE, "[X4] carries markup, headers and control sequences as the text that they are", async (stage) => {
    const { alice, bob } = await stage.pair();
    const texts = ["<script>alert(1)</script>", "a\n\nSet-Cookie: a=b", '00015{"type":"left"}', "05005aliceHello", "%s {{7*7}}", "11111"];
    for (const text of texts) fits(await alice.speaks(text), { type: "ack" }, text);
    for (const member of [alice, bob]) await member.hears(texts.at(-1) ?? "");
    same(bob.heard(), texts, "what bob heard");
    same(bob.offset, alice.offset, "what both counted");
  }),
];
