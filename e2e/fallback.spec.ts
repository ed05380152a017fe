import { expect, test } from "./fixtures.ts";
import type { Person } from "./pages/person.ts";

// docs/page.md: E38. A race, not a wait; and invisible but for its word in the indicator.

// Attempts come up to 20 s apart.
test.describe.configure({ timeout: 90_000 });

test.beforeEach(() => {
  test.skip(test.info().project.name === "long-poll", "These browsers have a WebSocket, and networks that do not let it through.");
});

test("a network that refuses WebSocket: people talk over long polling, and only the indicator says so", async ({ newPerson, relay }) => {
  relay.upgrades = "refuse";
  const alice = await newPerson(relay.url);
  await alice.asksIn("alice");
  await alice.isIn("long polling");
  const bob = await (await newPerson()).joins("bob");
  await talkBothWays(alice, bob);
  await expect(alice.page.getByText(/polling|WebSocket/)).toHaveText(["Connected over long polling"]);
});

test("a network that takes a WebSocket and never answers: long polling joins the race, and wins it", async ({ newPerson, relay }) => {
  relay.upgrades = "swallow";
  const alice = await newPerson(relay.url);
  const from = performance.now();
  await alice.asksIn("alice");
  await alice.isIn("long polling");
  test.info().annotations.push({ type: "in the room after", description: `${Math.round(performance.now() - from)} ms` });
  const bob = await (await newPerson()).joins("bob");
  await talkBothWays(alice, bob);
  await expect(bob.messages.getByText(/alice/)).toHaveCount(2);
});

test("a WebSocket that opens and is cut twice counts as failed: the page stays on polling, also after a reload", async ({
  newPerson,
  relay,
}) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  relay.cut("websocket");
  await alice.isTold("Connected over WebSocket");
  await expect.poll(() => relay.webSockets).toBe(1);
  relay.cut("websocket");
  await alice.isTold("Connected over long polling");
  await talkBothWays(alice, bob);
  await alice.page.reload();
  await alice.isIn("long polling");
  expect(relay.webSockets).toBe(0);
  await alice.says("after the reload");
  await bob.sees("after the reload");
  await alice.sees("after the reload");
});

test("the choice is the tab's: another one begins with WebSocket", async ({ newPerson, relay }) => {
  relay.upgrades = "refuse";
  const alice = await newPerson(relay.url);
  await alice.asksIn("alice");
  await alice.isIn("long polling");
  relay.mend();
  const tab = await alice.opensTab("/r/garden");
  await tab.joins("alice");
});

test("a WebSocket that comes after all takes the session over, while both keep talking: nothing lost, nothing twice", async ({
  newPerson,
  relay,
}) => {
  const bob = await (await newPerson()).joins("bob");
  relay.upgrades = "hold";
  const alice = await newPerson(relay.url);
  await alice.asksIn("alice");
  await alice.isIn("long polling");
  const hers: string[] = [];
  const his: string[] = [];
  const sayOne = async () => {
    hers.push(`hers ${hers.length + 1}`);
    his.push(`his ${his.length + 1}`);
    await Promise.all([alice.says(hers.at(-1) as string), bob.says(his.at(-1) as string)]);
  };
  // Not for long: after 10 s a WebSocket counts as failed.
  await sayOne();
  relay.mend();
  const moved = alice.page.getByText("Connected over WebSocket");
  await expect(async () => {
    await sayOne();
    await expect(moved).toBeVisible({ timeout: 1 });
  }).toPass({ timeout: 30_000, intervals: [50] });
  for (let time = 0; time < 5; time++) await sayOne();
  for (const person of [alice, bob]) {
    await expect(person.messages.getByText(hers.at(-1) as string, { exact: true })).toBeVisible({ timeout: 30_000 });
    await expect(person.messages.getByText(his.at(-1) as string, { exact: true })).toBeVisible({ timeout: 30_000 });
    await person.seesInOrder(/^hers/, hers);
    await person.seesInOrder(/^his/, his);
  }
  await expect(bob.messages.getByText(/alice (left|came back)|lost/)).toHaveCount(0);
});

test("a WebSocket that failed is tried again every few minutes, and taken when it works", async ({ newPerson, relay }) => {
  relay.upgrades = "refuse";
  const alice = await newPerson(relay.url);
  await alice.page.clock.install();
  await alice.page.reload();
  await alice.asksIn("alice");
  await alice.isIn("long polling");
  const bob = await (await newPerson()).joins("bob");
  relay.mend();
  await talkBothWays(alice, bob);
  await alice.isTold("Connected over long polling");
  // A poll that nobody answers in half a minute of the page's time would count as lost.
  for (let step = 1; step <= 15; step++) {
    await alice.page.clock.fastForward(20_000);
    await bob.says(`minutes go by ${step}`);
    await alice.sees(`minutes go by ${step}`);
  }
  await alice.isTold("Connected over WebSocket");
  await alice.says("moved");
  await bob.sees("moved");
  await bob.says("so it is");
  await alice.sees("so it is");
});

async function talkBothWays(one: Person, other: Person): Promise<void> {
  await one.says("there");
  await other.sees("there");
  await other.says("and back");
  await one.sees("and back");
  await one.sees("there");
}
