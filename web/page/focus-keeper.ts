/**
 * Sees to it that the keyboard never ends up nowhere: where what had the focus is taken away, the focus goes to the next of a list that it was in,
 * else to where the screen has its home (`data-home`).
 */
export function keepFocus(root: Element): void {
  let focused: Element | undefined;
  addEventListener("focusin", ({ target }) => {
    focused = target instanceof Element && root.contains(target) ? target : undefined;
  });
  addEventListener("focusout", () => {
    const left = focused;
    // Some browsers also say so of what is being taken away. What is still there by then was left by the person.
    setTimeout(() => {
      if (left?.isConnected && focused === left && document.activeElement !== left) focused = undefined;
    });
  });
  new MutationObserver((changes) => {
    // Whoever took it away may have said where to go on.
    if (!focused || document.activeElement !== document.body) return;
    const change = changes.find(({ removedNodes }) => [...removedNodes].some((node) => node.contains(focused as Element)));
    if (!change) return;
    const next = focused.isConnected ? focused : (neighbour(change) ?? root.querySelector("[data-home]"));
    focused = undefined;
    if (next instanceof HTMLElement && !(takesText(next) && matchMedia("(pointer: coarse)").matches)) next.focus();
  }).observe(root, { childList: true, subtree: true });
}

function neighbour(change: MutationRecord): Element | undefined {
  for (const node of [change.nextSibling, change.previousSibling]) {
    if (node instanceof HTMLLIElement && node.isConnected) return node.querySelector("a[href], button, input") ?? undefined;
  }
  return undefined;
}

/** On a touch screen the focus there would bring the keyboard up over half of the room. */
function takesText(element: Element): boolean {
  return element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement;
}
