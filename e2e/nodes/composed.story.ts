import { test as base, expect } from "../fixtures.ts";
import { Composed } from "./composed.ts";

// What docker-compose.yml describes, by hand.

const test = base.extend<{ composed: Composed }>({
  composed: async ({ server }, use) => {
    if (!(server instanceof Composed)) throw new Error("these stories want docker-compose.yml");
    await use(server);
  },
});

test.describe.configure({ timeout: 180_000 });

test("an update replaces one node after the other while people talk: nobody is said to have left, all is there once", async ({
  composed,
  newPerson,
}) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  let isOver = false;
  const update = composed.update().finally(() => {
    isOver = true;
  });
  const texts: string[] = [];
  while (!isOver || texts.length < 6) {
    for (const person of [alice, bob]) {
      const text = `line ${texts.length}`;
      texts.push(text);
      await person.says(text);
      for (const other of [alice, bob]) await expect(other.messages.getByText(text, { exact: true })).toHaveCount(1, { timeout: 40_000 });
    }
  }
  await update;
  for (const person of [alice, bob]) {
    await person.isIn();
    await person.seesInOrder(/^line \d+$/, texts);
    await expect(person.messages.getByText(/left|lost the connection/)).toHaveCount(0);
  }
});

test("the power is lost, and comes back: what was acknowledged is there", async ({ composed, newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  await alice.says("kept");
  await alice.sees("kept");
  await composed.kill();
  await alice.says("typed in the dark");
  await composed.start();
  await alice.isIn();
  const bob = await (await newPerson()).joins("bob");
  for (const person of [alice, bob]) await person.seesInOrder(/^(kept|typed in the dark)$/, ["kept", "typed in the dark"]);
});
