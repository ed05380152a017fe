import { expect, type Page } from "playwright/test";

/** What has the focus, as a screen reader would call it; that it can be seen is asserted. */
export async function focused(page: Page): Promise<string> {
  const { name, outline, onScreen } = await page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const at = document.elementFromPoint(
      Math.min(innerWidth - 1, Math.max(0, box.left + box.width / 2)),
      Math.min(innerHeight - 1, Math.max(0, box.top + box.height / 2)),
    );
    const label = "labels" in element && (element.labels as NodeListOf<HTMLLabelElement> | null)?.[0]?.innerText;
    return {
      name:
        element === document.body
          ? "nothing"
          : (element.getAttribute("aria-label") ?? (label || element.title || element.innerText.trim())),
      outline: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2,
      // Nothing lies over its middle, and it has not been scrolled away.
      onScreen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && at !== null && (element.contains(at) || at.contains(element)),
    };
  });
  expect(name, "something has the focus").not.toBe("nothing");
  expect.soft(outline, `the focus shows on ${name}`).toBe(true);
  expect.soft(onScreen, `${name}, which has the focus, is to be seen`).toBe(true);
  return name;
}

/** Where the focus comes to with Tab after Tab, `until` the last of them. */
export async function tabsThrough(page: Page, until: string): Promise<string[]> {
  const names: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const name = await focused(page);
    names.push(name);
    if (name === until) return names;
  }
  throw new Error(`never came to ${until}: ${names.join(", ")}`);
}

/** Tabs to what is called so. */
export async function tabsTo(page: Page, name: string, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press(key);
    if ((await focused(page)) === name) return;
  }
  throw new Error(`never came to ${name}`);
}
