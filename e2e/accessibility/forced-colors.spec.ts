import type { Locator } from "playwright/test";
import { expect, test } from "../fixtures.ts";
import { isAccessible } from "./axe.ts";

for (const colorScheme of ["light", "dark"] as const) {
  test(`where the system chooses the colours, ${colorScheme} ones, everything can be read and told apart`, async ({
    newPerson,
    newTalker,
    relay,
  }) => {
    const ana = await newTalker("Ana");
    const maria = await newPerson(relay.url);
    const { page } = maria;
    await page.emulateMedia({ forcedColors: "active", colorScheme });
    await maria.joins("Maria");
    await ana.says("Good morning, @Maria!", "and to all of you");
    const mention = maria.messages.getByText("@Maria");
    const [ink, ground] = await mention.evaluate((mark) => [getComputedStyle(mark).color, getComputedStyle(mark).backgroundColor]);
    expect(ground).not.toContain("rgba");
    expect(ink).not.toBe(ground);
    const dot = page.getByRole("banner").getByRole("status").locator("xpath=preceding-sibling::*[1]");
    const connected = await drawn(dot);
    relay.breaks();
    await maria.isTold("Reconnecting");
    expect(await drawn(dot)).not.toBe(connected);
    await isAccessible(page, "forced colours", [{ colorScheme, viewport: { width: 1280, height: 800 } }]);
  });
}

async function drawn(dot: Locator): Promise<string> {
  return dot.evaluate((element) => {
    const { backgroundColor, borderTopWidth, borderTopLeftRadius } = getComputedStyle(element);
    return [backgroundColor, borderTopWidth, borderTopLeftRadius].join();
  });
}
