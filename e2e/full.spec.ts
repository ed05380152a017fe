import { expect, test } from "./fixtures.ts";
import type { Person } from "./pages/person.ts";

// docs/page.md: E4.

// Attempts come up to 20 s apart.
test.describe.configure({ timeout: 90_000 });

test.use({ settings: { MAX_CLIENTS: "1" } });

test("who finds the chat full is told, and let in by itself when a place frees", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await newPerson();
  await bob.asksIn("bob");
  await expect(bob.page.getByText(/The chat is full/)).toBeVisible();
  await alice.leaves();
  await bob.isIn();
  await expect(bob.people.getByRole("listitem")).toHaveCount(1);
});

test("who waits sees the seconds count down, and a try at the end of them", async ({ newPerson, relay }) => {
  await (await newPerson()).joins("alice");
  const bob = await newPerson(relay.url);
  await bob.asksIn("bob");
  await expect(bob.page.getByText(/^The chat is full\.$/)).toBeVisible();
  const counted = async () => seconds(await bob.page.getByRole("timer").textContent());
  await expect.poll(counted, { intervals: [50], timeout: 30_000 }).toBeGreaterThanOrEqual(3);
  const from = (await counted()) ?? 0;
  const before = relay.requests;
  await expect.poll(counted, { intervals: [50] }).toBe(from - 1);
  await expect.poll(counted, { intervals: [50] }).toBe(from - 2);
  await expect.poll(() => relay.requests, { timeout: 30_000 }).toBeGreaterThan(before);
  await expect(bob.page.getByText(/^The chat is full\.$/)).toBeVisible();
});

test("who waits can try now", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await newPerson();
  await waitsLong(bob);
  await alice.leaves();
  await bob.page.getByRole("button", { name: "Try now" }).click();
  await bob.isIn();
});

test("who waits can give it up, and is not let in later", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await newPerson();
  await bob.asksIn("bob");
  await expect(bob.page.getByText(/The chat is full/)).toBeVisible();
  await bob.page.getByRole("button", { name: "Cancel" }).click();
  await expect(bob.nickname).toHaveValue("bob");
  await alice.leaves();
  // The one place is free for whoever asks, and for bob if he asks again.
  await alice.joins("alice");
  await alice.leaves();
  await expect(bob.nickname).toBeVisible();
  await bob.joins("bob");
});

test("who waits goes on waiting over a reload, and is let in", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await newPerson();
  await bob.asksIn("bob");
  await expect(bob.page.getByText(/The chat is full/)).toBeVisible();
  await bob.page.reload();
  await expect(bob.page.getByText(/The chat is full/)).toBeVisible();
  await alice.leaves();
  await bob.isIn();
});

/** Waits to be let in, at a time that stands still: no try comes by itself. */
async function waitsLong(person: Person): Promise<void> {
  await person.page.clock.install();
  await person.page.reload();
  await person.asksIn("bob");
  await expect(person.page.getByText(/Trying again in \d+ s/)).toBeVisible();
  await person.page.clock.pauseAt(new Date(Date.now() + 100));
  // Whatever was under way when it stopped has been answered.
  await expect(async () => {
    await person.page.clock.runFor(100);
    expect(seconds(await person.page.getByRole("timer").textContent())).toBeGreaterThanOrEqual(1);
  }).toPass();
}

function seconds(text: string | null): number | undefined {
  const [, count] = /Trying again in (\d+) s/.exec(text ?? "") ?? [];
  return count === undefined ? undefined : Number(count);
}
