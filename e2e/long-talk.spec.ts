import type { Locator, Page } from "playwright/test";
import { expect, test } from "./fixtures.ts";

// docs/page.md: E12. Only a part of a long talk is drawn at a time; nobody who scrolls through it may notice.

test.use({ settings: { RATE_BURST: "0" } });
test.setTimeout(120_000);

const LINES = Array.from({ length: 500 }, (_, index) => `line ${index + 1}${index % 7 === 6 ? `\n${"and more ".repeat(index % 40)}` : ""}`);

test("what one reads moves by as much as the wheel, and by nothing else, through all older pages", async ({ newPerson, newTalker }) => {
  await (await newTalker("talker")).says(...LINES);
  const alice = await (await newPerson()).joins("alice");
  await expect(alice.messages.getByText("line 500", { exact: true })).toBeInViewport();
  await alice.messages.hover();
  let turns = 0;
  for (; !(await alice.messages.getByText("Nothing older is kept.").isVisible()); turns++) {
    expect(turns, "turns of the wheel").toBeLessThan(400);
    const before = await middleLine(alice.messages);
    await alice.page.mouse.wheel(0, -300);
    const moved = async () => {
      const { top, atTop } = await topOf(alice.messages, before.offset);
      // At the top of what is drawn it moves less, until more is there.
      return atTop && top - before.top < 298 ? "at the top" : String(Math.round((top - before.top) / 4) * 4);
    };
    await expect.poll(moved, `turn ${turns}, at ${before.offset}`).toMatch(/^(300|at the top)$/);
    const where = await moved();
    await frames(alice.page, 3);
    if (where === "300") expect(await moved(), `turn ${turns}, a moment later`).toBe("300");
  }
  expect(turns).toBeGreaterThan(20);
});

test("Home and End lead to the ends of all that is known, and past pages that are still to come", async ({ newPerson, newTalker }) => {
  const talker = await newTalker("talker");
  await talker.says(...LINES);
  const alice = await (await newPerson()).joins("alice");
  await expect(alice.messages.getByText("line 500", { exact: true })).toBeInViewport();
  await expect(async () => {
    await alice.messages.press("Home");
    await expect(alice.messages.getByText("Nothing older is kept.")).toBeInViewport({ timeout: 200 });
  }).toPass();
  await talker.says("said meanwhile");
  await expect(alice.page.getByRole("button", { name: /1 new message/ })).toBeVisible();
  await expect(alice.messages.getByText("Nothing older is kept.")).toBeInViewport();
  await alice.messages.press("End");
  await expect(alice.messages.getByText("said meanwhile")).toBeInViewport();
  await talker.says("and it is followed again");
  await expect(alice.messages.getByText("and it is followed again")).toBeInViewport();
  await alice.messages.press("Home");
  await expect(alice.messages.getByText("Nothing older is kept.")).toBeInViewport();
});

test("a window of another size, or larger letters, keep the place that is read", async ({ newPerson, newTalker }) => {
  await (await newTalker("talker")).says(...LINES);
  const alice = await (await newPerson()).joins("alice");
  await expect(alice.messages.getByText("line 500", { exact: true })).toBeInViewport();
  await alice.messages.hover();
  for (let turn = 0; turn < 12; turn++) {
    await alice.page.mouse.wheel(0, -400);
    await frames(alice.page, 4);
  }
  await atRest(alice.messages);
  const read = await firstLine(alice.messages);
  for (const [width, height, letters] of [
    [500, 700, "100%"],
    [320, 500, "100%"],
    [1280, 720, "200%"],
    [1280, 720, "100%"],
  ] as const) {
    await alice.page.setViewportSize({ width, height });
    await alice.page.evaluate((size) => document.documentElement.style.setProperty("font-size", size), letters);
    await frames(alice.page, 6);
    await expect.poll(() => firstLine(alice.messages), `${width} × ${height}, ${letters}`).toBe(read);
  }
});

/** The line in the middle of what is seen: its offset in the log, and how far below the top of the view it is. */
function middleLine(log: Locator): Promise<{ offset: string; top: number }> {
  return log.evaluate((box) => {
    const { top, height } = box.getBoundingClientRect();
    const line = [...box.querySelectorAll<HTMLElement>("[data-offset]")].find(
      (line) => line.getBoundingClientRect().top > top + height / 3,
    );
    if (!line) throw new Error("nothing is in sight");
    return { offset: line.dataset.offset ?? "", top: line.getBoundingClientRect().top };
  });
}

function topOf(log: Locator, offset: string): Promise<{ top: number; atTop: boolean }> {
  return log.evaluate((box, offset) => {
    const line = box.querySelector<HTMLElement>(`[data-offset="${offset}"]`);
    return { top: line?.getBoundingClientRect().top ?? Number.NaN, atTop: box.scrollTop === 0 };
  }, offset);
}

function firstLine(log: Locator): Promise<string | undefined> {
  return log.evaluate((box) => {
    const { top } = box.getBoundingClientRect();
    return [...box.querySelectorAll<HTMLElement>("[data-offset]")].find((line) => line.getBoundingClientRect().bottom > top + 1)?.dataset
      .offset;
  });
}

/** A wheel turns on for a moment. */
async function atRest(log: Locator): Promise<void> {
  let last = Number.NaN;
  await expect(async () => {
    const now = await log.evaluate((box) => box.scrollTop);
    const rests = now === last;
    last = now;
    expect(rests).toBe(true);
  }).toPass({ intervals: [300] });
}

async function frames(page: Page, count: number): Promise<void> {
  await page.evaluate(async (left) => {
    for (; left > 0; left--) await new Promise(requestAnimationFrame);
  }, count);
}
