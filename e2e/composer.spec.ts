import type { CDPSession } from "playwright/test";
import { expect, test } from "./fixtures.ts";
import type { Person } from "./pages/person.ts";

// Several people's browsers on a machine that may be busy with others: the time is not what these stories are about.
test.describe.configure({ timeout: 60_000 });

test("the composer grows with its text, up to a limit, and is small again when that is sent", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const height = async () => (await alice.composer.boundingBox())?.height ?? Number.NaN;
  const small = await height();
  await alice.composer.fill("one\ntwo\nthree\nfour");
  await expect.poll(height).toBeGreaterThan(small * 1.8);
  const four = await height();
  await alice.composer.fill(Array.from({ length: 60 }, (_, line) => `line ${line}`).join("\n"));
  await expect.poll(height).toBeGreaterThan(four);
  expect(await height()).toBeLessThan(720 / 2);
  await expect(alice.composer).toBeInViewport({ ratio: 1 });
  await expect(alice.page.getByRole("button", { name: "Send" })).toBeInViewport({ ratio: 1 });
  await alice.composer.press("Enter");
  await expect.poll(height).toBe(small);
});

test("Enter sends, Shift+Enter breaks the line, and an empty composer sends nothing", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  await alice.composer.press("Enter");
  await alice.composer.fill("   \n ");
  await alice.composer.press("Enter");
  await alice.composer.fill("");
  await alice.composer.pressSequentially("roses are red");
  await alice.composer.press("Shift+Enter");
  await alice.composer.pressSequentially("violets are blue");
  await expect(alice.composer).toHaveValue("roses are red\nviolets are blue");
  await alice.composer.press("Enter");
  await expect(alice.composer).toHaveValue("");
  await expect(alice.composer).toBeFocused();
  expect(await bob.hears("alice", 1)).toEqual(["roses are red\nviolets are blue"]);
  await alice.composer.fill("and by the button");
  await alice.page.getByRole("button", { name: "Send" }).click();
  expect(await bob.hears("alice", 2)).toEqual(["roses are red\nviolets are blue", "and by the button"]);
});

test("an Enter that ends a composition, as of Japanese, is not one that sends", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  await alice.composer.focus();
  const keyboard = await alice.page.context().newCDPSession(alice.page);
  await keyboard.send("Input.imeSetComposition", { text: "にほん", selectionStart: 3, selectionEnd: 3 });
  await expect(alice.composer).toHaveValue("にほん");
  await pressesEnter(keyboard, 229); // while it is being composed
  await keyboard.send("Input.insertText", { text: "日本" });
  await expect(alice.composer).toHaveValue("日本");
  await pressesEnter(keyboard, 229); // right after, where the browser says so first (Safari)
  await expect(alice.composer).toHaveValue("日本");
  expect(bob.heard).toEqual([]);
  await pressesEnter(keyboard, 13);
  expect(await bob.hears("alice", 1)).toEqual(["日本"]);
});

test("Up changes nothing in what one is writing", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  await alice.says("said before");
  await alice.sees("said before");
  for (const draft of ["half a thought", "two\nlines", ""]) {
    await alice.composer.fill(draft);
    for (let times = 0; times < 3; times++) await alice.composer.press("ArrowUp");
    await alice.composer.press("ArrowDown");
    await expect(alice.composer).toHaveValue(draft);
    await expect(alice.composer).toBeFocused();
  }
});

test("a draft survives a reload, and is its room's own", async ({ newPerson }) => {
  const alice = await (await newPerson("/r/garden")).joins("alice");
  await alice.composer.fill("about the\nroses");
  await alice.page.reload();
  await alice.isIn();
  await expect(alice.composer).toHaveValue("about the\nroses");
  await alice.page.goto(new URL("/r/kitchen", alice.page.url()).href);
  await alice.joins("alice");
  await expect(alice.composer).toHaveValue("");
  await alice.composer.fill("about the soup");
  await alice.page.goto(new URL("/r/garden", alice.page.url()).href);
  await alice.isIn();
  await expect(alice.composer).toHaveValue("about the\nroses");
  await alice.says("about the roses, then");
  await alice.sees("about the roses, then");
  await alice.page.reload();
  await alice.isIn();
  await expect(alice.composer).toHaveValue("");
});

test("a text that is longer than one packet is split between words, and one sees into how many before sending", async ({
  newPerson,
  newTalker,
}) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  const words = Array.from({ length: 400 }, (_, index) => `${["mot", "été", "слово", "言葉", "👩‍👩‍👧"][index % 5]}${index}`);
  const text = words.join(" ");
  const told = alice.page.getByText(/^Will be sent as \d+ messages$/);
  await alice.composer.fill(words.slice(0, 20).join(" "));
  await expect(told).toHaveCount(0);
  await alice.composer.fill(text);
  await expect(told).toBeVisible();
  const count = Number.parseInt((await told.innerText()).slice("Will be sent as ".length), 10);
  expect(bob.heard).toEqual([]);
  await alice.composer.press("Enter");
  await expect(told).toHaveCount(0);
  const heard = await bob.hears("alice", count);
  await alice.says("and that is all");
  expect(await bob.hears("alice", count + 1)).toEqual([...heard, "and that is all"]);
  expect(heard.join(" ")).toBe(text);
  for (const part of heard) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(999);
  expect(count).toBe(Math.ceil(Buffer.byteLength(text) / 999));
});

test("forty pasted lines arrive whole, and nobody is punished", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  const lines = Array.from({ length: 40 }, (_, index) => `${index + 1}: ${"as it was written in the letter ".repeat(4)}`.trim());
  await alice.pastes(lines.join("\n"));
  await expect(alice.composer).toHaveValue(lines.join("\n"));
  await alice.composer.press("Enter");
  await alice.says("and that is all");
  await alice.sees("and that is all");
  await expect(alice.messages.getByText("Not sent.")).toHaveCount(0);
  await expect.poll(() => bob.heard.at(-1)?.text, { timeout: 15_000 }).toBe("and that is all");
  // Where it was cut, a space or a line's end fell away. All else is as it was, line by line.
  const heard = bob.heard.map(({ text }) => text).join("\0");
  const letter = [...lines, "and that is all"].join("\n");
  expect(heard.length).toBe(letter.length);
  expect(heard.replaceAll("\0", (_, at) => letter[at]?.match(/\s/)?.[0] ?? "cut in a word")).toBe(letter);
});

test("forty of the longest messages at once take their time, arrive in order, and nobody is punished", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  const pages = Array.from({ length: 40 }, (_, index) => `page${index + 1}`.padEnd(999, "."));
  await alice.pastes(pages.join(" "));
  await expect(alice.page.getByText("Will be sent as 40 messages")).toBeVisible();
  await alice.composer.press("Enter");
  await expect(alice.composer).toHaveValue("");
  expect(await bob.hears("alice", 40)).toEqual(pages);
  await alice.sees(pages[39] as string);
  await expect(alice.messages.getByText("Not sent.")).toHaveCount(0);
});

test("/nick changes the nickname, for everybody", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  const bob = await (await newPerson()).joins("bob");
  await alice.says("/nick anna");
  await alice.seesNotice("alice is now anna");
  await bob.seesNotice("alice is now anna");
  await expect(bob.people.getByText("anna", { exact: true })).toBeVisible();
  await expect(bob.people.getByText("alice", { exact: true })).toHaveCount(0);
  await alice.says("it is still me");
  await bob.sees("it is still me");
  await expect(bob.messages.getByRole("time").locator("..")).toHaveText([/^anna /]);
  await expect(bob.messages.getByText("/nick")).toHaveCount(0);
  await alice.page.reload();
  await alice.isIn();
  await expect(alice.people.getByText("anna", { exact: true })).toBeVisible();
});

test("/nick with a name that cannot be, or that is taken, says why and keeps what was typed", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  const faults: readonly [typed: string, said: string | RegExp][] = [
    ["/nick two words", "No spaces, please."],
    ["/nick abcdefghijklmnop", "At most 15 characters."],
    ["/nick a\u200Bb", "It contains a character that cannot be seen."],
    ["/nick", "Type a nickname."],
  ];
  for (const [typed, said] of faults) {
    await alice.says(typed);
    await expect(alice.page.getByText(said)).toBeVisible();
    await expect(alice.composer).toHaveValue(typed);
    await alice.composer.fill("");
    await expect(alice.page.getByText(said)).toHaveCount(0);
  }
  await alice.says("/nick BOB");
  await expect(alice.page.getByText("Somebody here has this nickname already.")).toBeVisible();
  await alice.says("still alice");
  expect(await bob.hears("alice", 1)).toEqual(["still alice"]);
});

test("/me says what one does: to everybody in italics, on the wire as it was typed", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const cleo = await (await newPerson()).joins("cleo");
  const alice = await (await newPerson()).joins("alice");
  await alice.says("/me waves");
  expect(await bob.hears("alice", 1)).toEqual(["/me waves"]);
  await bob.says("/me bows");
  for (const person of [alice, cleo]) {
    for (const [nick, deed] of [
      ["alice", "waves"],
      ["bob", "bows"],
    ] as const) {
      const action = person.messages.getByText(`${nick} ${deed}`, { exact: true });
      await expect(action).toBeVisible();
      expect(await action.evaluate(styleOfLastWord)).toBe("italic");
    }
    await expect(person.messages.getByText("/me")).toHaveCount(0);
  }
});

test("/me alone asks what one does, and sends nothing", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  await alice.says("/me");
  await expect(alice.page.getByText("Say what you do: /me waves")).toBeVisible();
  await expect(alice.composer).toHaveValue("/me");
  await alice.says("/me laughs");
  expect(await bob.hears("alice", 1)).toEqual(["/me laughs"]);
  await expect(alice.page.getByText("Say what you do: /me waves")).toHaveCount(0);
});

test("/help shows what can be typed, and goes again", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  await alice.says("/help");
  const title = alice.page.getByRole("heading", { name: "What you can type" });
  await expect(title).toBeVisible();
  for (const way of ["Shift + Enter", "/nick name", "/me waves", "//text", "/help"])
    await expect(alice.page.getByText(way, { exact: true })).toBeVisible();
  await expect(alice.composer).toHaveValue("");
  await alice.page.keyboard.press("Escape");
  await expect(title).toHaveCount(0);
  await expect(alice.composer).toBeFocused();
  await alice.says("thank you");
  expect(await bob.hears("alice", 1)).toEqual(["thank you"]);
});

test("an unknown /word is explained, not sent, and stays to be mended; two slashes say it as it is", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  const explained = alice.page.getByText("There is no command /nickname. To say it as it is, begin with two slashes: //nickname");
  await alice.says("/nickname anna");
  await expect(explained).toBeVisible();
  await expect(alice.composer).toHaveValue("/nickname anna");
  await expect(alice.composer).toBeFocused();
  await alice.composer.press("Home");
  await alice.composer.pressSequentially("/");
  await alice.composer.press("Enter");
  await expect(alice.composer).toHaveValue("");
  await expect(explained).toHaveCount(0);
  await alice.sees("/nickname anna");
  expect(await bob.hears("alice", 1)).toEqual(["/nickname anna"]);
});

test("what begins with two slashes is never a deed", async ({ newPerson, newTalker }) => {
  await newTalker("bob");
  const cleo = await (await newPerson()).joins("cleo");
  const alice = await (await newPerson()).joins("alice");
  await alice.says("//me is what I typed");
  for (const person of [alice, cleo]) {
    await person.sees("/me is what I typed");
    await expect(person.messages.getByText("alice is what I typed")).toHaveCount(0);
  }
});

test("a path, a date, a smiley and what else has a slash in it is just said", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const alice = await (await newPerson()).joins("alice");
  const texts = ["either/or", " :-/ ", "1/2", "look:\n/nick is a command"];
  for (const text of texts) await alice.says(text);
  expect(await bob.hears("alice", 4)).toEqual(texts.map((text) => text.trim()));
});

test("what is written while the connection is away waits, is said to, and goes out in order", async ({ newPerson, newTalker, relay }) => {
  const bob = await newTalker("bob");
  const alice: Person = await (await newPerson(`${relay.url}/`)).joins("alice");
  relay.breaks();
  await alice.isTold(/Reconnecting/);
  await alice.says("first");
  await alice.says("second");
  await alice.seesPending("first");
  await alice.seesPending("second");
  await expect(alice.page.getByText("2 messages waiting to be sent")).toBeVisible();
  relay.mend();
  await alice.sees("second");
  expect(await bob.hears("alice", 2)).toEqual(["first", "second"]);
  await expect(alice.page.getByText(/waiting to be sent/)).toHaveCount(0);
});

/** Enter, as a keyboard that composes sends it (229) or any other (13). */
async function pressesEnter(keyboard: CDPSession, code: number): Promise<void> {
  const key = { key: "Enter", code: "Enter", windowsVirtualKeyCode: code };
  const text = code === 13 ? { text: "\r" } : {};
  await keyboard.send("Input.dispatchKeyEvent", { type: code === 13 ? "keyDown" : "rawKeyDown", ...key, ...text });
  await keyboard.send("Input.dispatchKeyEvent", { type: "keyUp", ...key, windowsVirtualKeyCode: 13 });
}

/** How the last word of an element is written. */
function styleOfLastWord(element: Element): string {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let last: Node = element;
  while (texts.nextNode() !== null) if (texts.currentNode.textContent?.trim()) last = texts.currentNode;
  return getComputedStyle(last.parentElement ?? element).fontStyle;
}
