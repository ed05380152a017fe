import type { Page } from "playwright/test";
import { expect, test } from "./fixtures.ts";

test.use({ serviceWorkers: "allow" });

/** The page is kept, with its parts. */
async function isKept(page: Page): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await expect.poll(() => page.evaluate(async () => (await caches.match("/")) !== undefined)).toBe(true);
}

test("without a network the page opens as it was, and what is typed goes out when there is one", async ({ newPerson, server }) => {
  const alice = await (await newPerson("/r/garden")).joins("alice");
  await alice.says("before");
  await alice.sees("before");
  await isKept(alice.page);
  await server.kill();
  await alice.page.reload();
  await alice.sees("before");
  await alice.says("written in the tunnel");
  await alice.page.reload();
  await expect(alice.messages.getByText("written in the tunnel")).toHaveCount(1);
  await server.start();
  await alice.isIn();
  await alice.sees("before");
  await alice.sees("written in the tunnel");
});

test("without a network a first visit to another room finds the entrance, and is let in when there is one", async ({
  newPerson,
  server,
}) => {
  const alice = await newPerson();
  await isKept(alice.page);
  await server.kill();
  await alice.page.goto(`${server.url}/r/kitchen`);
  await alice.asksIn("alice");
  await expect(alice.page.getByText("The chat cannot be reached.")).toBeVisible();
  await server.start();
  await alice.page.getByRole("button", { name: "Try now" }).click();
  await alice.isIn();
});

test("what is kept never stands in for a server that answers", async ({ newPerson }) => {
  const alice = await newPerson();
  await isKept(alice.page);
  await alice.page.evaluate(async () => {
    const cache = await caches.open((await caches.keys())[0] ?? "");
    const old = '<!doctype html><title>Old</title><div id="palabre">This is the page of last year.</div>';
    await cache.put("/", new Response(old, { headers: { "Content-Type": "text/html" } }));
    await cache.put("/assets/old.js", new Response("//"));
  });
  await alice.page.reload();
  await alice.joins("alice");
  await expect(alice.page.getByText("last year")).toHaveCount(0);
  // And it makes room for the new one.
  const kept = () =>
    alice.page.evaluate(async () => [
      (await (await caches.match("/"))?.text())?.includes("last year"),
      await caches.match("/assets/old.js"),
    ]);
  await expect.poll(kept).toEqual([false, undefined]);
});
