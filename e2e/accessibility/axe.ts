import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "playwright/test";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 640 };

type Look = { readonly colorScheme: "light" | "dark"; readonly viewport: typeof DESK };

/** Either theme and either width, once each: enough for what looks the same on both. */
const USUAL: readonly Look[] = [
  { colorScheme: "light", viewport: DESK },
  { colorScheme: "dark", viewport: PHONE },
];
/** For what is only on one of them. */
export const EVERY: readonly Look[] = [...USUAL, { colorScheme: "dark", viewport: DESK }, { colorScheme: "light", viewport: PHONE }];

/** axe finds nothing in what the page shows now, in either theme, on a desk and on a phone. */
export async function isAccessible(page: Page, state: string, looks = USUAL): Promise<void> {
  const before = page.viewportSize();
  for (const { colorScheme, viewport } of looks) {
    await page.setViewportSize(viewport);
    // Without the motion no colour is looked at on its way from one theme to the other.
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations, passes } = await new AxeBuilder({ page }).setLegacyMode().withTags(TAGS).analyze();
    const found = violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => ({ id, help, html, failureSummary })),
    );
    expect(found, `${state}, ${colorScheme}, ${viewport.width} px`).toEqual([]);
    // Whoever looks at nothing finds nothing.
    expect(passes.map(({ id }) => id)).toContain("color-contrast");
  }
  if (before) await page.setViewportSize(before);
}
