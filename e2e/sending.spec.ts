import { expect, test } from "./fixtures.ts";
import { lookout } from "./lookout.ts";
import { Person } from "./pages/person.ts";
import { blanksOut } from "./relay-filter.ts";
import { Server } from "./server.ts";

// docs/page.md: E17.

// Attempts come up to 20 s apart.
test.describe.configure({ timeout: 90_000 });

test("what one says is pending until the log has it", async ({ newPerson, relay }) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  relay.toServer.way = "hold";
  await alice.says("on its way");
  await alice.seesPending("on its way");
  await bob.says("not yet there");
  await alice.seesPending("on its way");
  await expect(bob.messages.getByText("on its way")).toHaveCount(0);
  relay.mend();
  await alice.sees("on its way");
  await bob.sees("on its way");
});

test("the link is cut between the commit and its answer: the message is there once for everybody, and never said to be refused", async ({
  newPerson,
  relay,
}) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  const refused = await lookout(alice.page, "Not sent.");
  for (const time of [1, 2]) {
    relay.toBrowser.way = "lose";
    await alice.says(`said ${time}`);
    await bob.sees(`said ${time}`);
    await alice.seesPending(`said ${time}`);
    relay.mend();
    relay.cut();
    await alice.isTold(/Connected over/);
    await alice.sees(`said ${time}`);
    // She may have heard it before its answer comes, for which a browser asks once more by itself: that is through when something behind it is.
    await alice.says(`behind it ${time}`);
    await bob.sees(`behind it ${time}`);
  }
  await alice.says("said 3");
  for (const person of [alice, bob]) await person.seesInOrder(/^said/, ["said 1", "said 2", "said 3"]);
  expect(refused()).toEqual([]);
});

for (const [what, through] of [
  ["nothing of them got through", false],
  ["they got through and nobody said so", true],
] as const) {
  test(`a reload with three pending, where ${what}: they come back as pending, and are there once, in order`, async ({
    newPerson,
    relay,
  }) => {
    const alice = await (await newPerson(relay.url)).joins("alice");
    const bob = await (await newPerson()).joins("bob");
    const three = ["said 1", "said 2", "said 3"];
    relay.toBrowser.way = "lose";
    if (!through) relay.toServer.way = "lose";
    for (const text of three) await alice.says(text);
    // Over polling, what follows a request that is not answered waits for its answer.
    if (through) await bob.sees("said 1");
    for (const text of three) await alice.seesPending(text);
    await alice.page.reload();
    for (const text of three) await alice.seesPending(text);
    await alice.isTold(/Connecting|Reconnecting/);
    relay.mend();
    relay.cut();
    await alice.isTold(/Connected over/);
    for (const person of [alice, bob]) await person.seesInOrder(/^said/, three);
  });
}

test("what the server does not take is marked, with the reason: it can be tried again, or discarded", async ({ newPerson, relay }) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  relay.toServer.rewrite = blanksOut("darn");
  for (const text of ["before", "darn", "between", "darndarn", "after"]) await alice.says(text);
  for (const person of [alice, bob]) await person.seesInOrder(/^(before|between|after)$/, ["before", "between", "after"]);
  await expect(alice.messages.getByText("Not sent. The server does not accept this text.")).toHaveCount(2);
  await expect(bob.messages.getByText("darn")).toHaveCount(0);

  // Refused is refused, also after a reload.
  await alice.page.reload();
  await alice.isIn();
  await expect(alice.messages.getByText("Not sent. The server does not accept this text.")).toHaveCount(2);
  await alice.page.getByRole("button", { name: "Discard" }).last().click();
  await expect(alice.messages.getByText("darndarn")).toHaveCount(0);
  await alice.page.getByRole("button", { name: "Try again" }).click();
  await expect(alice.messages.getByText("Not sent. The server does not accept this text.")).toHaveCount(1);
  await expect(alice.messages.getByRole("img", { name: "Sending" })).toHaveCount(0);

  relay.mend();
  await alice.page.getByRole("button", { name: "Try again" }).click();
  for (const person of [alice, bob]) await person.seesInOrder(/^(before|between|after|darn)$/, ["before", "between", "after", "darn"]);
});

test("a refusal that was lost on the way never reads as sent", async ({ newPerson, relay }) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  relay.toServer.rewrite = blanksOut("darn");
  relay.toBrowser.way = "lose";
  await alice.says("darn");
  await alice.says("and more");
  await alice.seesPending("darn");
  relay.mend();
  relay.cut();
  await alice.isTold(/Connected over/);
  await bob.sees("and more");
  await alice.sees("and more");
  // Whether the refused one came to be refused before the cut, or was only tried after it: what alice is shown is what bob has.
  const refused = await alice.messages.getByText("Not sent. The server does not accept this text.").count();
  await expect(bob.messages.getByText("darn", { exact: true })).toHaveCount(1 - refused);
  await expect(alice.messages.getByText(/^darn/)).toHaveCount(1);
});

test.describe("where the server lets five at once, and ten a second", () => {
  test.use({ settings: { RATE_BURST: "5", RATE_PER_SECOND: "10" } });
  const forty = Array.from({ length: 40 }, (_, index) => `fast ${index + 1}`);

  test("forty said as fast as one can are there in order, and none is refused", async ({ newPerson }) => {
    const alice = await (await newPerson()).joins("alice");
    const bob = await (await newPerson()).joins("bob");
    const refused = await lookout(alice.page, "Not sent.");
    for (const text of forty) await alice.says(text);
    for (const person of [bob, alice]) {
      await expect(person.messages.getByText("fast 40")).toBeVisible({ timeout: 20_000 });
      await person.seesInOrder(/^fast/, forty);
    }
    expect(refused()).toEqual([]);
  });

  test("a second tab of the same session, which the first has left nothing of its budget: what it says is late, not refused", async ({
    newPerson,
  }) => {
    const alice = await (await newPerson()).joins("alice");
    const bob = await (await newPerson()).joins("bob");
    const all = forty.slice(0, 25);
    for (const text of all.slice(0, 12)) await alice.says(text);
    await bob.sees("fast 12");
    const opened = alice.page.waitForEvent("popup");
    await alice.page.evaluate(() => void open(location.href));
    const twin = new Person(await opened, "");
    await twin.isTold(/Connected over/);
    await expect(alice.page.getByText("The conversation went on in another tab.")).toBeVisible();
    const refused = await lookout(twin.page, "Not sent.");
    for (const text of all.slice(12)) await twin.says(text);
    await expect(bob.messages.getByText("fast 25")).toBeVisible({ timeout: 20_000 });
    for (const person of [bob, twin]) await person.seesInOrder(/^fast/, all);
    expect(refused()).toEqual([]);

    await alice.page.getByRole("button", { name: "Continue here" }).click();
    await alice.isIn();
    await alice.seesInOrder(/^fast/, all);
    await expect(twin.page.getByText("The conversation went on in another tab.")).toBeVisible();
  });
});

test.describe("where a nickname is kept for a second", () => {
  test.use({ settings: { GRACE_MS: "1000" } });

  test("typed while offline for an hour: it arrives once, in order, after the network is back", async ({ newPerson, relay }) => {
    const bob = await (await newPerson()).joins("bob");
    const alice = await newPerson(relay.url);
    await alice.page.clock.install();
    await alice.page.reload();
    await alice.joins("alice");
    await alice.says("before the tunnel");
    await bob.sees("before the tunnel");
    await alice.page.context().setOffline(true);
    relay.breaks();
    await alice.isTold("Offline");
    await bob.seesNotice(/alice.*lost the connection/);
    for (const text of ["typed 1", "typed 2"]) await alice.says(text);
    await alice.page.clock.fastForward("01:00:00");
    await alice.says("typed 3");
    for (const text of ["typed 1", "typed 2", "typed 3"]) await alice.seesPending(text);
    await alice.isTold("Offline");
    await bob.says("meanwhile");
    await bob.sees("meanwhile");
    relay.mend();
    await alice.page.context().setOffline(false);
    await alice.isTold(/Connected over/);
    const all = ["before the tunnel", "meanwhile", "typed 1", "typed 2", "typed 3"];
    for (const person of [alice, bob]) await person.seesInOrder(/tunnel|meanwhile|typed/, all);
    await bob.seesNotice(/^alice came (in|back)$/);
  });
});

test("the server is killed with messages pending and comes back: what is shown as sent is what the log has", async ({
  newPerson,
  relay,
  server,
}) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  await alice.says("said 1");
  await alice.sees("said 1");
  relay.toBrowser.way = "lose";
  await alice.says("said 2");
  relay.toServer.way = "lose";
  await alice.says("said 3");
  for (const text of ["said 2", "said 3"]) await alice.seesPending(text);
  await server.kill();
  relay.cut();
  await server.start();
  for (const text of ["said 2", "said 3"]) await alice.seesPending(text);
  relay.mend();
  relay.cut();
  await alice.isTold(/Connected over/);
  const bob = await (await newPerson()).joins("bob");
  for (const person of [alice, bob]) await person.seesInOrder(/^said/, ["said 1", "said 2", "said 3"]);
});

test("the server comes back without its log: nothing of the old one is shown as kept, and what was pending arrives", async ({
  newPerson,
  relay,
  server,
}) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  await alice.says("in the old log");
  await alice.sees("in the old log");
  await server.kill();
  relay.cut();
  await alice.says("pending 1");
  await alice.says("pending 2");
  await alice.seesPending("pending 2");
  const other = await Server.start();
  try {
    relay.target = Number(new URL(other.url).port);
    await alice.isTold(/Connected over/);
    const bob = await (await newPerson(`${other.url}/`)).joins("bob");
    for (const person of [alice, bob]) {
      await person.seesInOrder(/pending/, ["pending 1", "pending 2"]);
      await expect(person.messages.getByText("in the old log")).toHaveCount(0);
      await expect(person.people.getByRole("listitem")).toHaveCount(2);
    }
    await alice.says("and on we go");
    await bob.sees("and on we go");
  } finally {
    await other.remove();
  }
});

test("leaving with unsent messages asks first, and takes no for an answer", async ({ newPerson, relay }) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  const leave = alice.page.getByRole("button", { name: "Leave", exact: true });
  const question = alice.page.getByText("2 messages have not been sent. They would be lost.");
  relay.breaks();
  for (const text of ["unsent 1", "unsent 2"]) await alice.says(text);
  await leave.click();
  await expect(question).toBeVisible();
  await alice.page.getByRole("button", { name: "Close" }).click();
  await expect(question).toHaveCount(0);
  relay.mend();
  for (const person of [alice, bob]) await person.seesInOrder(/^unsent/, ["unsent 1", "unsent 2"]);

  relay.breaks();
  for (const text of ["lost 1", "lost 2"]) await alice.says(text);
  await leave.click();
  await alice.page.getByRole("button", { name: "Leave anyway" }).click();
  await expect(alice.nickname).toBeVisible();
  relay.mend();
  await alice.joins("alicia");
  await alice.says("here again");
  await bob.sees("here again");
  for (const person of [alice, bob]) await expect(person.messages.getByText(/^lost/)).toHaveCount(0);
});

test("said on a way that loses now the answers, now everything: all is there once, in order", async ({ newPerson, relay }) => {
  const alice = await (await newPerson(relay.url)).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  const texts = Array.from({ length: 12 }, (_, index) => `walk ${index + 1}`);
  for (const [index, text] of texts.entries()) {
    if (index % 4 === 1) relay.toBrowser.way = "lose";
    if (index % 4 === 2) relay.toServer.way = "lose";
    if (index % 4 === 3) {
      relay.mend();
      relay.cut();
    }
    await alice.says(text);
  }
  for (const person of [alice, bob]) {
    await expect(person.messages.getByText("walk 12")).toBeVisible({ timeout: 20_000 });
    await person.seesInOrder(/^walk/, texts);
  }
});
