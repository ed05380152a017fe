import { expect, test } from "./fixtures.ts";
import type { Person } from "./pages/person.ts";

// Several people's browsers on a machine that may be busy with others: the time is not what these stories are about.
test.describe.configure({ timeout: 60_000 });

const PHONE = { width: 320, height: 640 };

/** Who the roster shows, in its order. */
function names(person: Person) {
  return person.people.getByRole("listitem");
}

test("who is here: oneself first, then the others by name, and how many", async ({ newPerson, newTalker }) => {
  for (const nick of ["Zoë", "bob", "Émile", "Anna"]) await newTalker(nick);
  const mia = await (await newPerson()).joins("mia");
  await expect(names(mia)).toHaveText([/^mia \(you\)/, "Anna", "bob", "Émile", "Zoë"]);
  const panel = mia.page.getByRole("complementary", { name: "People" });
  await expect(panel.getByText("5", { exact: true })).toBeVisible();
  const cleo = await newTalker("cleo");
  await expect(names(mia)).toHaveText([/^mia \(you\)/, "Anna", "bob", "cleo", "Émile", "Zoë"]);
  await expect(panel.getByText("6", { exact: true })).toBeVisible();
  await cleo.leaves();
  await expect(names(mia)).toHaveText([/^mia \(you\)/, "Anna", "bob", "Émile", "Zoë"]);
  await expect(panel.getByText("5", { exact: true })).toBeVisible();
});

test("a filter comes above ten, finds in the middle of a name whatever its case, and goes again", async ({ newPerson, newTalker }) => {
  for (let guest = 1; guest <= 9; guest++) await newTalker(`guest${guest}`);
  const alice = await (await newPerson()).joins("alice");
  const filter = alice.page.getByRole("searchbox", { name: "Filter people" });
  await expect(names(alice)).toHaveCount(10);
  await expect(filter).toHaveCount(0);
  const last = await newTalker("Rosalind");
  await expect(names(alice)).toHaveCount(11);
  await expect(filter).toBeVisible();
  await filter.fill("SALI");
  await expect(names(alice)).toHaveText(["Rosalind"]);
  await filter.fill("nobody like this");
  await expect(alice.page.getByText("Nobody by that name.")).toBeVisible();
  await expect(names(alice)).toHaveCount(0);
  await filter.fill("guest");
  await expect(names(alice)).toHaveCount(9);
  await last.leaves();
  await alice.seesNotice(/Rosalind came in and left/);
  // Ten again: as long as it filters, one sees that it does.
  await expect(names(alice)).toHaveCount(9);
  await expect(filter).toHaveValue("guest");
  await filter.fill("");
  await expect(names(alice)).toHaveCount(10);
  await expect(filter).toHaveCount(0);
});

test("clicking a name mentions it where one writes, and one goes on writing", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  await alice.people.getByRole("button", { name: "bob" }).click();
  await expect(alice.composer).toBeFocused();
  await expect(alice.composer).toHaveValue("@bob ");
  await alice.page.keyboard.type("are you there?");
  await alice.page.keyboard.press("Enter");
  expect(await bob.hears("alice", 1)).toEqual(["@bob are you there?"]);
  await alice.composer.fill("good morning");
  await alice.people.getByRole("button", { name: "bob" }).click();
  await alice.page.keyboard.type("and all");
  await expect(alice.composer).toHaveValue("good morning @bob and all");
});

test("on a phone the roster is behind a button that says how many, and closes by Escape with the focus where it was", async ({
  newPerson,
  newTalker,
}) => {
  await newTalker("bob");
  const alice = await newPerson();
  await alice.page.setViewportSize(PHONE);
  await alice.joins("alice");
  await alice.seesNotice("bob");
  const button = alice.page.getByRole("button", { name: "2 people" });
  await expect(button).toHaveAttribute("aria-expanded", "false");
  await expect(alice.people).toBeHidden();
  await button.click();
  await expect(button).toHaveAttribute("aria-expanded", "true");
  await expect(names(alice)).toHaveText([/^alice \(you\)/, "bob"]);
  for (const name of await names(alice).all()) await expect(name).toBeInViewport({ ratio: 1 });
  await alice.page.keyboard.press("Escape");
  await expect(alice.people).toBeHidden();
  await expect(button).toBeFocused();
  await button.press("Enter");
  await expect(alice.people).toBeVisible();
  await alice.page.getByRole("complementary", { name: "People" }).getByRole("button", { name: "Close" }).click();
  await expect(alice.people).toBeHidden();
  await expect(button).toBeFocused();
  expect(await alice.page.locator(":root").evaluate((root) => root.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
});

test("on a phone a click on a name closes the roster and leads to the composer", async ({ newPerson, newTalker }) => {
  await newTalker("bob");
  const alice = await newPerson();
  await alice.page.setViewportSize(PHONE);
  await alice.joins("alice");
  await alice.page.getByRole("button", { name: "2 people" }).click();
  await alice.people.getByRole("button", { name: "bob" }).click();
  await expect(alice.people).toBeHidden();
  await expect(alice.composer).toBeFocused();
  await expect(alice.composer).toHaveValue("@bob ");
});

test("one changes one's own name in the roster, and is told what is wrong with a name", async ({ newPerson, newTalker }) => {
  await newTalker("bob");
  const cleo = await (await newPerson()).joins("cleo");
  const alice = await (await newPerson()).joins("alice");
  const change = alice.page.getByRole("button", { name: "Change nickname" });
  const field = alice.page.getByRole("textbox", { name: "New nickname" });
  const save = alice.page.getByRole("button", { name: "Save" });
  await change.click();
  await expect(field).toBeFocused();
  await expect(field).toHaveValue("alice");
  await field.fill("two words");
  await expect(alice.page.getByText("No spaces, please.")).toBeVisible();
  await field.fill("BOB");
  await save.click();
  await expect(alice.page.getByText("Somebody here has this nickname already.")).toBeVisible();
  await expect(names(alice)).toHaveText([/^alice \(you\)/, "bob", "cleo"]);
  await change.click();
  await field.fill("anna");
  await field.press("Enter");
  await expect(field).toHaveCount(0);
  await expect(names(alice)).toHaveText([/^anna \(you\)/, "bob", "cleo"]);
  await expect(names(cleo)).toHaveText([/^cleo \(you\)/, "anna", "bob"]);
  await cleo.seesNotice("alice is now anna");
  await change.click();
  await field.fill("never mind");
  await field.press("Escape");
  await expect(field).toHaveCount(0);
  await expect(change).toBeFocused();
  await expect(names(alice)).toHaveText([/^anna \(you\)/, "bob", "cleo"]);
});

test.describe("three hundred people", () => {
  test.use({ settings: { MAX_CLIENTS_PER_ADDRESS: "0" } });

  test("are counted, found and called, and the talk stays in sight", async ({ newPerson, newTalker }) => {
    test.slow();
    const alice = await (await newPerson()).joins("alice");
    const guests = Array.from({ length: 300 }, (_, index) => `guest${index + 1}`);
    const talkers = await Promise.all(guests.map((nick) => newTalker(nick)));
    const panel = alice.page.getByRole("complementary", { name: "People" });
    await expect(panel.getByText("301", { exact: true })).toBeVisible();
    await expect(names(alice).first()).toHaveText(/^alice \(you\)/);
    await expect(alice.messages.getByText(/and \d+ others came in/).first()).toBeVisible();
    await expect(alice.composer).toBeInViewport({ ratio: 1 });
    // As many as one would look through, and how many more there are.
    const rest = panel.getByText(/^and \d+ more$/);
    await expect(rest).not.toBeInViewport();
    const more = Number((await rest.innerText()).split(" ")[1]);
    await expect(names(alice)).toHaveCount(301 - more);
    await alice.people.hover();
    await alice.page.mouse.wheel(0, 50_000);
    await expect(rest).toBeInViewport();
    await expect(alice.composer).toBeInViewport({ ratio: 1 });
    // One of them, by name.
    await alice.page.getByRole("searchbox", { name: "Filter people" }).fill("287");
    await expect(names(alice)).toHaveText(["guest287"]);
    await alice.people.getByRole("button", { name: "guest287" }).click();
    await alice.page.keyboard.type("hello");
    await alice.page.keyboard.press("Enter");
    await alice.sees("@guest287 hello");
    expect(await talkers[286]?.hears("alice", 1)).toEqual(["@guest287 hello"]);
    await Promise.all(talkers.slice(5).map((talker) => talker.leaves()));
    await expect(panel.getByText("6", { exact: true })).toBeVisible();
  });
});
