import { expect, test } from "./fixtures.ts";

test.use({ settings: { MAX_CLIENTS: "1" } });

test("who finds the chat full is told, and let in when a place frees", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await newPerson();
  await bob.asksIn("bob");
  await expect(bob.page.getByText(/The chat is full/)).toBeVisible();
  await alice.leaves();
  await bob.isIn();
});
