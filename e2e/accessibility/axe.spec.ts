import { expect, test } from "../fixtures.ts";
import type { Person } from "../pages/person.ts";
import { EVERY, isAccessible } from "./axe.ts";
import { goesOnElsewhere, mangles, OPERATOR, speaksAsOperator } from "./troubles.ts";

const PHONE = { width: 360, height: 640 };

test.use({ settings: { RATE_BURST: "0" } });
test.describe.configure({ timeout: 90_000 });

test("axe finds nothing while one comes in", async ({ newPerson, newTalker, relay }) => {
  await newTalker("alice");
  const bob = await newPerson(relay.url);
  const { page } = bob;
  await isAccessible(page, "join", EVERY);
  await bob.nickname.fill("two words");
  await expect(page.getByText("No spaces, please.")).toBeVisible();
  await isAccessible(page, "join, with a fault");
  await bob.nickname.fill("alice");
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await expect(page.getByRole("button", { name: "Join as alice2" })).toBeVisible();
  await isAccessible(page, "nickname taken");
  relay.toServer.way = "hold";
  await page.getByRole("button", { name: "Join as alice2" }).click();
  await expect(page.getByRole("button", { name: "Coming in…" })).toBeVisible();
  await isAccessible(page, "entering");
  relay.mend();
  await expect(bob.composer).toBeVisible();
  await isAccessible(page, "the room, empty");
});

test("axe finds nothing where one is not let in", async ({ newPerson, relay }) => {
  const { page } = await newPerson(`${relay.url}/r/No-Such-Room`);
  await isAccessible(page, "no such room");
  const bob = await newPerson(relay.url);
  relay.toServer.way = "lose";
  relay.toBrowser.way = "lose";
  relay.upgrades = "refuse";
  await bob.asksIn("bob");
  relay.breaks();
  await expect(bob.page.getByText("The chat cannot be reached.")).toBeVisible();
  await isAccessible(bob.page, "out of reach");
});

test.describe(() => {
  test.use({ settings: { MAX_CLIENTS: "1" } });
  test("axe finds nothing where the chat is full", async ({ newPerson, newTalker }) => {
    await newTalker("alice");
    const bob = await newPerson();
    await bob.asksIn("bob");
    await expect(bob.page.getByText("The chat is full.")).toBeVisible();
    await isAccessible(bob.page, "full");
  });
});

test.describe(() => {
  test.use({ settings: { ROOMS: "lobby" } });
  test("axe finds nothing where the room is shut", async ({ newPerson }) => {
    const bob = await newPerson("/r/garden");
    await bob.asksIn("bob");
    await expect(bob.page.getByRole("alert")).toBeVisible();
    await isAccessible(bob.page, "shut");
  });
});

test("axe finds nothing in a room in which there is something of everything", async ({ newPerson, newTalker, relay }) => {
  const alice = await newTalker("alice");
  const layla = await newTalker("ليلى");
  speaksAsOperator(relay, "alice");
  await alice.says(...Array.from({ length: 10 }, (_, number) => `line ${number}`));
  const bob = await (await newPerson(relay.url)).joins("bob");
  const { page } = bob;
  await alice.says("Good morning, @bob!", "/me waves", "See https://example.org/a_(b).", "two\nlines", `${OPERATOR}Back at six.`);
  await layla.says("صباح الخير @bob", "x".repeat(400));
  await bob.says("Good morning");
  await bob.says("/me waves back");
  for (const nick of ["Cy", "Di", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo"]) await newTalker(nick);
  await bob.seesNotice("Back at six.");
  await bob.seesNotice(/and \d others came in/);
  await isAccessible(page, "the room", EVERY);
  await page.setViewportSize(PHONE);
  await page.getByRole("button", { name: "11 people" }).click();
  await isAccessible(page, "people", EVERY);
  await page.getByRole("searchbox", { name: "Filter people" }).fill("nobody");
  await isAccessible(page, "people, none found");
  await page.getByRole("searchbox", { name: "Filter people" }).fill("");
  await page.getByRole("button", { name: "Change nickname" }).click();
  await page.getByRole("textbox", { name: "New nickname" }).fill("much too long a nickname");
  await isAccessible(page, "another nickname");
  await page.keyboard.press("Escape");
  await page.getByText("Settings", { exact: true }).click();
  await isAccessible(page, "settings");
  await page.getByRole("button", { name: "Invite people" }).click();
  await expect(page.getByText(/The link to this room is copied|Whoever opens this link/)).toBeVisible();
  await isAccessible(page, "invited");
});

test("axe finds nothing while one writes, and reads back", async ({ newPerson, newTalker }) => {
  const alice = await newTalker("alice");
  await alice.says(...Array.from({ length: 60 }, (_, number) => `line ${number}`));
  const bob = await (await newPerson()).joins("bob");
  const { page } = bob;
  for (const nick of ["Cy", "Di", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo"]) await newTalker(nick);
  await bob.messages.getByRole("button", { name: /and \d others came in/ }).click();
  await isAccessible(page, "moves, unfolded");
  await bob.says("/help");
  await isAccessible(page, "help");
  await bob.says("/dance");
  await isAccessible(page, "an unknown command");
  await bob.composer.fill("a long story ".repeat(200));
  await isAccessible(page, "a long draft");
  await bob.messages.focus();
  await page.keyboard.press("Home");
  await expect(page.getByRole("button", { name: "Go to the latest message" })).toBeVisible();
  await isAccessible(page, "reading back");
  await alice.says("something new");
  await expect(page.getByRole("button", { name: "1 new message" })).toBeVisible();
  await isAccessible(page, "something new below");
});

test.describe(() => {
  test.use({ settings: { RATE_BURST: "0", HISTORY_PACKETS: "10" } });
  test("axe finds nothing while there is trouble", async ({ newPerson, newTalker, relay }) => {
    const alice = await newTalker("alice");
    mangles(relay, "unsayable");
    const bob = await newPerson(relay.url);
    const { page } = bob;
    await bob.asksIn("bob");
    await bob.isIn("long polling");
    await bob.says("unsayable");
    await expect(bob.messages.getByText("Not sent.")).toBeVisible();
    await isAccessible(page, "refused");
    await page.getByRole("button", { name: "Discard" }).click();
    relay.breaks();
    await bob.isTold("Reconnecting");
    await bob.says("Is anybody there?");
    await expect(bob.messages.getByRole("img", { name: "Sending" })).toBeVisible();
    await isAccessible(page, "reconnecting, something pending", EVERY);
    await page.context().setOffline(true);
    await bob.isTold("Offline");
    await isAccessible(page, "offline");
    await page.getByRole("button", { name: "Leave" }).click();
    await isAccessible(page, "leaving with something unsent");
    await page.getByRole("button", { name: "Close" }).last().click();
    for (let number = 0; number < 40; number++) await alice.says(`line ${number}`);
    await page.context().setOffline(false);
    relay.mend();
    await isBack(bob);
    await bob.seesNotice(/are no longer kept/);
    await isAccessible(page, "a gap");
  });
});

test("axe finds nothing while the server restarts", async ({ newPerson, server }) => {
  const bob = await (await newPerson()).joins("bob");
  await server.stop();
  await bob.isTold(/restarting|Reconnecting/);
  await isAccessible(bob.page, "the server restarts");
});

test("axe finds nothing when the server has said its last word", async ({ newPerson }) => {
  const { page } = await (await newPerson()).joins("bob");
  await goesOnElsewhere(page);
  await expect(page.getByText("The conversation went on in another tab.")).toBeVisible();
  await isAccessible(page, "ended");
});

async function isBack({ page }: Person): Promise<void> {
  await expect(page.getByText(/Connected over/)).toBeAttached({ timeout: 20_000 });
}
