import { expect, test } from "../fixtures.ts";

import { screenReader } from "./screen-reader.ts";
import { goesOnElsewhere, mangles } from "./troubles.ts";

// Whoever fills a room is not held back.
test.use({ settings: { RATE_BURST: "0" } });

const CONNECTION = /Connect|restarting|Offline|reached|Trying|in \d+ s/;

test("each message of others is read once; not the history, not one's own, and not what one scrolls to", async ({
  newPerson,
  newTalker,
}) => {
  const alice = await newTalker("alice");
  await alice.says(...Array.from({ length: 120 }, (_, number) => `from before ${number}`));
  const bob = await newPerson();
  const spoken = await screenReader(bob.page);
  await bob.joins("bob");
  await bob.sees("from before 119");
  await alice.says("Good morning");
  await expect.poll(spoken).toContain("alice: Good morning");
  await bob.says("Good morning to you");
  await bob.sees("Good morning to you");
  await bob.messages.focus();
  // As far up as is known by then; what is older comes above it.
  await expect(async () => {
    await bob.page.keyboard.press("Home");
    await expect(bob.messages.getByText("from before 1", { exact: true })).toBeVisible({ timeout: 1000 });
  }).toPass();
  await alice.says("/me waves");
  await expect.poll(spoken).toContain("alice waves");
  await alice.says("one", "two");
  await expect.poll(spoken).toContain("alice: two");
  expect((await spoken()).filter((words) => !CONNECTION.test(words))).toEqual([
    "alice: Good morning",
    "alice waves",
    "alice: one",
    "alice: two",
  ]);
});

test("many messages at once are counted rather than read", async ({ newPerson, newTalker }) => {
  const alice = await newTalker("alice");
  const bob = await newPerson();
  const spoken = await screenReader(bob.page);
  await bob.joins("bob");
  await alice.says(...Array.from({ length: 7 }, (_, number) => `number ${number}`));
  await expect.poll(spoken).toContain("7 new messages");
  await alice.says("and that was it");
  await expect.poll(spoken).toContain("alice: and that was it");
  expect((await spoken()).join()).not.toContain("number");
});

test("a hidden page says nothing, and nothing of that afterwards", async ({ newPerson, newTalker }) => {
  const alice = await newTalker("alice");
  const bob = await newPerson();
  const spoken = await screenReader(bob.page);
  await bob.joins("bob");
  await bob.looksAway();
  await alice.says("Psst");
  await bob.sees("Psst");
  await bob.looksBack();
  await alice.says("There you are");
  await expect.poll(spoken).toContain("alice: There you are");
  expect((await spoken()).join()).not.toContain("Psst");
});

test("the connection's news are read once each, no countdown is, and what was missed is a count", async ({
  newPerson,
  newTalker,
  relay,
}) => {
  const alice = await newTalker("alice");
  const bob = await newPerson(relay.url);
  await bob.joins("bob");
  const spoken = await screenReader(bob.page);
  relay.breaks();
  await bob.isTold("Reconnecting");
  const timer = bob.page.getByRole("timer");
  const counts = new Set<string>();
  await expect.poll(async () => counts.add(await timer.innerText()).size, { timeout: 20_000 }).toBeGreaterThan(3);
  await alice.says("while you were away", "and still");
  relay.mend();
  await bob.page.getByRole("button", { name: "Try now" }).click();
  await bob.isIn();
  await bob.sees("while you were away");
  await expect.poll(spoken).toContain("2 new messages");
  await alice.says("Welcome back");
  await expect.poll(spoken).toContain("alice: Welcome back");
  const heard = await spoken();
  expect(heard.filter((words) => words === "Reconnecting")).toHaveLength(1);
  expect(heard.filter((words) => words.startsWith("Connected over"))).toHaveLength(1);
  expect(heard.filter((words) => words === "The chat cannot be reached.").length).toBeLessThanOrEqual(1);
  expect(heard.join(" | ")).not.toMatch(/in \d+ s|Try now|while you were away/);
});

test("a refusal is read once, however often the timeline is drawn", async ({ newPerson, newTalker, relay }) => {
  const alice = await newTalker("alice");
  await alice.says(...Array.from({ length: 60 }, (_, number) => `line ${number}`));
  mangles(relay, "unsayable");
  const bob = await newPerson(relay.url);
  const spoken = await screenReader(bob.page);
  await bob.asksIn("bob");
  await bob.isIn("long polling");
  await bob.says("unsayable");
  await expect(bob.messages.getByText("Not sent.")).toBeVisible();
  const refusals = async () => (await spoken()).filter((words) => words.startsWith("Not sent."));
  await expect.poll(refusals).toHaveLength(1);
  await alice.says("What?");
  await expect.poll(spoken).toContain("alice: What?");
  await bob.messages.focus();
  await bob.page.keyboard.press("Home");
  await bob.page.keyboard.press("End");
  expect(await refusals()).toHaveLength(1);
  await bob.page.reload();
  await bob.isIn("long polling");
  await alice.says("Here again?");
  // So soon that it counts as missed.
  await expect.poll(async () => (await spoken()).join()).toMatch(/alice: Here again\?|1 new message/);
  expect(await refusals()).toEqual([]);
});

test("what is wrong with a nickname, and what the page explains, is read once each", async ({ newPerson, newTalker }) => {
  await newTalker("alice");
  const bob = await newPerson();
  const spoken = await screenReader(bob.page);
  await bob.nickname.pressSequentially("two words here");
  await expect.poll(spoken).toEqual(["No spaces, please."]);
  await bob.asksIn("alice");
  const taken = "Somebody here has this nickname already.";
  await expect.poll(spoken).toContain(taken);
  await bob.joins("bob");
  await bob.says("/dance");
  await expect.poll(async () => (await spoken()).filter((words) => words.startsWith("There is no command /dance"))).toHaveLength(1);
  expect((await spoken()).filter((words) => words === taken)).toHaveLength(1);
});

test("the last word of the server is read", async ({ newPerson }) => {
  const bob = await (await newPerson()).joins("bob");
  const spoken = await screenReader(bob.page);
  await goesOnElsewhere(bob.page);
  await expect.poll(spoken).toContain("The conversation went on in another tab.");
});
