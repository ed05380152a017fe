import type { ReadingPlace } from "../room/keepsake.ts";

/** Within so many pixels of an edge counts as there. */
const AT_END = 40;
const NEAR = 800;

/**
 * Keeps a scrolling box where the person wants it: at its end while they follow, else at what they read, whatever comes or goes above and below.
 * The browser's own scroll anchoring is off in the box: not every browser has it, and two would be one too many.
 */
export class ScrollKeeper {
  readonly #box: HTMLElement;
  #anchor: { readonly element: HTMLElement; readonly top: number } | undefined;
  #following = true;
  /** Where the box stood when it was last put in order, or the person last seen to scroll. */
  #at = 0;
  /** The top is wanted, and may not be drawn yet. */
  #toTop = false;
  /** What the box and its content measured then. */
  #shape = "";
  /** Where the person was reading in an earlier life of the page, as long as that is not drawn. */
  #sought: Exclude<ReadingPlace, "end"> | undefined;

  /**
   * What is read stands in `box` as elements with `data-offset`, in the order of these. What only stands between, and goes when other pages
   * come (the names of days, the line before unread), has none: it is nothing to hold on to.
   */
  constructor(box: HTMLElement) {
    this.#box = box;
  }

  /** At the bottom of what is drawn. */
  get atBottom(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    return scrollHeight - scrollTop - clientHeight < AT_END;
  }

  get nearBottom(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  get nearTop(): boolean {
    return this.#box.scrollTop < NEAR;
  }

  get place(): ReadingPlace {
    if (this.#following || !this.#anchor) return "end";
    return { offset: Number(this.#anchor.element.dataset.offset), top: this.#anchor.top };
  }

  /** What the person was reading is not drawn yet. */
  get seeking(): boolean {
    return this.#sought !== undefined;
  }

  /** After the person scrolled: remembers what they see. `end`: the last of what is drawn is the last there is. */
  note(end: boolean): void {
    // The window or the letters have another size since this was put in order, and nobody scrolled to what is seen now.
    if (this.#shape !== this.#shapeNow() && this.#moved === 0) {
      this.settle();
      return;
    }
    // No higher than it was put: it is not the person who left the end, but the end that went on.
    const overtaken = this.#following && this.#box.scrollTop >= this.#at - 1;
    this.#sought = undefined;
    this.#following = end && (overtaken || this.atBottom);
    this.#remember();
    if (this.#following) this.settle();
    this.#noteAnchor();
  }

  /** So many pixels the person has scrolled since: not what the browser did because there is less to scroll than there was. */
  get #moved(): number {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    const moved = scrollTop - this.#at;
    const cutShort = moved < 0 && scrollTop >= scrollHeight - clientHeight - 1;
    return cutShort || Math.abs(moved) < 1 ? 0 : moved;
  }

  #remember(): void {
    this.#at = this.#box.scrollTop;
    this.#shape = this.#shapeNow();
  }

  #noteAnchor(): void {
    const element = this.#firstInSight();
    this.#anchor = element && { element, top: this.#topOf(element) };
  }

  /** After something was drawn: puts what they see back where it was. False where there is too little above it for that. */
  settle(): boolean {
    this.#heed();
    const reached = this.#putInOrder();
    this.#remember();
    return reached;
  }

  /** What the person scrolled, and no event has told of yet, is not taken back. */
  #heed(): void {
    const moved = this.#moved;
    if (!this.#following && this.#anchor) this.#anchor = { ...this.#anchor, top: this.#anchor.top - moved };
    if (!this.#following || moved >= 0) return;
    this.#following = false;
    this.#noteAnchor();
  }

  #putInOrder(): boolean {
    const { scrollHeight, clientHeight } = this.#box;
    if (this.#sought) this.#find(this.#sought);
    if (this.#toTop) {
      this.#toTop = false;
      this.#box.scrollTop = 0;
      this.#noteAnchor();
    } else if (this.#following) {
      this.#box.scrollTop = scrollHeight - clientHeight;
    } else if (this.#anchor?.element.isConnected) {
      this.#scrollBy(this.#topOf(this.#anchor.element) - this.#anchor.top);
      return this.#box.scrollTop > 0 || this.#topOf(this.#anchor.element) > this.#anchor.top - 1;
    }
    return true;
  }

  /** With the next `settle`: the top of what is drawn then. */
  goToTop(): void {
    this.#sought = undefined;
    this.#following = false;
    this.#toTop = true;
  }

  follow(): void {
    this.#sought = undefined;
    this.#following = true;
    this.#remember();
    this.settle();
  }

  /** Goes to where the person was reading in an earlier life of the page, as soon as that is drawn. */
  restore(place: Exclude<ReadingPlace, "end">): void {
    this.#following = false;
    this.#sought = place;
    this.settle();
  }

  #find({ offset, top }: Exclude<ReadingPlace, "end">): void {
    const element = this.#box.querySelector<HTMLElement>(`[data-offset="${offset}"]`);
    if (!element) return;
    this.#sought = undefined;
    this.#anchor = { element, top };
  }

  #shapeNow(): string {
    const { scrollHeight, clientHeight, clientWidth } = this.#box;
    return `${scrollHeight} ${clientHeight} ${clientWidth}`;
  }

  #scrollBy(pixels: number): void {
    if (Math.abs(pixels) >= 1) this.#box.scrollTop += pixels;
  }

  #topOf(element: HTMLElement): number {
    return element.getBoundingClientRect().top - this.#box.getBoundingClientRect().top;
  }

  #firstInSight(): HTMLElement | undefined {
    const elements = this.#box.querySelectorAll<HTMLElement>("[data-offset]");
    const top = this.#box.getBoundingClientRect().top;
    let low = 0;
    let high = elements.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((elements[middle] as HTMLElement).getBoundingClientRect().bottom <= top) low = middle + 1;
      else high = middle;
    }
    return elements[low];
  }
}
