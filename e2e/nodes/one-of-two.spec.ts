import { test as base, expect } from "../fixtures.ts";
import { lookout } from "../lookout.ts";
import { Nodes } from "./nodes.ts";

// What one node does, or what becomes of it, while the other one is there.

const test = base.extend<{ nodes: Nodes }>({
  nodes: async ({ server }, use) => {
    if (!(server instanceof Nodes)) throw new Error("these stories want two nodes");
    await use(server);
  },
});

test.describe.configure({ timeout: 120_000 });

test("requests go to both nodes, and people who came in at different ones are in one room", async ({ newPerson, nodes }) => {
  const names = ["alice", "bob", "carol"];
  const people = await Promise.all(names.map(async (name) => (await newPerson()).joins(name)));
  for (const [index, person] of people.entries()) await person.says(`this is ${names[index]}`);
  for (const person of people) {
    for (const name of names) await person.sees(`this is ${name}`);
    await expect(person.people.getByRole("listitem")).toHaveCount(3);
  }
  expect(Math.min(...nodes.proxy.given)).toBeGreaterThan(0);
});

test("one node is killed: whoever it looked after comes back by itself, nobody is said to have left, all is there once", async ({
  newPerson,
  nodes,
}) => {
  const people = await Promise.all(["alice", "bob"].map(async (name) => (await newPerson()).joins(name)));
  const [alice, bob] = people as [(typeof people)[0], (typeof people)[0]];
  const doors = await Promise.all(people.map(({ page }) => lookout(page, "Nickname")));
  const texts: string[] = [];
  for (const [index, node] of nodes.each.entries()) {
    for (const [number, person] of people.entries()) {
      texts.push(`before ${index}${number}`);
      await person.says(`before ${index}${number}`);
      for (const other of people) await other.sees(`before ${index}${number}`);
    }
    await node.kill();
    for (const [number, person] of people.entries()) {
      texts.push(`with one node ${index}${number}`);
      await person.says(`with one node ${index}${number}`);
      for (const other of people)
        await expect(other.messages.getByText(`with one node ${index}${number}`)).toHaveCount(1, { timeout: 40_000 });
    }
    await node.start();
  }
  for (const person of people) {
    await person.seesInOrder(/^(before|with one node)/, texts);
    await expect(person.people.getByRole("listitem")).toHaveCount(2);
  }
  await expect(alice.messages.getByText(/left|lost the connection/)).toHaveCount(0);
  await expect(bob.messages.getByText(/left|lost the connection/)).toHaveCount(0);
  expect(doors.flatMap((seen) => seen())).toEqual([]);
});

test("one node after the other is replaced: all go on talking, and nobody is said to have left", async ({ newPerson, nodes }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  const texts: string[] = [];
  const talk = async (text: string) => {
    for (const person of [alice, bob]) {
      texts.push(`${text} ${texts.length}`);
      await person.says(texts.at(-1) as string);
      for (const other of [alice, bob])
        await expect(other.messages.getByText(texts.at(-1) as string, { exact: true })).toHaveCount(1, { timeout: 40_000 });
    }
  };
  await talk("before");
  for (const node of nodes.each) {
    expect(await node.stop()).toBe(0);
    await talk("with one");
    await node.start();
    await talk("with both");
  }
  for (const person of [alice, bob]) {
    await person.isIn();
    await person.seesInOrder(/^(before|with)/, texts);
    await expect(person.people.getByRole("listitem")).toHaveCount(2);
    await expect(person.messages.getByText(/left|lost the connection/)).toHaveCount(0);
  }
});

test("everything stops and starts, with the Redis still there: the room is as it was", async ({ newPerson, nodes }) => {
  const alice = await (await newPerson()).joins("alice");
  await alice.says("kept");
  await alice.sees("kept");
  await nodes.kill();
  await alice.says("typed in the dark");
  await nodes.start();
  await alice.isIn();
  const bob = await (await newPerson()).joins("bob");
  for (const person of [alice, bob]) await person.seesInOrder(/^(kept|typed in the dark)$/, ["kept", "typed in the dark"]);
});
