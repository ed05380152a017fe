import { expect, test } from "./fixtures.ts";

// docs/page.md: E6, E21. The browser may keep a page as it was, and show it again.

// Attempts come up to 20 s apart.
test.describe.configure({ timeout: 90_000 });

test.use({
  launchOptions: async ({ launchOptions }, use) => use({ ...launchOptions, ignoreDefaultArgs: ["--disable-back-forward-cache"] }),
});

test("going to another page and back is a return into the room: nobody is told, nothing is lost, the draft is there", async ({
  newPerson,
  relay,
}) => {
  const bob = await (await newPerson()).joins("bob");
  const alice = await (await newPerson(relay.url)).joins("alice");
  await alice.page.evaluate(() => {
    addEventListener("pageshow", ({ persisted }) => document.documentElement.setAttribute("data-persisted", String(persisted)));
  });
  await alice.composer.fill("half a thought");
  await alice.page.goto(`${relay.url}/r/garden`);
  await expect(alice.nickname).toBeVisible();
  await bob.says("meanwhile");
  await bob.sees("meanwhile");
  await alice.page.goBack({ waitUntil: "commit" });
  await expect(alice.messages.getByText("meanwhile")).toBeVisible();
  const persisted = await alice.page.evaluate(() => document.documentElement.getAttribute("data-persisted"));
  test.info().annotations.push({ type: "kept by the browser", description: String(persisted) });
  await alice.isTold(/Connected over/);
  await expect(alice.composer).toHaveValue("half a thought");
  await alice.composer.press("Enter");
  await bob.sees("half a thought");
  await expect(bob.messages.getByText(/alice (left|came back)|lost/)).toHaveCount(0);
});
