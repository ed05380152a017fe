import { test as base, expect } from "./fixtures.ts";
import type { Person } from "./pages/person.ts";
import { type Manner, PAGE_TEXT, Stranger } from "./stranger.ts";

const test = base.extend<{ stranger: Stranger }>({
  stranger: async ({ server }, use) => {
    const stranger = await Stranger.before(server.url);
    await use(stranger);
    await stranger.close();
  },
});

// Somebody fills the room without pacing what they say; and a poll that nobody answers is given up sooner (S32).
test.use({ settings: { RATE_BURST: "0", HEARTBEAT_MS: "5000" } });

const INTERCEPTED = /in place of the chat/;
const UNREACHABLE = /^The chat cannot be reached/;
/** An attempt gives up after 10 to 12 s where nothing comes, and the next one is up to some seconds away. */
const PATIENTLY = { timeout: 30_000 };

const MANNERS: { manner: Manner; sentence: RegExp; slow?: true }[] = [
  { manner: "shows a page", sentence: INTERCEPTED },
  { manner: "sends elsewhere", sentence: INTERCEPTED },
  { manner: "asks to sign in", sentence: INTERCEPTED },
  { manner: "talks nonsense", sentence: INTERCEPTED },
  { manner: "trickles", sentence: UNREACHABLE, slow: true },
  { manner: "keeps silent", sentence: UNREACHABLE, slow: true },
  { manner: "cuts answers short", sentence: UNREACHABLE },
  { manner: "excuses itself", sentence: UNREACHABLE },
];

/** Nothing of what was answered in the server's place is on the page, or was run. */
async function staysOnThePage({ page }: Person, stranger: Stranger): Promise<void> {
  expect(page.url()).toBe(`${stranger.url}/`);
  await expect(page.getByText(PAGE_TEXT)).toHaveCount(0);
  expect(await page.evaluate(() => "owned" in globalThis)).toBe(false);
}

for (const { manner, sentence, slow } of MANNERS) {
  test(`somebody ${manner} in the server's place before one is in: that is said, it is tried again, and one comes in`, async ({
    newPerson,
    newTalker,
    stranger,
  }, { project }) => {
    test.skip(project.name === "long-poll", "with WebSocket polling joins the race, and shows the same");
    test.setTimeout(120_000);
    const ana = await newTalker("ana");
    await ana.says("before");
    const bob = await newPerson(stranger.url);
    stranger.turns(manner);
    await bob.asksIn("bob");
    if (slow) await expect(bob.page.getByRole("status").getByText(/longer than usual/)).toBeVisible(PATIENTLY);
    await expect(bob.page.getByRole("status").getByText(sentence)).toBeVisible(PATIENTLY);
    await staysOnThePage(bob, stranger);
    const answered = stranger.answered;
    await expect.poll(() => stranger.answered, PATIENTLY).toBeGreaterThan(answered);
    stranger.turns("steps aside");
    await expect(bob.composer).toBeVisible(PATIENTLY);
    await bob.sees("before");
    await bob.says("in after all");
    await bob.sees("in after all");
    expect(await ana.hears("bob", 1)).toEqual(["in after all"]);
    await expect(bob.people.getByRole("listitem")).toHaveCount(2);
  });

  test(`somebody ${manner} in the server's place in the midst of a talk: that is said, and all arrives once`, async ({
    newPerson,
    newTalker,
    stranger,
  }) => {
    test.setTimeout(120_000);
    const ana = await newTalker("ana");
    const witness = await (await newPerson()).joins("witness");
    const bob = await (await newPerson(stranger.url)).joins("bob");
    await bob.says("one");
    await bob.sees("one");
    await witness.seesNotice(/bob came in/);
    stranger.turns(manner);
    await bob.says("two");
    await expect(bob.page.getByRole("status").getByText("Reconnecting")).toBeVisible(PATIENTLY);
    await expect(bob.page.getByRole("status").getByText(sentence)).toBeVisible(PATIENTLY);
    await bob.says("three");
    await ana.says("meanwhile");
    const answered = stranger.answered;
    await expect.poll(() => stranger.answered, PATIENTLY).toBeGreaterThan(answered);
    await staysOnThePage(bob, stranger);
    stranger.turns("steps aside");
    await expect(bob.page.getByText(/^Connected over/)).toBeVisible(PATIENTLY);
    for (const person of [bob, witness]) for (const text of ["one", "two", "three", "meanwhile"]) await person.sees(text);
    expect(await ana.hears("bob", 3)).toEqual(["one", "two", "three"]);
    // Nobody else was told of any of it.
    await expect(witness.messages.getByText(/bob (?:came|left|lost)/)).toHaveCount(1);
    await expect(witness.messages.getByText(/left|lost/)).toHaveCount(0);
  });
}

test("a proxy that calls every answer a page does no harm: what counts is what is in it", async ({ newPerson, newTalker, stranger }) => {
  const ana = await newTalker("ana");
  const bob = await newPerson(stranger.url);
  stranger.manner = "calls answers a page";
  await bob.asksIn("bob");
  await expect(bob.composer).toBeVisible();
  await bob.says("<b>hello</b>");
  await bob.sees("<b>hello</b>");
  expect(await ana.hears("bob", 1)).toEqual(["<b>hello</b>"]);
});

test("older messages that somebody else answers for could not be loaded; asked for again they come", async ({
  newPerson,
  newTalker,
  stranger,
}) => {
  test.setTimeout(60_000);
  const ana = await newTalker("ana");
  await ana.says(...Array.from({ length: 120 }, (_, index) => `line ${index + 1}`));
  const bob = await newPerson(stranger.url);
  // Only older messages are asked for by /history; the talk goes another way.
  stranger.only = "/history";
  stranger.manner = "talks nonsense";
  await bob.asksIn("bob");
  await expect(bob.composer).toBeVisible();
  await bob.sees("line 120");
  await bob.messages.press("Home");
  const failed = bob.messages.getByText("Older messages could not be loaded.");
  await expect(failed).toBeVisible();
  for (const manner of ["shows a page", "sends elsewhere"] as const) {
    stranger.manner = manner;
    const answered = stranger.answered;
    await bob.messages.getByRole("button", { name: "Try again" }).click();
    await expect.poll(() => stranger.answered).toBeGreaterThan(answered);
    await expect(failed).toBeVisible();
    await expect(bob.messages.getByText("line 1", { exact: true })).toHaveCount(0);
  }
  await ana.says("still in touch");
  stranger.manner = "steps aside";
  await bob.messages.getByRole("button", { name: "Try again" }).click();
  await bob.messages.press("Home");
  await expect(bob.messages.getByText("line 1", { exact: true })).toBeAttached();
  await expect(bob.messages.getByText("Nothing older is kept.")).toBeAttached();
  await bob.sees("still in touch");
});
