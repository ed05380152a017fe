import { expect, test } from "../fixtures.ts";
import { focused, tabsThrough, tabsTo } from "./keyboard.ts";
import { mangles } from "./troubles.ts";

test.use({ settings: { RATE_BURST: "0" } });
test.describe.configure({ timeout: 60_000 });

const OTHERS = ["Ana", "Bo", "Cy", "Di", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo"];

test("by keyboard alone, from coming in to leaving", async ({ newPerson, newTalker }) => {
  const [ana] = await Promise.all(OTHERS.map((nick) => newTalker(nick)));
  const zoe = await (await newPerson()).joins("Zoe");
  // Their coming in stands above what is said then: no button in the log between it and the composer.
  await expect(zoe.people.getByRole("listitem")).toHaveCount(11);
  await ana?.says(...Array.from({ length: 100 }, (_, number) => `line ${number}`));
  const maria = await newPerson();
  const { page } = maria;
  const { keyboard } = page;

  await expect.poll(() => focused(page)).toBe("Nickname");
  expect(await tabsThrough(page, "Language")).toEqual(["Join", "Language"]);
  await tabsTo(page, "Nickname", "Shift+Tab");
  await keyboard.type("two words");
  await keyboard.press("Enter");
  await expect(page.getByText("No spaces, please.")).toBeVisible();
  expect(await focused(page)).toBe("Nickname");
  await keyboard.press("Control+A");
  await keyboard.type("Maria");
  await keyboard.press("Enter");
  await maria.isIn();
  expect(await focused(page)).toBe("Message");

  await keyboard.type("first line");
  await keyboard.press("Shift+Enter");
  await keyboard.type("second line");
  await keyboard.press("Enter");
  await maria.sees("first line\nsecond line");
  expect(await focused(page)).toBe("Message");
  await tabsTo(page, "Send");
  await keyboard.press("Shift+Tab");
  await keyboard.type("by the button");
  await tabsTo(page, "Send");
  await keyboard.press("Enter");
  await maria.sees("by the button");
  expect(await focused(page)).toBe("Message");

  await tabsTo(page, "Messages", "Shift+Tab");
  const fromEnd = () => maria.messages.evaluate((log) => log.scrollHeight - log.clientHeight - log.scrollTop);
  // What the focus was on before, a button that unfolds a notice, may have brought it up.
  await keyboard.press("End");
  await expect.poll(fromEnd).toBeLessThan(2);
  await expect(async () => {
    // Something that is drawn this very moment may bring one back to the end.
    await keyboard.press("ArrowUp");
    expect(await fromEnd()).toBeGreaterThan(2);
  }).toPass();
  const near = await fromEnd();
  await keyboard.press("PageUp");
  await expect.poll(fromEnd).toBeGreaterThan(near + 100);
  // It goes up for a moment, and would go on after what is pressed next: the same place twice, and it has come to rest.
  let last = Number.NaN;
  await expect(async () => {
    const now = await fromEnd();
    const rests = now === last;
    last = now;
    expect(rests).toBe(true);
  }).toPass({ intervals: [300] });
  await expect(page.getByRole("button", { name: "Go to the latest message" })).toBeVisible();
  await tabsTo(page, "Go to the latest message");
  await keyboard.press("Enter");
  await expect.poll(fromEnd).toBeLessThan(2);
  expect(await focused(page)).toBe("Messages");

  await tabsTo(page, "Filter people");
  await keyboard.type("fin");
  expect(await tabsThrough(page, "Settings")).toEqual(["Mention Finn", "Invite people", "Settings"]);
  await tabsTo(page, "Mention Finn", "Shift+Tab");
  await keyboard.press("Enter");
  expect(await focused(page)).toBe("Message");
  await expect(maria.composer).toHaveValue("@Finn ");
  await keyboard.type("hello");
  await keyboard.press("Enter");
  await maria.sees("@Finn hello");
  await tabsTo(page, "Filter people");
  await keyboard.press("Control+A");
  await keyboard.press("Delete");

  await tabsTo(page, "Change nickname");
  await keyboard.press("Enter");
  expect(await focused(page)).toBe("New nickname");
  await keyboard.press("Escape");
  await expect.poll(() => focused(page)).toBe("Change nickname");
  await keyboard.press("Enter");
  await keyboard.type("Mary");
  await keyboard.press("Enter");
  await maria.seesNotice("Maria is now Mary");
  await expect.poll(() => focused(page)).toBe("Change nickname");

  await tabsTo(page, "Settings");
  await keyboard.press("Enter");
  await tabsTo(page, "Appearance");
  await tabsTo(page, "Message", "Shift+Tab");
  await keyboard.type("/help");
  await keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: /^What/ })).toBeVisible();
  expect(await focused(page)).toBe("Message");
  await keyboard.press("Escape");
  await expect(page.getByRole("heading", { name: /^What/ })).toBeHidden();
  expect(await focused(page)).toBe("Message");

  await tabsTo(page, "Leave", "Shift+Tab");
  await keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Nickname");
});

test("Tab comes to things in the order in which one sees them", async ({ newPerson, newTalker }) => {
  const ana = await newTalker("Ana");
  await newTalker("Bo");
  await ana.says("See https://example.org/one and https://example.org/two.");
  const { page } = await (await newPerson()).joins("Maria");
  await page.getByRole("button", { name: "Leave" }).focus();
  expect(await tabsThrough(page, "Settings")).toEqual([
    "Messages",
    "https://example.org/one",
    "https://example.org/two",
    "Message",
    "Send",
    "Change nickname",
    "Mention Ana",
    "Mention Bo",
    "Invite people",
    "Settings",
  ]);
});

test("on a phone the people take the focus in, and give it back", async ({ newPerson, newTalker }) => {
  await newTalker("Ana");
  const maria = await newPerson();
  const { page } = maria;
  const { keyboard } = page;
  await page.setViewportSize({ width: 360, height: 640 });
  await maria.joins("Maria");
  await tabsTo(page, "2 people", "Shift+Tab");
  await keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Close");
  expect(await tabsThrough(page, "Settings")).toEqual(["Change nickname", "Mention Ana", "Invite people", "Settings"]);
  await keyboard.press("Escape");
  await expect(maria.people).toBeHidden();
  expect(await focused(page)).toBe("2 people");
  await keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Close");
  await keyboard.press("Enter");
  expect(await focused(page)).toBe("2 people");
  await keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Close");
  await tabsTo(page, "Mention Ana");
  await keyboard.press("Enter");
  expect(await focused(page)).toBe("Message");
  await expect(maria.people).toBeHidden();
  await tabsTo(page, "2 people", "Shift+Tab");
  await keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Close");
  // Out of it, and what has the focus is not hidden behind it.
  await keyboard.press("Shift+Tab");
  expect(await focused(page)).toBe("Send");
  await expect(maria.people).toBeHidden();
});

test("what had the focus goes, and the focus stays in the room", async ({ newPerson, newTalker, relay }) => {
  const [ana, bo] = [await newTalker("Ana"), await newTalker("Bo")];
  await newTalker("Cy");
  mangles(relay, "unsayable");
  const maria = await newPerson(relay.url);
  const { page } = maria;
  const { keyboard } = page;
  await maria.asksIn("Maria");
  await maria.isIn("long polling");

  await tabsTo(page, "Mention Bo");
  await bo.leaves();
  await maria.seesNotice(/Bo .*left/);
  await expect.poll(() => focused(page)).toBe("Mention Cy");
  await tabsTo(page, "Mention Ana", "Shift+Tab");
  await ana.leaves();
  await expect.poll(() => focused(page)).toBe("Mention Cy");

  await tabsTo(page, "Message", "Shift+Tab");
  await keyboard.type("unsayable");
  await keyboard.press("Enter");
  await expect(maria.messages.getByText("Not sent.")).toBeVisible();
  await tabsTo(page, "Discard", "Shift+Tab");
  await keyboard.press("Enter");
  await expect(maria.messages.getByText("Not sent.")).toBeHidden();
  await expect.poll(() => focused(page)).toBe("Message");

  await keyboard.type("/dance");
  await keyboard.press("Enter");
  await tabsTo(page, "Close", "Shift+Tab");
  await keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Message");

  relay.breaks();
  await maria.isTold("Reconnecting");
  await expect(page.getByRole("timer")).toHaveText(/in \d+ s/);
  await tabsTo(page, "Try now", "Shift+Tab");
  await keyboard.press("Enter");
  expect(await focused(page)).toBe("Try now");
  await expect(page.getByRole("timer")).toHaveText(/in \d+ s/);
  expect(await focused(page)).toBe("Try now");
  relay.mend();
  await keyboard.press("Enter");
  await maria.isIn("long polling");
  await expect.poll(() => focused(page)).toBe("Message");
});

test.describe(() => {
  test.use({ settings: { MAX_CLIENTS: "1" } });
  test("waiting to be let in has a place for the focus, too", async ({ newPerson, newTalker }) => {
    await newTalker("Ana");
    const maria = await newPerson();
    const { page } = maria;
    await page.keyboard.type("Maria");
    await tabsTo(page, "Join");
    await page.keyboard.press("Enter");
    await expect(page.getByText("The chat is full.")).toBeVisible();
    await expect.poll(() => focused(page)).toBe("Try now");
    await expect(page.getByRole("button", { name: "Try now" })).toHaveAccessibleDescription("The chat is full.");
    await tabsTo(page, "Cancel");
    await page.keyboard.press("Enter");
    await expect.poll(() => focused(page)).toBe("Nickname");
  });
});
