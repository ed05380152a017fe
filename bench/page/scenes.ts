import type { Page } from "playwright";
import type { Subject } from "./subjects.ts";

export type Scene = { readonly name: string; readonly play: (page: Page, subject: Subject) => Promise<void> };

/** What a reader of a long talk does. Each begins where the one before left off. */
export const SCENES: readonly Scene[] = [
  {
    name: "wheel, 300 turns up, 300 down",
    async play(page) {
      await page.getByRole("log").hover();
      for (const pixels of [-600, 600]) for (let turn = 0; turn < 300; turn++) await page.mouse.wheel(0, pixels);
    },
  },
  {
    name: "Page Up 150 times, Page Down 150 times",
    async play(page) {
      await page.getByRole("log").focus();
      for (const key of ["PageUp", "PageDown"])
        for (let press = 0; press < 150; press++) {
          await page.keyboard.press(key);
          await frames(page, 2);
        }
    },
  },
  {
    name: "Home and End, 10 times each",
    async play(page) {
      await page.getByRole("log").focus();
      for (let press = 0; press < 10; press++) {
        await page.keyboard.press("Home");
        await frames(page, 5);
        await page.keyboard.press("End");
        await frames(page, 5);
      }
    },
  },
  { name: "dragging the scroll bar up and down", play: drag },
  { name: "the window resized 40 times, at the end", play: resize },
  {
    name: "the window resized 40 times, reading back",
    async play(page) {
      await readBack(page);
      await resize(page);
    },
  },
  {
    name: "reading back, 20 messages a second arrive (10 s)",
    async play(page, subject) {
      await readBack(page);
      const going = subject.goesOn(page, 200, 10_000);
      for (let turn = 0; turn < 200; turn++) await page.mouse.wheel(0, turn % 40 < 20 ? -300 : 300);
      await going;
    },
  },
  {
    name: "1,000 messages in a second while typing, reading back",
    async play(page, subject) {
      await readBack(page);
      await burst(page, subject);
    },
  },
  {
    name: "1,000 messages in a second while typing, at the end",
    async play(page, subject) {
      await page.getByRole("log").press("End");
      await toEnd(page);
      await burst(page, subject);
    },
  },
];

async function burst(page: Page, subject: Subject): Promise<void> {
  const field = page.getByRole("textbox").last();
  await field.focus();
  const going = subject.goesOn(page, 1000, 1000);
  await field.pressSequentially("what one types while the others talk", { delay: 30 });
  await going;
  await frames(page, 20);
  await field.fill("");
}

async function readBack(page: Page): Promise<void> {
  await page.getByRole("log").hover();
  for (let turn = 0; turn < 10; turn++) await page.mouse.wheel(0, -500);
}

/** To the end of all there is, however many steps End takes. */
async function toEnd(page: Page): Promise<void> {
  const latest = page.getByRole("button", { name: /new message|latest|newest/i });
  if (await latest.isVisible()) await latest.click();
  await frames(page, 5);
}

async function resize(page: Page): Promise<void> {
  const size = page.viewportSize() ?? { width: 1280, height: 720 };
  for (let step = 0; step < 40; step++) {
    await page.setViewportSize({ width: size.width - (step % 20) * 40, height: size.height - (step % 10) * 20 });
  }
  await page.setViewportSize(size);
}

async function drag(page: Page): Promise<void> {
  const box = await page.getByRole("log").boundingBox();
  if (box === null) throw new Error("there is no timeline");
  const x = box.x + box.width - 7;
  await page.mouse.move(x, box.y + box.height - 22);
  await page.mouse.down();
  for (const [from, to] of [
    [1, 0.05],
    [0.05, 0.95],
  ] as const) {
    for (let step = 0; step <= 60; step++) await page.mouse.move(x, box.y + box.height * (from + ((to - from) * step) / 60));
  }
  await page.mouse.up();
}

async function frames(page: Page, count: number): Promise<void> {
  await page.evaluate(async (left) => {
    for (; left > 0; left--) await new Promise(requestAnimationFrame);
  }, count);
}
