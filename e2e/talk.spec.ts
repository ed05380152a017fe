import { expect, test } from "./fixtures.ts";

test("two people talk, both ways", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  await alice.says("Hello Bob");
  await bob.sees("Hello Bob");
  await bob.says("Hello Alice");
  await alice.sees("Hello Alice");
  await alice.sees("Hello Bob");
  await bob.sees("Hello Alice");
});

test("who comes late reads what was said before, and one's own lines are there once", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  for (const word of ["one", "two", "three"]) await alice.says(word);
  await alice.sees("three");
  const bob = await (await newPerson()).joins("bob");
  for (const word of ["one", "two", "three"]) {
    await bob.sees(word);
    await alice.sees(word);
  }
});

test("coming and going are seen by those who are there", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  await alice.seesNotice("bob came in");
  await expect(alice.people.getByRole("listitem")).toHaveCount(2);
  await bob.leaves();
  await alice.seesNotice("bob came in and left");
  await expect(alice.people.getByRole("listitem")).toHaveCount(1);
});

test("a nickname that is taken is said, and is free again after leaving", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const other = await newPerson();
  await other.asksIn("ALICE");
  await expect(other.page.getByText("Somebody here has this nickname already.")).toBeVisible();
  await alice.leaves();
  await other.joins("ALICE");
});

test("a nickname that is taken comes with one that is free", async ({ newPerson }) => {
  await (await newPerson()).joins("alice");
  const other = await newPerson();
  await other.asksIn("alice");
  await other.page.getByRole("button", { name: "Join as alice2" }).click();
  await other.isIn();
});

test("rooms are apart", async ({ newPerson }) => {
  const alice = await (await newPerson("/r/garden")).joins("alice");
  const bob = await (await newPerson("/r/kitchen")).joins("alice");
  await alice.says("only for the garden");
  await alice.sees("only for the garden");
  await bob.says("only for the kitchen");
  await bob.sees("only for the kitchen");
  await expect(bob.messages.getByText("only for the garden")).toHaveCount(0);
  await expect(bob.people.getByRole("listitem")).toHaveCount(1);
});

test("markup typed as a name and as a message is only text", async ({ newPerson }) => {
  const mallory = await newPerson();
  const faults: string[] = [];
  mallory.page.on("dialog", (dialog) => faults.push(dialog.message()));
  await mallory.joins("<b>x</b>");
  const alice = await (await newPerson()).joins("alice");
  alice.page.on("dialog", (dialog) => faults.push(dialog.message()));
  const markup = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
  await mallory.says(markup);
  await alice.sees(markup);
  await expect(alice.people.getByText("<b>x</b>")).toBeVisible();
  await expect(alice.messages.locator("img, script, b")).toHaveCount(0);
  expect(faults).toEqual([]);
});
