/**
 * Tells the style sheet how much of the window can be seen: some phones lay their keyboard over the page without making it smaller, and the
 * composer has to stay above it.
 */
export function followViewport(): void {
  const view = window.visualViewport;
  if (!view) return;
  const tell = () => {
    // A page that was zoomed into is not a keyboard.
    if (view.scale > 1.01) return;
    document.documentElement.style.setProperty("--seen", `${Math.round(view.height)}px`);
    if (view.offsetTop > 0) scrollTo(0, 0);
  };
  view.addEventListener("resize", tell);
  tell();
}
