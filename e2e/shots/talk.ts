import type { Talker } from "../talker.ts";

/** A talk with something of everything. `self`: whose page it is seen on. */
export async function talk(talker: (nick: string) => Promise<Talker>, self: string): Promise<Talker> {
  const ana = await talker("Ana");
  const bo = await talker("Bo");
  const layla = await talker("ليلى");
  await ana.says("Good morning, everybody!", "Who has the key to the shed?");
  await bo.says(
    "I put it back under the third flower pot, the one with the crack. It is in the notes as well: https://example.org/garden/shed#key (at the end).",
  );
  await ana.says("Found it, thank you.", "/me waters the tomatoes");
  await layla.says("صباح الخير! هل أحضر معي أدوات؟", "Bo، المجرفة الكبيرة عندي.");
  await bo.says("Bring both, please.\nAnd a hat:\nit will be hot.");
  for (const nick of ["Cy", "Di", "Eve", "Finn", "Gus"]) await talker(nick);
  await ana.says(`@${self}, are you coming too?`);
  await bo.says("👩‍👩‍👧‍👦 The whole family is here already.", "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz".repeat(3));
  return bo;
}
