import { expect, test } from "./fixtures.ts";
import { lookout } from "./lookout.ts";
import { Person } from "./pages/person.ts";

// Several people's browsers on a machine that may be busy with others: the time is not what these stories are about.
test.describe.configure({ timeout: 60_000 });

/** What is said of the connection, beside the name of the room. */
function indicator(person: Person) {
  const bar = person.page.getByRole("banner");
  return { news: bar.getByRole("status"), countdown: bar.getByRole("timer"), now: bar.getByRole("button", { name: "Try now" }) };
}

test("connected: over what, and on hover how long the way there and back takes", async ({ newPerson }, { project }) => {
  const alice = await (await newPerson()).joins("alice");
  const { news, countdown, now } = indicator(alice);
  await expect(news).toHaveText(`Connected over ${project.metadata.transport}`);
  await alice.says("hello");
  await alice.sees("hello");
  await news.hover();
  const hovered = alice.page.getByTitle(/^Round trip: \d[\d,]* ms$/);
  await expect(hovered.getByText(/Connected/)).toBeVisible();
  await expect(countdown).toHaveCount(0);
  await expect(now).toHaveCount(0);
});

test("a link that breaks: reconnecting, in so many seconds, or now", async ({ newPerson, relay }) => {
  const alice = await newPerson(`${relay.url}/`);
  await alice.page.clock.install();
  await alice.page.reload();
  await alice.joins("alice");
  const { news, countdown, now } = indicator(alice);
  relay.breaks();
  await expect(news).toHaveText("Reconnecting");
  const seconds = async () => Number(/^in (\d+) s$/.exec((await countdown.textContent()) ?? "")?.[1]);
  // The pauses grow. In one that is long enough the page's clock is stopped, to look at it at leisure.
  const stopped = async () => {
    if (!((await seconds()) >= 4)) return Number.NaN;
    await alice.page.clock.pauseAt((await alice.page.evaluate(() => Date.now())) + 500);
    const left = await seconds();
    if (!(left >= 3)) await alice.page.clock.resume();
    return left;
  };
  await expect.poll(stopped, { timeout: 60_000, intervals: [50] }).toBeGreaterThanOrEqual(3);
  const before = await seconds();
  await alice.page.clock.runFor(1000);
  await expect(countdown).toHaveText(`in ${before - 1} s`);
  await alice.page.clock.runFor(1000);
  await expect(countdown).toHaveText(`in ${before - 2} s`);
  relay.mend();
  const { requests } = relay;
  await now.click();
  await expect.poll(() => relay.requests).toBeGreaterThan(requests); // though the clock stands still
  await alice.page.clock.resume();
  await alice.isIn();
  await expect(countdown).toHaveCount(0);
  await expect(now).toHaveCount(0);
});

test("whoever presses “Try now” in vain is told that it goes on waiting, and still has the button", async ({ newPerson, relay }) => {
  const alice = await (await newPerson(`${relay.url}/`)).joins("alice");
  const { news, now } = indicator(alice);
  relay.breaks();
  await expect(news).toHaveText("Reconnecting");
  await now.focus();
  for (let times = 0; times < 3; times++) await alice.page.keyboard.press("Enter");
  await expect(news).toHaveText("Reconnecting");
  await expect(now).toBeFocused();
  await expect(now).toBeEnabled();
  relay.mend();
  await alice.page.keyboard.press("Enter");
  await alice.isIn();
  await expect(now).toHaveCount(0);
  expect(await alice.page.evaluate(() => document.activeElement?.tagName)).not.toBe("BODY");
});

test("no network at all: offline, said at once; and connected again when it is back", async ({ newPerson, newTalker, relay }) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson(`${relay.url}/`)).joins("alice");
  const { news } = indicator(alice);
  await alice.page.context().setOffline(true);
  relay.breaks();
  await expect(news).toHaveText("Offline");
  await alice.says("typed in a tunnel");
  await bob.says("said meanwhile");
  relay.mend();
  await alice.page.context().setOffline(false);
  await alice.isIn();
  await alice.sees("said meanwhile");
  await alice.sees("typed in a tunnel");
  expect(await bob.hears("alice", 1)).toEqual(["typed in a tunnel"]);
});

test("a server that restarts says so, and so does the page; then all goes on", async ({ newPerson, server }, { project }) => {
  const alice = await (await newPerson()).joins("alice");
  const { news } = indicator(alice);
  const seen = await lookout(alice.page, "The server is restarting");
  await server.stop();
  await expect.poll(seen).not.toEqual([]); // where it stays away for longer than announced, it is "Reconnecting"
  await server.start();
  await expect(news).toHaveText(`Connected over ${project.metadata.transport}`, { timeout: 30_000 });
  await alice.says("as if nothing had happened");
  await alice.sees("as if nothing had happened");
  await expect(alice.messages.getByText(/left|lost/)).toHaveCount(0);
});

test("while the connection is away nothing jumps: what was said last and the composer stay where they were", async ({
  newPerson,
  newTalker,
  relay,
}) => {
  const bob = await newTalker("bob");
  await bob.says(...Array.from({ length: 15 }, (_, index) => `verse ${index + 1}\n.\n.\n.\n.`));
  const alice = await (await newPerson(`${relay.url}/`)).joins("alice");
  await alice.says("stay");
  await alice.sees("stay");
  const places = async () =>
    Promise.all(
      [alice.messages.getByText("stay", { exact: true }), alice.composer].map(async (part) => (await part.boundingBox())?.y ?? 0),
    );
  const before = await places();
  const moved = async () => (await places()).map((y, index) => Math.abs(y - (before[index] ?? 0)));
  relay.breaks();
  await alice.isTold("Reconnecting");
  await expect(alice.page.getByText("The chat cannot be reached.")).toBeVisible();
  expect(Math.max(...(await moved()))).toBeLessThan(2);
  relay.mend();
  await alice.isIn();
  await expect(alice.page.getByText("The chat cannot be reached.")).toHaveCount(0);
  expect(Math.max(...(await moved()))).toBeLessThan(2);
});

test("what is left of the conversation when another tab took it over says so, and can take it back", async ({ newPerson }, { project }) => {
  const alice = await (await newPerson()).joins("alice");
  await alice.says("in the first tab");
  await alice.sees("in the first tab");
  const opened = alice.page.context().waitForEvent("page");
  await alice.page.evaluate(() => void window.open(location.href)); // a duplicate: it has what the tab remembers
  const twin = new Person(await opened, project.metadata.transport as string);
  await twin.isIn();
  await twin.sees("in the first tab");
  await expect(alice.page.getByText("The conversation went on in another tab.")).toBeVisible();
  await expect(indicator(alice).news).toHaveText("Not connected");
  await alice.page.getByRole("button", { name: "Continue here" }).click();
  await alice.isIn();
  await alice.says("in the first tab again");
  await alice.sees("in the first tab again");
});
