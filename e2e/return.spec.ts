import { expect, test } from "./fixtures.ts";
import { lookout } from "./lookout.ts";
import type { Person } from "./pages/person.ts";
import { Talker } from "./talker.ts";

// docs/page.md: E6.

// Attempts come up to 20 s apart.
test.describe.configure({ timeout: 90_000 });

test("a reload comes back into the room: no second join, no notice, nothing lost, nothing twice, the draft still there", async ({
  newPerson,
}) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  const doors = await lookout(bob.page, "Nickname");
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
  expect(doors()).toEqual([]);
});

test("a link that drops comes back by itself: no second join, no notice, what was said meanwhile is there, the draft too", async ({
  newPerson,
  relay,
}) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await (await newPerson(relay.url)).joins("bob");
  const doors = await lookout(bob.page, "Nickname");
  await alice.seesNotice("bob came in");
  await bob.composer.fill("half a thought");
  for (const time of [1, 2]) {
    relay.breaks();
    await bob.isTold(/Reconnecting/);
    await alice.says(`missed ${time}`);
    await alice.sees(`missed ${time}`);
    relay.mend();
    await bob.isTold(/Connected over/);
    await bob.sees(`missed ${time}`);
  }
  await expect(bob.composer).toHaveValue("half a thought");
  await bob.composer.press("Enter");
  await alice.sees("half a thought");
  await bob.seesInOrder(/missed|thought/, ["missed 1", "missed 2", "half a thought"]);
  await expect(alice.messages.getByText(/bob (left|came)|lost the connection/)).toHaveCount(1);
  expect(doors()).toEqual([]);
});

test("the server stops in good order and starts again: everyone is told, comes back silently, and nothing is lost", async ({
  newPerson,
  server,
}) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  const doors = await lookout(bob.page, "Nickname");
  await alice.seesNotice("bob came in");
  await alice.says("before the stop");
  await bob.sees("before the stop");
  expect(await server.stop()).toBe(0);
  for (const person of [alice, bob]) await person.isTold(/restarting|Reconnecting/);
  await alice.says("while it was down");
  await bob.composer.fill("half a thought");
  await server.start();
  for (const person of [alice, bob]) {
    await person.isIn();
    await person.sees("before the stop");
    await person.sees("while it was down");
  }
  await expect(bob.composer).toHaveValue("half a thought");
  await bob.says("and on we go");
  await alice.sees("and on we go");
  await expect(alice.messages.getByText(/left|bob came in|lost/)).toHaveCount(1);
  expect(doors()).toEqual([]);
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

test.describe("in a long room", () => {
  test.use({ settings: { RATE_BURST: "0" } });
  const lines = Array.from({ length: 300 }, (_, index) => `line ${index + 1}`);

  test("who has scrolled up far finds the same line after a reload, though the page has to ask for it again", async ({
    newPerson,
    newTalker,
  }) => {
    const speaker = await newTalker("speaker");
    await speaker.says(...Array.from({ length: 900 }, (_, index) => `line ${index + 1}`));
    const bob = await (await newPerson()).joins("bob");
    await bob.sees("line 900");
    await bob.messages.focus();
    await expect(async () => {
      await bob.page.keyboard.press("Home");
      await expect(bob.messages.getByText("line 120", { exact: true })).toHaveCount(1, { timeout: 500 });
    }).toPass();
    await bob.messages.getByText("line 120", { exact: true }).evaluate((line) => line.scrollIntoView({ block: "center" }));
    await expect.poll(async () => (await firstLineInSight(bob)).text).toMatch(/^line 1[01]\d$/);
    const before = await firstLineInSight(bob);

    await bob.page.reload();
    await bob.isIn();
    await isAt(bob, before);
    await expect(bob.page.getByRole("button", { name: "Go to the latest message" })).toBeVisible();
    await speaker.says("meanwhile");
    await expect(bob.page.getByRole("button", { name: /1 new message/ })).toBeVisible();
    await isAt(bob, before);
  });

  test("who reads back stays at the same line: over a reload, a dropped link and a restart, whatever is said meanwhile", async ({
    newPerson,
    relay,
    server,
  }) => {
    let speaker = await Talker.joins(server, "speaker");
    await speaker.says(...lines);
    const bob = await (await newPerson(relay.url)).joins("bob");
    await bob.sees("line 300");
    await readsBack(bob);
    const before = await firstLineInSight(bob);
    expect(Number(/\d+/.exec(before.text)?.[0])).toBeLessThan(275);

    await bob.page.reload();
    await bob.isIn();
    await isAt(bob, before);

    await speaker.says("while bob reads");
    await expect(bob.page.getByRole("button", { name: /1 new message/ })).toBeVisible();
    await isAt(bob, before);

    relay.breaks();
    await bob.isTold(/Reconnecting/);
    await speaker.says("while the link was down");
    relay.mend();
    await bob.isIn();
    await expect(bob.page.getByRole("button", { name: /2 new messages/ })).toBeVisible();
    await isAt(bob, before);

    await server.stop();
    await bob.isTold(/restarting|Reconnecting/);
    await server.start();
    await bob.isIn();
    speaker = await Talker.joins(server, "other");
    await speaker.says("after the restart");
    await expect(bob.page.getByRole("button", { name: /3 new messages/ })).toBeVisible();
    await isAt(bob, before);

    await bob.page.reload();
    await bob.isIn();
    await isAt(bob, before);
    speaker.drops();
  });
});

/** Scrolls up, until it is well before the end. */
async function readsBack(person: Person): Promise<void> {
  await person.messages.hover();
  await expect(async () => {
    await person.page.mouse.wheel(0, -700);
    const { text } = await firstLineInSight(person);
    expect(Number(/\d+/.exec(text)?.[0])).toBeLessThan(270);
  }).toPass();
  // The wheel turns on for a moment: the same line twice, and it has come to rest.
  let last = "";
  await expect(async () => {
    const now = JSON.stringify(await firstLineInSight(person));
    const rests = now === last;
    last = now;
    expect(rests).toBe(true);
  }).toPass({ intervals: [300] });
}

/** Pixels are round, places are not. */
async function isAt(person: Person, place: { text: string; top: number }): Promise<void> {
  await expect(async () => {
    const { text, top } = await firstLineInSight(person);
    expect(text).toBe(place.text);
    expect(Math.abs(top - place.top)).toBeLessThanOrEqual(1);
  }).toPass();
}

/** The line at the top of the view, and where it is, in pixels. */
async function firstLineInSight({ messages }: Person): Promise<{ text: string; top: number }> {
  return messages.getByText(/^line \d+$/).evaluateAll((elements) => {
    const box = elements[0]?.closest("[role=log]")?.getBoundingClientRect();
    const first = elements.find((element) => element.getBoundingClientRect().top >= (box?.top ?? 0));
    return { text: first?.textContent ?? "", top: Math.round(first?.getBoundingClientRect().top ?? 0) };
  });
}
