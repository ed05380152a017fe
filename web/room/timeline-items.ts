import type { TimelineItem } from "./timeline.ts";

/** Items in one part. Small enough to copy at every message, large enough that there are few parts. */
const PART = 128;

/**
 * The items of a timeline, oldest first: a list that never changes. One with more at an end shares all but the outermost parts with it, so that
 * it costs next to nothing, however long the list is.
 */
export class TimelineItems implements Iterable<TimelineItem> {
  static readonly EMPTY = new TimelineItems([]);

  readonly #parts: readonly (readonly TimelineItem[])[];
  /** How many items stand before each part. */
  readonly #starts: readonly number[];
  readonly length: number;

  private constructor(parts: readonly (readonly TimelineItem[])[]) {
    this.#parts = parts;
    let length = 0;
    this.#starts = parts.map((part) => {
      length += part.length;
      return length - part.length;
    });
    this.length = length;
  }

  static of(items: readonly TimelineItem[]): TimelineItems {
    return new TimelineItems(inParts(items));
  }

  /** As of an array: a negative index counts from the end. */
  at(index: number): TimelineItem | undefined {
    const place = index < 0 ? this.length + index : index;
    if (place < 0 || place >= this.length) return undefined;
    const number = this.#partWith(place);
    return this.#parts[number]?.[place - (this.#starts[number] as number)];
  }

  slice(from: number, to: number): TimelineItem[] {
    const items: TimelineItem[] = [];
    for (let index = from; index < Math.min(to, this.length); ) {
      const number = this.#partWith(index);
      const part = this.#parts[number] as readonly TimelineItem[];
      const start = this.#starts[number] as number;
      items.push(...part.slice(index - start, to - start));
      index = start + part.length;
    }
    return items;
  }

  *[Symbol.iterator](): Iterator<TimelineItem> {
    for (const part of this.#parts) yield* part;
  }

  /** The last items, for whoever puts more behind them, and the list without them. */
  splitEnd(): [rest: TimelineItems, end: TimelineItem[]] {
    return [new TimelineItems(this.#parts.slice(0, -1)), [...(this.#parts.at(-1) ?? [])]];
  }

  /** The first items, two or more where there are so many, and the list without them. */
  splitStart(): [start: TimelineItem[], rest: TimelineItems] {
    const start: TimelineItem[] = [];
    let parts = 0;
    while (parts < this.#parts.length && start.length < 2) start.push(...(this.#parts[parts++] as readonly TimelineItem[]));
    return [start, new TimelineItems(this.#parts.slice(parts))];
  }

  before(newer: TimelineItems): TimelineItems {
    return new TimelineItems([...this.#parts, ...newer.#parts]);
  }

  /** Without the items that `leaves` names; the same list where there are none. */
  without(leaves: (item: TimelineItem) => boolean): TimelineItems {
    if (!this.#parts.some((part) => part.some(leaves))) return this;
    const parts = this.#parts.map((part) => (part.some(leaves) ? part.filter((item) => !leaves(item)) : part));
    return new TimelineItems(parts.filter((part) => part.length > 0));
  }

  #partWith(index: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function inParts(items: readonly TimelineItem[]): TimelineItem[][] {
  const parts: TimelineItem[][] = [];
  for (let index = 0; index < items.length; index += PART) parts.push(items.slice(index, index + PART));
  return parts;
}
