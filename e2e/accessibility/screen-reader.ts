import type { Page } from "playwright/test";

declare global {
  /** What the page made the screen reader say, in order. */
  var spoken: string[];
}

/**
 * Listens to a page as a screen reader does: not to what stands there, but to what comes into its live regions. Gives what it has said so far.
 * By ARIA 1.2: `aria-live`, else what the role implies; `status` and `alert` are read whole, the rest by what was added. An alert is read also when
 * it comes with its text; any other region has to be there before.
 */
export async function screenReader(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(listen);
  await page.evaluate(listen);
  return () => page.evaluate(() => globalThis.spoken);
}

// It runs in the page: everything that it needs is inside.
function listen(): void {
  const LIVE: Record<string, string> = { alert: "assertive", status: "polite", log: "polite", timer: "off", marquee: "off" };
  const spoken: string[] = [];
  globalThis.spoken = spoken;

  function liveOf(element: Element): string | undefined {
    return element.getAttribute("aria-live") ?? LIVE[element.getAttribute("role") ?? ""];
  }

  function regionOf(node: Node): Element | undefined {
    for (let element = node.parentElement; element; element = element.parentElement) if (liveOf(element) !== undefined) return element;
    return undefined;
  }

  function isAtomic(region: Element): boolean {
    const atomic = region.getAttribute("aria-atomic");
    return atomic === null ? ["alert", "status"].includes(region.getAttribute("role") ?? "") : atomic === "true";
  }

  function textOf(node: Node): string {
    if (node instanceof Element) {
      const { display, visibility } = getComputedStyle(node);
      if (node.getAttribute("aria-hidden") === "true" || display === "none" || visibility === "hidden") return "";
      const label = node.getAttribute("aria-label");
      if (label !== null) return label;
      return [...node.childNodes].map(textOf).join(display.startsWith("inline") ? "" : " ");
    }
    return node.nodeType === Node.TEXT_NODE ? (node.textContent ?? "") : "";
  }

  function say(text: string): void {
    const words = text.replace(/\s+/g, " ").trim();
    if (words !== "" && document.visibilityState === "visible") spoken.push(words);
  }

  function onChanges(changes: MutationRecord[]): void {
    const whole = new Set<Element>();
    const added = new Set<Node>();
    for (const { type, target, addedNodes } of changes) for (const node of type === "childList" ? addedNodes : [target]) added.add(node);
    for (const node of added) {
      if (!node.isConnected) continue;
      // Within something that was added as well: it is a part of that.
      if ([...added].some((other) => other !== node && other.contains(node))) continue;
      const region = regionOf(node);
      if (region) {
        if (liveOf(region) === "off" || region.closest('[aria-busy="true"]')) continue;
        if (isAtomic(region)) whole.add(region);
        else say(textOf(node));
      } else if (node instanceof Element) {
        for (const alert of [node, ...node.querySelectorAll("*")]) if (liveOf(alert) === "assertive") whole.add(alert);
      }
    }
    for (const region of whole) say(textOf(region));
  }

  new MutationObserver(onChanges).observe(document, { childList: true, characterData: true, subtree: true });
}
