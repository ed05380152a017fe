import { expect, test } from "./fixtures.ts";
import { lookout } from "./lookout.ts";
import type { Person } from "./pages/person.ts";

// docs/page.md: E21 on `visibilitychange`, `pageshow` and `online`; and of E18: reconnecting (in how many seconds; "now"), offline, server restarting.
// What it took is written beside each story; no story depends on it.

// Attempts come up to 20 s apart.
test.describe.configure({ timeout: 90_000 });

/** More than any deadline of the page, so that a story that is late says how late. */
const LONG = { timeout: 20_000 };

test("the network goes and comes back while the page waits: it is live again at once, with what was said meanwhile", async ({
  newPerson,
  relay,
}) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  await alice.page.context().setOffline(true);
  relay.breaks();
  await alice.isTold("Offline");
  await waitsFor(alice, 3);
  await bob.says("while alice was away");
  await alice.says("typed in the dark");
  relay.mend();
  await tookMs("online while waiting", async () => {
    await alice.page.context().setOffline(false);
    await alice.isTold(/Connected over/);
  });
  await alice.sees("while alice was away");
  await bob.sees("typed in the dark");
});

test("the network comes back just as an attempt is under way that will never be answered", async ({ newPerson, relay }) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  relay.breaks();
  await alice.isTold("Reconnecting");
  relay.mend();
  relay.swallow();
  const before = relay.requests;
  await expect.poll(() => relay.requests, LONG).toBeGreaterThan(before);
  relay.mend();
  await tookMs("online while an attempt is lost", async () => {
    await fire(alice, "online");
    await expect(alice.page.getByText(/Connected over/)).toBeVisible(LONG);
  });
  await alice.says("here again");
  await alice.sees("here again");
});

for (const event of ["online", "visibilitychange"] as const) {
  test(`the connection died and nobody said so: on ${event} the page finds out, and is live again`, async ({ newPerson, relay }) => {
    const alice = await (await newPerson(relay.url)).joins("alice");
    const bob = await (await newPerson()).joins("bob");
    await alice.seesNotice(/bob/);
    relay.swallow();
    await bob.says("not heard");
    await alice.says("said into the void");
    await alice.seesPending("said into the void");
    await expect(alice.messages.getByText("not heard")).toHaveCount(0);
    // What lost something stays lost, as a way through a network does that is not there any more.
    relay.mend();
    await tookMs(`${event} where the connection is dead`, async () => {
      await fire(alice, event);
      await expect(alice.messages.getByText("not heard")).toBeVisible(LONG);
    });
    await expect(alice.page.getByText(/Connected over/)).toBeVisible();
    await bob.sees("said into the void");
  });
}

test("a page that was frozen, and lost its connection meanwhile, is live again when it thaws", async ({ newPerson, relay }) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  await alice.seesNotice(/bob/);
  const devtools = await alice.page.context().newCDPSession(alice.page);
  await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
  relay.swallow();
  await bob.says("while alice was frozen");
  await bob.sees("while alice was frozen");
  relay.mend();
  await tookMs("thawed", async () => {
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    await fire(alice, "visibilitychange");
    await expect(alice.messages.getByText("while alice was frozen")).toBeVisible(LONG);
  });
  await alice.says("thawed");
  await bob.sees("thawed");
});

test("while it waits, the page counts down to the next attempt, and one can have it now", async ({ newPerson, relay }) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  relay.breaks();
  await alice.isTold("Reconnecting");
  const from = await waitsFor(alice, 3);
  await expect.poll(() => seconds(alice), { intervals: [50] }).toBe(from - 1);
  const tried = relay.requests;
  await waitsFor(alice, 3);
  relay.mend();
  await tookMs("Try now", async () => {
    await alice.page.getByRole("button", { name: "Try now" }).click();
    await alice.isTold(/Connected over/);
  });
  expect(relay.requests).toBeGreaterThan(tried);
  await expect(alice.page.getByRole("button", { name: "Try now" })).toHaveCount(0);
});

test("offline is said at once where the browser knows it, and an attempt comes with the network", async ({ newPerson, relay }) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  relay.breaks();
  await alice.page.context().setOffline(true);
  await alice.isTold("Offline");
  await alice.says("typed offline");
  await alice.seesPending("typed offline");
  relay.mend();
  await alice.page.context().setOffline(false);
  await alice.isTold(/Connected over/);
  await alice.sees("typed offline");
});

test("a server that restarts is said to restart", async ({ newPerson, server }) => {
  const alice = await (await newPerson()).joins("alice");
  const news = await lookout(alice.page, "The server is restarting");
  await server.stop();
  await expect.poll(news).not.toEqual([]);
  await server.start();
  await tookMs("restarted", async () => alice.isTold(/Connected over/));
});

async function tookMs(what: string, run: () => Promise<void>): Promise<void> {
  const from = performance.now();
  await run();
  test.info().annotations.push({ type: `live after (${what})`, description: `${Math.round(performance.now() - from)} ms` });
}

async function seconds({ page }: Person): Promise<number> {
  const timer = page.getByRole("banner").getByRole("timer");
  return (await timer.count()) === 0
    ? -1
    : Number(/\d+/.exec((await timer.textContent({ timeout: 1000 }).catch(() => "")) ?? "")?.[0] ?? -1);
}

/** The page waits for so many seconds at least. Gives how many. */
async function waitsFor(person: Person, atLeast: number): Promise<number> {
  let counted = -1;
  await expect
    .poll(
      async () => {
        counted = await seconds(person);
        return counted;
      },
      { intervals: [50], timeout: 25_000 },
    )
    .toBeGreaterThanOrEqual(atLeast);
  return counted;
}

async function fire({ page }: Person, event: "online" | "visibilitychange"): Promise<void> {
  await page.evaluate((name) => (name === "online" ? globalThis : document).dispatchEvent(new Event(name)), event);
}
