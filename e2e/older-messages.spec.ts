import type { Route } from "playwright/test";
import { expect, test } from "./fixtures.ts";
import type { Person } from "./pages/person.ts";

// Several people's browsers on a machine that may be busy with others: the time is not what these stories are about.
test.describe.configure({ timeout: 60_000 });

test.use({ settings: { RATE_BURST: "0", RATE_PER_SECOND: "0" } });

const said = (count: number, from = 1) => Array.from({ length: count }, (_, index) => `said ${from + index}`);

test("scrolling up brings older pages, and what one is reading stays where it is", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  await bob.says(...said(700));
  const alice = await newPerson();
  const network = await holdOlderPages(alice);
  await alice.joins("alice");
  await alice.sees("said 700");
  const beginning = alice.messages.getByText("Nothing older is kept.");
  for (let page = 0; ; page++) {
    expect(page, "so many pages for 700 messages").toBeLessThan(10);
    await expect(async () => {
      await toTheTop(alice);
      expect(network.isAsked() || (await beginning.isVisible())).toBe(true);
    }).toPass();
    if (!network.isAsked()) break;
    await toTheTop(alice);
    const { text } = await topMessage(alice);
    const watch = await watchPlace(alice, text);
    network.letsPass();
    await expect(alice.messages.getByText(`said ${Number(text.slice(5)) - 1}`, { exact: true })).toBeAttached();
    expect(await watch.ends(), `how far "${text}" moved while older messages came`).toBeLessThanOrEqual(2);
  }
  // From the first to the last, in order, with nothing left out and nothing twice.
  await toTheTop(alice);
  await alice.sees("said 1");
  const walked = await walksDown(alice, "said 700");
  expect(walked).toEqual(said(700));
});

test("when reading back, new messages do not pull the view down: a button says how many there are, and leads to them", async ({
  newPerson,
  newTalker,
}) => {
  const bob = await newTalker("bob");
  await bob.says(...said(60));
  const alice = await (await newPerson()).joins("alice");
  await alice.sees("said 60");
  await alice.scrollsBy(-700);
  const { text } = await topMessage(alice);
  const watch = await watchPlace(alice, text);
  await bob.says("new 1");
  await expect(alice.page.getByRole("button", { name: "1 new message", exact: true })).toBeVisible();
  await bob.says("new 2", "new 3");
  const button = alice.page.getByRole("button", { name: "3 new messages" });
  await expect(button).toBeVisible();
  expect(await watch.ends(), `how far "${text}" moved`).toBeLessThanOrEqual(2);
  await expect(alice.messages.getByText("new 3", { exact: true })).not.toBeInViewport();
  await button.click();
  await expect(alice.messages.getByText("new 3", { exact: true })).toBeInViewport({ ratio: 1 });
  await expect(button).toHaveCount(0);
  await bob.says("new 4");
  await expect(alice.messages.getByText("new 4", { exact: true })).toBeInViewport({ ratio: 1 });
});

test("who reads back and says something is at the end again", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  await bob.says(...said(60));
  const alice = await (await newPerson()).joins("alice");
  await alice.sees("said 60");
  await alice.scrollsBy(-700);
  await expect(alice.messages.getByText("said 60", { exact: true })).not.toBeInViewport();
  await alice.says("my own words");
  await expect(alice.messages.getByText("my own words", { exact: true })).toBeInViewport({ ratio: 1 });
});

test("the way to the latest message is open to who has scrolled up, also where nothing new has come", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  await bob.says(...said(60));
  const alice = await (await newPerson()).joins("alice");
  await alice.sees("said 60");
  const button = alice.page.getByRole("button", { name: "Go to the latest message" });
  await expect(button).toHaveCount(0);
  await alice.scrollsBy(-700);
  await button.click();
  await expect(alice.messages.getByText("said 60", { exact: true })).toBeInViewport({ ratio: 1 });
  await expect(button).toHaveCount(0);
});

test("older messages that could not be loaded are said to be missing, and can be asked for again", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  await bob.says(...said(80));
  const alice = await newPerson();
  await alice.page.route("**/history?*", (route) => route.abort());
  await alice.joins("alice");
  await alice.sees("said 80");
  await toTheTop(alice);
  await expect(alice.messages.getByText("Older messages could not be loaded.")).toBeVisible();
  await alice.page.unroute("**/history?*");
  await alice.messages.getByRole("button", { name: "Try again" }).click();
  await expect(alice.messages.getByText("said 30", { exact: true })).toBeAttached();
  await toTheTop(alice);
  await expect(alice.messages.getByText("Nothing older is kept.")).toBeVisible();
  await alice.sees("said 1");
});

test.describe("where little is kept", () => {
  test.use({ settings: { HISTORY_PACKETS: "20", RATE_BURST: "0", RATE_PER_SECOND: "0" } });

  test("what is gone when one comes back is a line that says how much", async ({ newPerson, newTalker, relay }) => {
    const alice = await (await newPerson(`${relay.url}/`)).joins("alice");
    await alice.says("before the tunnel");
    await alice.sees("before the tunnel");
    const bob = await newTalker("bob");
    await alice.seesNotice("bob came in");
    relay.breaks();
    await alice.isTold(/Reconnecting/);
    await bob.says(...said(100));
    relay.mend();
    await alice.isIn();
    await alice.sees("said 100");
    await alice.sees("before the tunnel");
    const gap = alice.messages.getByText(/^\d+ messages are no longer kept$/);
    await expect(gap).toHaveCount(1);
    const gone = Number.parseInt(await gap.innerText(), 10);
    const first = alice.messages.getByText(/^said \d+$/).first();
    const kept = 101 - Number((await first.innerText()).slice(5));
    expect(kept).toBeGreaterThanOrEqual(15); // the log keeps some packets that are no messages, too
    expect(gone).toBeGreaterThanOrEqual(100 - kept);
    expect(gone).toBeLessThanOrEqual(100 - kept + 5);
    await expect(alice.messages.getByText(/^said \d+$/)).toHaveText(said(kept, 101 - kept));
    await expect(alice.messages).toHaveText(/before the tunnel.*no longer kept.*said 100/);
  });
});

/** A slow network for older pages: each waits until it is let through. */
async function holdOlderPages({ page }: Person): Promise<{ isAsked: () => boolean; letsPass: () => void }> {
  const held: Route[] = [];
  await page.route("**/history?*", (route) => void held.push(route));
  return {
    isAsked: () => held.length > 0,
    letsPass() {
      for (const route of held.splice(0)) void route.continue();
    },
  };
}

/** As far up as there is something now. A long talk is drawn piece by piece: one turn of the wheel may not be enough. */
async function toTheTop(person: Person): Promise<void> {
  await person.messages.hover();
  const turn = async () => {
    await person.page.mouse.wheel(0, -100_000);
    return person.messages.evaluate((element) => element.scrollTop);
  };
  await expect.poll(turn).toBe(0);
}

/** The first whole message in view, and all that are drawn. */
async function topMessage(person: Person): Promise<{ text: string; texts: string[] }> {
  const top = (await person.messages.boundingBox())?.y ?? 0;
  const drawn = person.messages.getByText(/^said \d+$/);
  const places = await drawn.evaluateAll((elements) =>
    elements.map((element) => ({ text: element.textContent ?? "", y: element.getBoundingClientRect().y })),
  );
  const first = places.find(({ y }) => y >= top);
  if (first === undefined) throw new Error("no message is in view");
  return { text: first.text, texts: places.map(({ text }) => text) };
}

/** Looks at a message in every frame, where it was painted. `ends` gives how far it was, at most, from where it stood at first. */
async function watchPlace(person: Person, text: string): Promise<{ ends: () => Promise<number> }> {
  const watch = await person.messages.evaluateHandle((log, words) => {
    // What draws the timeline may draw this message anew.
    const find = () => [...log.querySelectorAll("*")].findLast((candidate) => candidate.textContent === words);
    const start = find()?.getBoundingClientRect().y ?? Number.NaN;
    const watching = { moved: 0, frames: 0, going: true };
    const note = (y: number) => {
      watching.moved = Math.max(watching.moved, Math.abs(y - start));
      watching.frames++;
    };
    // An observer is told of the place that a frame ends with; asked in the midst of it, the place may be one that nobody sees.
    const look = () => {
      const message = find();
      if (message === undefined) note(Number.POSITIVE_INFINITY);
      else {
        const observer = new IntersectionObserver(([entry]) => {
          observer.disconnect();
          note(entry?.boundingClientRect.y ?? Number.NaN);
        });
        observer.observe(message);
      }
      if (watching.going) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    return watching;
  }, text);
  return {
    async ends() {
      // A few frames more: what moves late moves as well.
      const until = (await watch.evaluate(({ frames }) => frames)) + 5;
      await expect.poll(() => watch.evaluate(({ frames }) => frames)).toBeGreaterThanOrEqual(until);
      return watch.evaluate((watching) => {
        watching.going = false;
        return watching.moved;
      });
    },
  };
}

/** Scrolls down bit by bit to the message `last`, and gives every message on the way as they follow each other. */
async function walksDown(person: Person, last: string): Promise<string[]> {
  const walked: string[] = [];
  const deadline = Date.now() + 20_000;
  while (walked.at(-1) !== last) {
    expect(Date.now(), `walked as far as ${walked.at(-1)}`).toBeLessThan(deadline);
    const { texts } = await topMessage(person);
    const known = texts.indexOf(walked.at(-1) ?? "");
    walked.push(...texts.slice(known + 1));
    await person.page.mouse.wheel(0, 3000);
  }
  return walked;
}
