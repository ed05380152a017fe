import type { Page } from "playwright/test";
import { expect, test } from "./fixtures.ts";

// docs/page.md: E16. No time is measured: what was asked for when the key came,
// the callback before the next picture, finds the message laid out, in sight, and not covered by anything.

test.use({ settings: { RATE_BURST: "0" } });
test.setTimeout(120_000);

test("one's own message is on screen in the frame of the key press", async ({ newPerson }) => {
  const alice = await (await newPerson()).joins("alice");
  await alice.composer.fill("the first thing said here");
  expect(await seenWithTheKey(alice.page, "the first thing said here")).toEqual(["in sight"]);
  await alice.sees("the first thing said here");
});

test("also at the end of a long talk, from further up in it, and while others talk a lot", async ({ newPerson, newTalker }) => {
  const talker = await newTalker("talker");
  await talker.says(...Array.from({ length: 400 }, (_, index) => `line ${index + 1}`));
  const alice = await (await newPerson()).joins("alice");
  await alice.sees("line 400");
  await alice.composer.fill("from the end");
  expect(await seenWithTheKey(alice.page, "from the end")).toEqual(["in sight"]);

  await alice.messages.hover();
  await expect(async () => {
    await alice.page.mouse.wheel(0, -600);
    await expect(alice.messages.getByText("from the end")).not.toBeInViewport({ timeout: 100 });
  }).toPass();
  await alice.composer.fill("from further up");
  expect(await seenWithTheKey(alice.page, "from further up")).toEqual(["in sight"]);

  const others = talker.says(...Array.from({ length: 1000 }, (_, index) => `burst ${index + 1}`));
  await alice.composer.fill("in the middle of it");
  expect(await seenWithTheKey(alice.page, "in the middle of it")).toEqual(["in sight"]);
  await others;
  await alice.sees("in the middle of it");
});

/** Presses Enter in the field, and says what is to be seen of `text` in the log by the next animation frame. */
async function seenWithTheKey(page: Page, text: string): Promise<string[]> {
  const seen = page.evaluate(
    (text) =>
      new Promise<string[]>((resolve) => {
        const look = () => {
          const log = document.querySelector("[role=log]") as HTMLElement;
          const box = log.getBoundingClientRect();
          const found: string[] = [];
          const walker = document.createTreeWalker(log, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const node = walker.currentNode;
            if (node.nodeValue !== text) continue;
            const range = document.createRange();
            range.selectNode(node);
            const { left, right, top, bottom, width, height } = range.getBoundingClientRect();
            const inside = width > 0 && height > 0 && top >= box.top && bottom <= box.bottom && left >= box.left && right <= box.right;
            const onTop = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
            found.push(!inside ? "drawn, out of sight" : onTop?.contains(node) ? "in sight" : "covered");
          }
          resolve(found);
        };
        // Before the page itself hears of the key: nothing of what it does later than in this frame can be seen.
        addEventListener("keydown", () => requestAnimationFrame(look), { capture: true, once: true });
        document.documentElement.dataset.looking = text;
      }),
    text,
  );
  await expect(page.locator("html")).toHaveAttribute("data-looking", text);
  await page.keyboard.press("Enter");
  return seen;
}
