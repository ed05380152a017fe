import { expect, test } from "./fixtures.ts";
import type { Person } from "./pages/person.ts";

// docs/page.md: E1, E3.

// Attempts come up to 20 s apart.
test.describe.configure({ timeout: 90_000 });

test("the door has one field, the room's name and one button; / is the lobby, /r/NAME any room", async ({ newPerson }) => {
  for (const [path, room] of [
    ["/", "lobby"],
    ["/r/garden", "garden"],
  ] as const) {
    const { page, nickname } = await newPerson(path);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(room);
    await expect(page.getByRole("textbox")).toHaveCount(1);
    await expect(nickname).toBeFocused();
    await expect(page.getByRole("button")).toHaveText(["Join"]);
  }
});

test("what is wrong with a nickname is said beside it while typing, and nothing is asked of the server", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await newPerson();
  const said = helloes(bob);
  await bob.page.reload();
  await bob.page.getByRole("button", { name: "Join" }).click();
  await expect(bob.nickname).toHaveAccessibleDescription("Type a nickname.");
  for (const [typed, fault] of [
    ["abcdefghijklmnop", "At most 15 characters."],
    ["two words", "No spaces, please."],
    ["tab\u2003bed", "No spaces, please."],
    ["zero\u200Bwidth", "It contains a character that cannot be seen."],
    ["\u2800", "It contains a character that cannot be seen."],
    ["\u202Eturned", "It contains a character that cannot be seen."],
  ] as const) {
    await bob.nickname.fill("");
    await bob.nickname.pressSequentially(typed);
    await expect(bob.nickname).toHaveAccessibleDescription(fault);
    await expect(bob.nickname).toHaveAttribute("aria-invalid", "true");
    await bob.nickname.press("Enter");
    await expect(bob.nickname).toHaveAccessibleDescription(fault);
    await expect(bob.page.getByRole("button", { name: "Join", exact: true })).toBeVisible();
  }
  await bob.nickname.fill("bob");
  await expect(bob.nickname).toHaveAccessibleDescription("");
  expect(said()).toEqual([]);
  await bob.joins("👩‍🚀élodie");
  await expect(alice.messages.getByText(/came in/)).toHaveText(["alice and 👩‍🚀élodie came in"]);
  expect(said()).not.toEqual([]);
});

test("the nickname is remembered: in a new tab, in another room, and after leaving", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const tab = await alice.opensTab("/r/garden");
  await expect(tab.nickname).toHaveValue("alice");
  await tab.page.getByRole("button", { name: "Join" }).click();
  await tab.isIn();
  await alice.leaves();
  await expect(alice.nickname).toHaveValue("alice");
});

test("a nickname that is taken comes with one that is free, whatever its length, and one click joins", async ({ newPerson }) => {
  const longest = "abcdefghijklmno";
  for (const taken of [longest, "r2d2"]) {
    await (await newPerson()).joins(taken);
    const other = await newPerson();
    await other.asksIn(taken.toUpperCase());
    await expect(other.nickname).toHaveAccessibleDescription("Somebody here has this nickname already.");
    await other.page.getByRole("button", { name: /^Join as \S{2,15}$/ }).click();
    await other.isIn();
  }
});

test("where the variant was taken as well, there is another", async ({ newPerson }) => {
  for (const nick of ["ana", "ANA2"]) await (await newPerson()).joins(nick);
  const other = await newPerson();
  await other.asksIn("ana");
  await other.page.getByRole("button", { name: "Join as ana2", exact: true }).click();
  await other.page.getByRole("button", { name: /^Join as (?!ana2)\S{2,15}$/ }).click();
  await other.isIn();
});

test.describe("with a closed set of rooms", () => {
  test.use({ settings: { ROOMS: "lobby,garden" } });

  test("a room that is not open is said to be so, and the lobby is one click away", async ({ newPerson }) => {
    await (await newPerson("/r/garden")).joins("gardener");
    const bob = await newPerson("/r/kitchen");
    await bob.asksIn("bob");
    await expect(bob.page.getByText("This room is not open here.")).toBeVisible();
    await bob.page.getByRole("link", { name: "Go to the lobby" }).click();
    await expect(bob.page.getByRole("heading", { level: 1 })).toHaveText("lobby");
    await expect(bob.nickname).toHaveValue("bob");
    await bob.page.getByRole("button", { name: "Join" }).click();
    await bob.isIn();
  });
});

test("an address that leads to no room is said to be so, and the lobby is one click away", async ({ newPerson }) => {
  for (const path of ["/r/no_such_room", `/r/${"a".repeat(33)}`, "/r/-garden"]) {
    const alice = await newPerson(path);
    await expect(alice.page.getByRole("heading", { name: "There is no such room" })).toBeVisible();
    await expect(alice.nickname).toHaveCount(0);
    await alice.page.getByRole("link", { name: "Go to the lobby" }).click();
    await expect(alice.page.getByRole("heading", { level: 1 })).toHaveText("lobby");
    await expect(alice.nickname).toBeFocused();
  }
});

/** What this browser says to the server, on whatever way: `hello` at least, where it asks to come in. */
function helloes({ page }: Person): () => string[] {
  const said: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") said.push(request.url());
  });
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => said.push(payload.toString())));
  return () => said;
}
