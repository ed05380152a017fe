import type { Locator } from "playwright/test";
import { expect, test } from "./fixtures.ts";
import type { Person } from "./pages/person.ts";
import type { Talker } from "./talker.ts";

// Names and messages that were made to break pages still read well, and what stands beside them is as it was.

test.use({ settings: { RATE_BURST: "0" } });
test.setTimeout(120_000);

const RIGHT_TO_LEFT = "\u202e";
/** As many marks as a name and a message can have. */
const PILED_NAME = `Z${"\u0335\u0341\u035b\u0302\u0300\u0310\u0352".repeat(2)}`.normalize("NFC");
const PILED = "H\u0335e\u0335".concat("\u035b\u0352\u0310\u0300\u0302\u0301\u0306\u030b\u0349\u0353\u0317\u0323".repeat(25), " comes");
const FAMILY = "\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}";

const NAMES = ["<b>x</b>", "\u{1202B}".repeat(15), "\ufdfd".repeat(15), "W".repeat(15), PILED_NAME, FAMILY, "مرحبا"];
const MESSAGES = [
  '<img src=x onerror="alert(1)"><script>alert(2)</script><style>*{display:none}</style>',
  "x".repeat(999),
  `https://example.org/${"a".repeat(900)}`,
  PILED,
  `${RIGHT_TO_LEFT}written to turn what follows`,
  `${"\u2067".repeat(40)}isolated, and never closed`,
  FAMILY.repeat(35),
  Array.from({ length: 200 }, (_, index) => index + 1).join("\n"),
  "\ufdfd".repeat(200),
  "\u{1202B}".repeat(200),
  "\u00a0".repeat(200).concat("after much white space"),
  "-".repeat(999),
  "شكرا @alice https://example.org/ok (!) 12:30",
];

/** Everybody says everything, something harmless between. */
async function misbehave(newTalker: (nick: string) => Promise<Talker>): Promise<void> {
  for (const [index, name] of NAMES.entries()) {
    const talker = await newTalker(name);
    await talker.says(`hello from ${index}`, ...MESSAGES, `goodbye from ${index}`);
  }
}

for (const [where, size] of Object.entries({
  "on a desk": { width: 1280, height: 720 },
  "on a small phone": { width: 320, height: 568 },
})) {
  test(`${where}: all stays in its column, nothing overlaps, nothing scrolls sideways, and one reads up to the top`, async ({
    newPerson,
    newTalker,
  }) => {
    await misbehave(newTalker);
    const alice = await newPerson();
    await alice.page.setViewportSize(size);
    await alice.joins("alice");
    await expect(alice.messages.getByText(`goodbye from ${NAMES.length - 1}`, { exact: true })).toBeInViewport();
    const top = alice.messages.getByText("Nothing older is kept.");
    await alice.messages.hover();
    for (let turn = 0; !(await top.isVisible()) || !(await isAtTop(alice.messages)); turn++) {
      expect(turn, "turns of the wheel").toBeLessThan(500);
      if (turn % 10 === 0) expect(await faultsIn(alice)).toEqual([]);
      await alice.page.mouse.wheel(0, -size.height * 2);
      await alice.page.evaluate(() => new Promise(requestAnimationFrame));
    }
    expect(await faultsIn(alice)).toEqual([]);
    await expect(alice.messages.getByText("hello from 0", { exact: true })).toBeInViewport();
    await alice.messages.press("End");
    await expect(alice.messages.getByText(`goodbye from ${NAMES.length - 1}`, { exact: true })).toBeInViewport();
    expect(await faultsIn(alice)).toEqual([]);
  });
}

test("marks piled up do not paint over what others said", async ({ newPerson, newTalker }) => {
  const bob = await newTalker("bob");
  const zalgo = await newTalker(PILED_NAME);
  await bob.says("above the name", "a second line above it");
  await zalgo.says(PILED, PILED);
  await bob.says("below the marks");
  const alice = await (await newPerson()).joins("alice");
  await alice.sees("below the marks");
  const painted = alice.messages.getByText(PILED, { exact: true });
  await expect(painted).toHaveCount(2);
  for (const neighbour of ["a second line above it", "below the marks"]) {
    const line = alice.messages.getByText(neighbour, { exact: true });
    const withMarks = await line.screenshot();
    // The same picture without their ink.
    await paint(alice, "transparent");
    expect(withMarks.equals(await line.screenshot()), neighbour).toBe(true);
    await paint(alice, "");
  }
});

test("what turns the direction of writing turns nothing beside it: not the name, the time, the sign of being sent", async ({
  newPerson,
  newTalker,
  relay,
}) => {
  const mallory = await newTalker("mallory");
  await mallory.says(`/me ${RIGHT_TO_LEFT}turns around`);
  const alice = await (await newPerson(relay.url)).joins("alice");
  const action = alice.messages.getByText("turns around");
  await expect(action).toBeVisible();
  const name = alice.messages.getByText("mallory", { exact: true }).last();
  expect(await endOf(name)).toBeLessThanOrEqual(await startOf(action));
  relay.breaks();
  await alice.says(`${RIGHT_TO_LEFT}on its way`);
  const sign = alice.messages.getByLabel("Sending");
  await expect(sign).toBeVisible();
  const text = alice.messages.getByText("on its way");
  expect(await startOf(sign)).toBeGreaterThan((await startOf(text)) + 10);
});

test("a NUL and other control characters are left out of what one says", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  await alice.says("before\u0000\u0007\u001b[31mafter");
  await alice.sees("before[31mafter");
});

/** What is wrong with what is drawn: in words, for the report of a failure. */
function faultsIn(person: Person): Promise<string[]> {
  return person.messages.evaluate((log) => {
    const faults: string[] = [];
    const box = log.getBoundingClientRect();
    const style = getComputedStyle(log.firstElementChild as Element);
    const column = (log.firstElementChild as Element).getBoundingClientRect();
    if (log.scrollWidth > log.clientWidth) faults.push(`the timeline is ${log.scrollWidth - log.clientWidth} px too wide`);
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) faults.push("the page scrolls sideways");
    if (style.display === "none") faults.push("nothing is shown");
    let lastBottom = Number.NEGATIVE_INFINITY;
    for (const line of log.querySelectorAll("[data-offset]")) {
      const name = `${JSON.stringify(line.textContent?.slice(0, 20))}`;
      const { left, right, top, bottom, height } = line.getBoundingClientRect();
      if (height === 0) faults.push(`${name} has no height`);
      if (left < Math.max(box.left, column.left) - 1 || right > Math.min(box.right, column.right) + 1)
        faults.push(`${name} leaves the column`);
      if (top < lastBottom - 1) faults.push(`${name} lies over the one before`);
      lastBottom = bottom;
      const range = document.createRange();
      range.selectNodeContents(line);
      for (const part of range.getClientRects()) {
        if (part.left < box.left - 1 || part.right > box.right + 1) {
          faults.push(`${name}: its text leaves the timeline (${part.left} to ${part.right})`);
          break;
        }
        if (part.top < top - 8 || part.bottom > bottom + 8) {
          faults.push(`${name}: its text leaves its line`);
          break;
        }
      }
    }
    return faults;
  });
}

function isAtTop(log: Locator): Promise<boolean> {
  return log.evaluate((element) => element.scrollTop === 0);
}

/** Gives the messages and names with piled marks another colour. */
async function paint(person: Person, color: string): Promise<void> {
  for (const text of [PILED, PILED_NAME]) {
    await person.messages.getByText(text, { exact: true }).evaluateAll((elements, color) => {
      for (const element of elements) (element as HTMLElement).style.color = color;
    }, color);
  }
}

async function startOf(locator: Locator): Promise<number> {
  return (await locator.boundingBox())?.x ?? Number.NaN;
}

async function endOf(locator: Locator): Promise<number> {
  const box = await locator.boundingBox();
  return box === null ? Number.NaN : box.x + box.width;
}
