import type { Page } from "playwright/test";
import { expect, test } from "./fixtures.ts";

type Shown = { readonly title: string; readonly body: string; readonly tag: string };
type Sounding = { notes: number };

/** Reads over the browser's shoulder which notifications it is asked to show. They are real all the same. */
async function notifications(page: Page): Promise<Shown[]> {
  const shown: Shown[] = [];
  await page.exposeFunction("noteNotification", (notification: Shown) => void shown.push(notification));
  await page.evaluate(() => {
    const note = (globalThis as unknown as { noteNotification(shown: Shown): void }).noteNotification;
    globalThis.Notification = new Proxy(Notification, {
      construct(Real, [title, options]: [string, NotificationOptions]) {
        note({ title, body: options.body ?? "", tag: options.tag ?? "" });
        return new Real(title, options);
      },
    });
  });
  return shown;
}

/** Counts the notes that are really played. */
async function listen(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const sounding = globalThis as unknown as Sounding;
    sounding.notes = 0;
    const { start } = OscillatorNode.prototype;
    OscillatorNode.prototype.start = function (this: OscillatorNode, when?: number) {
      sounding.notes++;
      return start.call(this, when);
    };
  });
  return () => page.evaluate(() => (globalThis as unknown as Sounding).notes);
}

test("who is called sees it: highlighted for them alone, whatever the case of the name", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("Alice");
  const bob = await (await newPerson()).joins("bob");
  await bob.says("are you there, @aLiCe?");
  await alice.sees("are you there, @aLiCe?");
  await expect(alice.messages.locator("mark")).toHaveText("@aLiCe");
  await bob.sees("are you there, @aLiCe?");
  await expect(bob.messages.locator("mark")).toHaveCount(0);
  await bob.says("bob@alice.example is an address, and @alicexx is somebody else");
  await alice.sees("bob@alice.example is an address, and @alicexx is somebody else");
  await expect(alice.messages.locator("mark")).toHaveCount(1);
});

test("while the page is not in front the title counts the calls and tells of anything new, and the icon counts too", async ({
  newPerson,
  newTalker,
}) => {
  const alice = await (await newPerson("/r/garden")).joins("alice");
  const bob = await newTalker("bob", "garden");
  const icon = () => alice.page.locator('link[rel="icon"][type="image/svg+xml"]').evaluate((link: HTMLLinkElement) => link.href);
  await expect(alice.page).toHaveTitle("garden · Palabre");
  const plain = await icon();
  await alice.looksAway();
  await bob.says("anybody?");
  await expect(alice.page).toHaveTitle("• garden · Palabre");
  expect(await icon()).toBe(plain);
  await bob.says("@alice", "well?", "@alice!");
  await expect(alice.page).toHaveTitle("(2) garden · Palabre");
  const badge = await icon();
  expect(new URL(badge).pathname).toBe("/icons/called-2.svg");
  const drawn = await alice.page.request.get(badge);
  expect(drawn.headers()["content-type"]).toBe("image/svg+xml");
  expect(await drawn.text()).toContain(">2</text>");
  await bob.says(...Array.from({ length: 9 }, () => "@alice"));
  await expect(alice.page).toHaveTitle("(11) garden · Palabre");
  expect((await alice.page.request.get(await icon())).ok()).toBe(true);
  await alice.looksBack();
  await expect(alice.page).toHaveTitle("garden · Palabre");
  expect(await icon()).toBe(plain);
});

test("what was said before one came calls nobody", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  await bob.says("@alice will come", "I hope");
  const alice = await newPerson();
  await alice.looksAway();
  await alice.joins("alice");
  await alice.sees("@alice will come");
  await expect(alice.page).toHaveTitle("lobby · Palabre");
});

test("notifications and the sound are off, until one wants them; then a call brings them where the page is not in front", async ({
  newPerson,
  newTalker,
}) => {
  const alice = await newPerson();
  await alice.page.context().grantPermissions(["notifications"]);
  await alice.joins("alice");
  const shown = await notifications(alice.page);
  const notes = await listen(alice.page);
  const bob = await newTalker("bob");
  await alice.looksAway();
  await bob.says("@alice, one");
  await alice.sees("@alice, one");
  expect(shown).toEqual([]);
  expect(await notes()).toBe(0);

  await alice.looksBack();
  await alice.opensSettings();
  await alice.page.getByRole("checkbox", { name: "Notify me" }).check();
  await alice.page.getByRole("checkbox", { name: "Play a sound" }).check();
  const sample = await notes();
  expect(sample).toBeGreaterThan(0);
  await bob.says("@alice, two");
  await alice.sees("@alice, two");
  expect(shown).toEqual([]);

  await alice.looksAway();
  await bob.says("nothing of note", "@alice, three");
  await expect.poll(() => shown).toEqual([{ title: "bob calls you in lobby", body: "@alice, three", tag: "palabre:lobby" }]);
  expect(await notes()).toBe(2 * sample);
});

test("where the browser forbids notifications, that is said, and the switch is off", async ({ newPerson, server }) => {
  const alice = await newPerson();
  const devtools = await alice.page.context().newCDPSession(alice.page);
  const permission = { name: "notifications" };
  await devtools.send("Browser.setPermission", { permission, setting: "denied", origin: server.url });
  await alice.joins("alice");
  await alice.opensSettings();
  const wish = alice.page.getByRole("checkbox", { name: "Notify me" });
  await wish.click();
  await expect(alice.page.getByText("The browser does not allow notifications from this page.")).toBeVisible();
  await expect(wish).not.toBeChecked();
});
