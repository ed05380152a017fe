import type { Locator } from "playwright/test";
import { expect } from "./fixtures.ts";
import type { Person } from "./pages/person.ts";
import { test } from "./wall-clock.ts";

// Several people's browsers on a machine that may be busy with others: the time is not what these stories are about.
test.describe.configure({ timeout: 60_000 });

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Each group of messages has one line that says who and when: these. */
function byLines(person: Person): Locator {
  return person.messages.getByRole("time").locator("..");
}

test("messages of one person within five minutes stand under one name and one time; later ones begin anew", async ({
  newPerson,
  newTalker,
  wallClock,
}) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  await bob.says("first");
  wallClock.set(2 * MINUTE_MS);
  await bob.says("two minutes later");
  await alice.sees("two minutes later");
  await expect(byLines(alice)).toHaveText([/^bob /]);
  wallClock.set(10 * MINUTE_MS);
  await bob.says("ten minutes later");
  await alice.sees("ten minutes later");
  await expect(byLines(alice)).toHaveText([/^bob /, /^bob /]);
  await alice.page.reload();
  await alice.sees("first");
  await alice.sees("ten minutes later");
  await expect(byLines(alice)).toHaveText([/^bob /, /^bob /]);
});

test("somebody else's message in between begins a new group", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const cleo = await newTalker("cleo");
  const alice = await (await newPerson()).joins("alice");
  await bob.says("one", "two");
  await cleo.says("three");
  await bob.says("four");
  await alice.says("five");
  await alice.says("six");
  await alice.sees("six");
  await expect(byLines(alice)).toHaveText([/^bob /, /^cleo /, /^bob /, /^alice /]);
});

test("days are separated, and named as one would name them", async ({ newPerson, newTalker, wallClock }) => {
  wallClock.set(-3 * DAY_MS);
  const bob = await newTalker("bob");
  await bob.says("three days ago");
  wallClock.set(-DAY_MS);
  await bob.says("a day ago");
  wallClock.set(0);
  await bob.says("just now");
  const alice = await (await newPerson()).joins("alice");
  await alice.sees("just now");
  const threeDaysAgo = new Date(Date.now() - 3 * DAY_MS);
  const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long" }).format(threeDaysAgo);
  await expect(alice.messages.getByRole("heading")).toHaveText([
    new RegExp(`^${weekday}.*${threeDaysAgo.getDate()}`),
    "Yesterday",
    "Today",
  ]);
  await expect(alice.messages).toHaveText(/three days ago.*Yesterday.*a day ago.*Today.*just now/);
  await expect(byLines(alice)).toHaveText([/^bob /, /^bob /, /^bob /]);
});

test("when midnight passes, what was today is yesterday", async ({ newPerson, newTalker, wallClock }) => {
  const bob = await newTalker("bob");
  const alice = await newPerson();
  const evening = new Date();
  evening.setHours(23, 58, 0, 0);
  wallClock.set(evening.getTime() - Date.now());
  await alice.page.clock.install({ time: evening });
  await alice.page.reload();
  await alice.joins("alice");
  await bob.says("good night");
  await alice.sees("good night");
  await expect(alice.messages.getByRole("heading").last()).toHaveText("Today");
  await alice.page.clock.fastForward("03:00");
  wallClock.set(evening.getTime() + 3 * MINUTE_MS - Date.now());
  await bob.says("good morning");
  await alice.sees("good morning");
  await expect(alice.messages).toHaveText(/Yesterday.*good night.*Today.*good morning/);
  await expect(alice.messages.getByRole("heading").last()).toHaveText("Today");
  await expect(byLines(alice)).toHaveText([/^bob /, /^bob /]);
});

test("what comes while the page is in the background stands under a line, and the line goes when one answers", async ({
  newPerson,
  newTalker,
}) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  const line = alice.messages.getByText("New", { exact: true });
  await bob.says("seen as it came");
  await alice.sees("seen as it came");
  await expect(line).toHaveCount(0);
  await alice.looksAway();
  await bob.says("unseen", "unseen as well");
  await alice.sees("unseen as well");
  await alice.looksBack();
  await expect(line).toBeVisible();
  await expect(alice.messages).toHaveText(/seen as it came.*New.*unseen.*unseen as well/);
  await bob.says("seen again");
  await alice.sees("seen again");
  await expect(line).toHaveCount(1);
  await alice.says("my answer");
  await alice.sees("my answer");
  await expect(line).toHaveCount(0);
});

test("what comes while one reads further up stands under a line", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const verses = Array.from({ length: 15 }, (_, index) => `verse ${index + 1}\n.\n.\n.\n.`);
  await bob.says(...verses);
  const alice = await (await newPerson()).joins("alice");
  await expect(alice.messages.getByText(/^verse 15\s/)).toBeInViewport();
  await alice.scrollsBy(-500);
  await bob.says("while you were reading");
  await alice.page.getByRole("button", { name: "1 new message" }).click();
  await alice.sees("while you were reading");
  await expect(alice.messages.getByText("New", { exact: true })).toBeVisible();
  await expect(alice.messages).toHaveText(/verse 15.*New.*while you were reading/s);
  await alice.says("I have read it");
  await alice.sees("I have read it");
  await expect(alice.messages.getByText("New", { exact: true })).toHaveCount(0);
});

test("coming and going is quiet: it folds into one line, which unfolds for who wants to know", async ({ newPerson, newTalker }) => {
  const alice = await (await newPerson()).joins("alice");
  await alice.says("anybody here?");
  await alice.sees("anybody here?");
  for (const nick of ["Ana", "Bo", "Cleo", "Dora", "Emil"]) await newTalker(nick);
  const fold = alice.messages.getByText("Ana, Bo and 3 others came in");
  await expect(fold).toBeVisible();
  await expect(alice.messages.getByText(/came in/)).toHaveCount(2); // hers, before she spoke, and theirs
  await expect(alice.messages.getByText("Dora")).toHaveCount(0);
  await alice.messages.getByRole("button", { name: /3 others/ }).click();
  for (const nick of ["Ana", "Bo", "Cleo", "Dora", "Emil"]) await expect(alice.messages.getByText(nick).first()).toBeVisible();
  await expect(fold).toHaveCount(0);
});

test("links are links, and nothing else is", async ({ newPerson, newTalker }) => {
  const alice = await newPerson();
  const asked: string[] = [];
  alice.page.on("request", (request) => asked.push(new URL(request.url()).hostname));
  await alice.joins("alice");
  const bob = await newTalker("bob");
  const links: readonly [said: string, href: string | undefined][] = [
    ["https://example.org/a", "https://example.org/a"],
    ["see http://example.org/b.", "http://example.org/b"],
    ["have you read https://example.org/c?", "https://example.org/c"],
    ["(as https://example.org/d)", "https://example.org/d"],
    ["https://example.org/wiki/Tree_(plant)", "https://example.org/wiki/Tree_(plant)"],
    ["(see https://example.org/wiki/Oak_(tree)), he said", "https://example.org/wiki/Oak_(tree)"],
    ["https://example.org/e?x=1&y=2#z, and so on", "https://example.org/e?x=1&y=2#z"],
    ["“https://example.org/f”", "https://example.org/f"],
    ["<https://example.org/g>", "https://example.org/g"],
    ["https://example.org/h!!!", "https://example.org/h"],
    ["javascript:alert(1)", undefined],
    ["data:text/html,hello", undefined],
    ["https://", undefined],
    ["/etc/passwd and //example.org", undefined],
  ];
  await bob.says(...links.map(([said]) => said));
  for (const [said] of links) await alice.sees(said);
  const hrefs = links.flatMap(([, href]) => href ?? []);
  await expect(alice.messages.getByRole("link")).toHaveText(hrefs);
  for (const [index, href] of hrefs.entries()) {
    const link = alice.messages.getByRole("link").nth(index);
    await expect(link).toHaveAttribute("href", href);
    await expect(link).toHaveAttribute("rel", /\bnoopener\b/);
    await expect(link).toHaveAttribute("rel", /\bnoreferrer\b/);
  }
  expect(asked.filter((host) => host !== "127.0.0.1")).toEqual([]); // nothing is fetched on anyone's behalf
});

test("a link opens in a window of its own, which knows nothing of the chat", async ({ newPerson, newTalker, server }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await newTalker("bob");
  await bob.says(`come to ${server.url}/r/garden`);
  const opened = alice.page.context().waitForEvent("page");
  await alice.messages.getByRole("link").click();
  const other = await opened;
  await expect(other).toHaveURL(`${server.url}/r/garden`);
  expect(await other.evaluate(() => [window.opener, document.referrer])).toEqual([null, ""]);
  await expect(alice.composer).toBeVisible();
});

test("line breaks are kept", async ({ newPerson, newTalker }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await newTalker("bob");
  const verse = "Sur le pont\n  d'Avignon\n\nl'on y danse";
  await bob.says(verse);
  const message = alice.messages.getByText("Sur le pont");
  await expect(message).toBeVisible();
  expect(await message.innerText()).toBe(verse);
  await bob.says("one line");
  const lines = await Promise.all([message, alice.messages.getByText("one line")].map(async (line) => (await line.boundingBox())?.height));
  expect(lines[0]).toBeGreaterThan(3 * (lines[1] ?? Number.NaN));
});

test("a long word wraps, also on the narrowest phone", async ({ newPerson, newTalker }) => {
  const alice = await newPerson();
  await alice.page.setViewportSize({ width: 320, height: 640 });
  await alice.joins("alice");
  const bob = await newTalker("bob");
  const words = ["w".repeat(999), `https://example.org/${"path".repeat(60)}`];
  await bob.says(...words);
  for (const word of words) {
    await alice.sees(word);
    const box = await alice.messages.getByText(word, { exact: true }).first().boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(320);
    expect(box?.height).toBeGreaterThan(100);
  }
  for (const part of [alice.page.locator(":root"), alice.messages]) {
    expect(await part.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  }
});
