import { test as base, expect } from "./fixtures.ts";
import type { Person } from "./pages/person.ts";
import { TurnRelay } from "./turn-relay.ts";

const test = base.extend<{ relay: never; turns: TurnRelay }>({
  turns: async ({ server }, use) => {
    const turns = await TurnRelay.before(server.url);
    await use(turns);
    await turns.close();
  },
});

// Pages are loaded until nothing more is, which takes its time where several are loaded at once.
test.setTimeout(60_000);

const HISTORY = ["first", "second", "third"];

/** Typed a name, and is about to press Join. Whatever the page loads is there. */
async function typesName(person: Person, turns: TurnRelay, transport: string): Promise<void> {
  await person.page.waitForLoadState("networkidle");
  await person.nickname.fill("bob");
  if (transport === "WebSocket") await expect.poll(() => turns.webSockets).toBe(1);
}

/** The room is there, with what was said, who is there, and who one is. */
async function seesTheRoom(person: Person): Promise<void> {
  await person.isIn();
  for (const text of HISTORY) await person.sees(text);
  await expect(person.people.getByRole("listitem")).toHaveCount(2);
  await expect(person.people.getByText("bob (you)")).toBeVisible();
}

const join = ({ page }: Person) => page.getByRole("button", { name: "Join", exact: true }).click();

test("from Join to the room, with its history, its people and one's own name in it, it is one round trip", async ({
  newPerson,
  newTalker,
  turns,
}, { project }) => {
  const ana = await newTalker("ana");
  await ana.says(...HISTORY);
  const bob = await newPerson(turns.url);
  await typesName(bob, turns, project.metadata.transport);
  // What more the browser may ask for waits: the room must not.
  turns.count(1);
  await join(bob);
  await seesTheRoom(bob);
  expect(turns.turns, turns.toString()).toBe(1);
  turns.release();
  await bob.says("here");
  expect(await ana.hears("bob", 1)).toEqual(["here"]);
  await bob.sees("here");
});

test.describe("with WebSocket", () => {
  test.skip(() => test.info().project.name === "long-poll", "there is none in this browser");

  test("the same way of counting gives three where nothing was opened beforehand", async ({ newPerson, newTalker, turns }) => {
    const ana = await newTalker("ana");
    await ana.says(...HISTORY);
    const bob = await newPerson(turns.url);
    await typesName(bob, turns, "WebSocket");
    turns.cutWebSockets();
    await expect.poll(() => turns.webSockets).toBe(0);
    turns.count();
    await join(bob);
    await seesTheRoom(bob);
    expect(turns.turns, turns.toString()).toBe(3);
  });

  test("what was opened beforehand and is dead, unnoticed, costs a moment and loses nothing", async ({ newPerson, newTalker, turns }) => {
    const ana = await newTalker("ana");
    await ana.says(...HISTORY);
    const bob = await newPerson(turns.url);
    await typesName(bob, turns, "WebSocket");
    turns.loseWebSockets();
    await join(bob);
    await expect(bob.composer).toBeVisible();
    await bob.says("over polling");
    await ana.says("heard");
    // WebSocket comes after all, and is not taken for one that does not work here.
    await seesTheRoom(bob);
    await bob.says("over WebSocket");
    expect(await ana.hears("bob", 2)).toEqual(["over polling", "over WebSocket"]);
    for (const text of ["over polling", "heard", "over WebSocket"]) await bob.sees(text);
  });

  test("one is open while a name is typed, not more, and none while the page is not in front", async ({ newPerson, turns }) => {
    const bob = await newPerson(turns.url);
    await expect.poll(() => turns.webSockets).toBe(1);
    await bob.nickname.pressSequentially("somebody");
    expect(turns.upgrades).toBe(1);
    await bob.looksAway();
    await expect.poll(() => turns.webSockets).toBe(0);
    await bob.nickname.pressSequentially("else");
    await bob.looksBack();
    expect(turns.upgrades).toBe(1);
    await bob.nickname.fill("bob");
    await expect.poll(() => turns.webSockets).toBe(1);
    expect(turns.upgrades).toBe(2);
  });
});
