import { expect, test } from "./fixtures.ts";

test("a reload comes back into the room: no second join, no notice, nothing lost, nothing twice, the draft still there", async ({
  newPerson,
}) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  await alice.seesNotice("bob came in");
  await bob.says("before");
  await alice.sees("before");
  await bob.composer.fill("half a thought");
  await bob.page.reload();
  await bob.isIn();
  await bob.sees("before");
  await expect(bob.composer).toHaveValue("half a thought");
  await bob.says("after");
  await alice.sees("after");
  await bob.sees("after");
  await expect(alice.messages.getByText(/bob (left|came in)/)).toHaveCount(1);
});

test("the server stops in good order and starts again: everyone is told, comes back silently, and nothing is lost", async ({
  newPerson,
  server,
}) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  await alice.seesNotice("bob came in");
  await alice.says("before the stop");
  await bob.sees("before the stop");
  expect(await server.stop()).toBe(0);
  for (const person of [alice, bob]) await expect(person.page.getByRole("status").getByText(/restarting|Reconnecting/)).toBeVisible();
  await alice.says("while it was down");
  await server.start();
  for (const person of [alice, bob]) {
    await person.isIn();
    await person.sees("before the stop");
    await person.sees("while it was down");
  }
  await bob.says("and on we go");
  await alice.sees("and on we go");
  await expect(alice.messages.getByText(/left|bob came in/)).toHaveCount(1);
});

test("the server is killed and started again: what was acknowledged is there, once", async ({ newPerson, server }) => {
  const alice = await (await newPerson()).joins("alice");
  await alice.says("kept");
  await alice.sees("kept");
  await server.kill();
  await alice.says("typed in the dark");
  await server.start();
  await alice.isIn();
  await alice.sees("typed in the dark");
  await alice.sees("kept");
});
