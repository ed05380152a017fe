import type { Page } from "playwright/test";
import { expect, test } from "../fixtures.ts";
import type { Person } from "../pages/person.ts";
import type { Talker } from "../talker.ts";

test.use({ settings: { RATE_BURST: "0" } });
test.describe.configure({ timeout: 60_000 });

/** What cannot be reached, or lies over something else, or is cut off; nothing of that may be. */
async function faults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const root = document.documentElement;
    for (const panel of document.querySelectorAll("aside")) panel.scrollTop = 0;
    if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} px wide in ${root.clientWidth}`);
    const called = (element: Element) =>
      `${element.tagName} ${element.getAttribute("aria-label") ?? element.textContent?.trim().slice(0, 30)}`;
    const visible = (element: Element) =>
      element.getClientRects().length > 0 && getComputedStyle(element).clipPath === "none" && !element.closest(".unseen");
    const within = (inner: DOMRect, outer: DOMRect) => inner.left >= outer.left - 1 && inner.right <= outer.right + 1;
    const controls = [...document.querySelectorAll("button, input, textarea, select, a[href], h1")].filter(visible);
    for (const element of document.querySelectorAll("p, li, h1, h2, button, summary, label, dt, dd, .line, .news")) {
      if (!visible(element)) continue;
      const box = element.getBoundingClientRect();
      if (box.left < -1 || box.right > root.clientWidth + 1) found.push(`${called(element)} reaches over the side`);
      const { overflowX, overflowY } = getComputedStyle(element);
      const clips = overflowX !== "visible" || overflowY !== "visible";
      if (clips && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1))
        found.push(`${called(element)} is cut`);
      // What is written stays inside of what it is written on.
      for (const child of element.children) {
        if (visible(child) && !within(child.getBoundingClientRect(), box)) found.push(`${called(child)} hangs out of ${called(element)}`);
      }
    }
    // Things that do not scroll with the talk, one with the other.
    const fixed = controls.filter((element) => !element.closest('[role="log"]'));
    for (const [index, one] of fixed.entries()) {
      const a = one.getBoundingClientRect();
      if (a.bottom <= 0 || a.top >= innerHeight) continue;
      for (const other of fixed.slice(index + 1)) {
        const b = other.getBoundingClientRect();
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        const panel = one.closest("aside") !== other.closest("aside");
        if (across > 1 && down > 1 && !panel && !one.contains(other)) found.push(`${called(one)} and ${called(other)} overlap`);
      }
    }
    return found;
  });
}

async function isReadable(page: Page, state: string): Promise<void> {
  expect(await faults(page), state).toEqual([]);
}

/** The composer is there, whole, and there is some of the talk above it. */
async function leavesRoom({ page, composer, messages }: Person): Promise<void> {
  const writing = await composer.boundingBox();
  const talk = await messages.boundingBox();
  const height = await page.evaluate(() => innerHeight);
  expect((writing?.y ?? 0) + (writing?.height ?? 0)).toBeLessThanOrEqual(height);
  expect(talk?.height ?? 0).toBeGreaterThan(height / 8);
}

async function isReadableThroughout(maria: Person, newTalker: (nick: string) => Promise<Talker>): Promise<void> {
  const { page } = maria;
  await isReadable(page, "join");
  await maria.nickname.fill("two words");
  await isReadable(page, "join, with a fault");
  const ana = await newTalker("Ana");
  await newTalker("Bartholomäus123");
  await maria.joins("Maximiliane1234");
  await ana.says(
    "Good morning, @Maximiliane1234! Who has the key?",
    "https://example.org/a/very/long/path/that/does/not/end/anywhere/soon",
    "x".repeat(300),
  );
  await maria.sees("x".repeat(300));
  await isReadable(page, "room");
  await leavesRoom(maria);
  await maria.composer.fill("a long story ".repeat(100));
  await isReadable(page, "a long draft");
  await maria.composer.fill("");
  await maria.says("/help");
  await isReadable(page, "help");
  await leavesRoom(maria);
  await page.keyboard.press("Escape");
  await maria.says("/dance");
  await isReadable(page, "hint");
  const people = page.getByRole("button", { name: "3 people" });
  if (await people.isVisible()) await people.click();
  await isReadable(page, "people");
  await page.getByRole("button", { name: "Change nickname" }).click();
  await isReadable(page, "another nickname");
  await page.keyboard.press("Escape");
  await page.getByText("Settings", { exact: true }).click();
  await isReadable(page, "settings");
}

for (const [size, viewport] of [
  ["a small phone", { width: 320, height: 568 }],
  ["a window at 200 %", { width: 640, height: 400 }],
  ["a window at 400 %", { width: 320, height: 256 }],
] as const) {
  test(`nothing overlaps, is cut or has to be scrolled sideways: ${size}`, async ({ newPerson, newTalker }) => {
    const maria = await newPerson();
    await maria.page.setViewportSize(viewport);
    await isReadableThroughout(maria, newTalker);
  });
}

for (const viewport of [
  { width: 1280, height: 800 },
  { width: 640, height: 800 },
  { width: 360, height: 640 },
]) {
  test(`nor is it with letters of twice the size, ${viewport.width} px wide`, async ({ newPerson, newTalker }) => {
    const maria = await newPerson();
    await maria.page.setViewportSize(viewport);
    await maria.page.evaluate(() => {
      document.documentElement.style.fontSize = "200%";
    });
    expect(await maria.nickname.evaluate((field) => getComputedStyle(field).fontSize)).toBe("32px");
    await isReadableThroughout(maria, newTalker);
  });
}

test("who wants no motion has none", async ({ newPerson }) => {
  const { page } = await newPerson();
  const motion = () =>
    page.evaluate(
      () =>
        [...document.querySelectorAll("*")].filter((element) => !/^(0s(, )?)+$/.test(getComputedStyle(element).transitionDuration)).length,
    );
  expect(await motion()).toBeGreaterThan(0);
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await motion()).toBe(0);
});
