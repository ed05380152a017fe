import type { TimelineItem } from "./timeline.ts";

/**
 * Which part of the timeline is drawn: its end, or what follows the packet at an offset. Only so much is drawn that scrolling through a long
 * talk costs no more than through a short one.
 */
export type Place = "end" | number;
/** Indices into the items: the first drawn, and the one after the last drawn. */
export type Window = { readonly from: number; readonly to: number };

const LINES = 300;
const STEP = 150;

export function windowOf(items: readonly TimelineItem[], place: Place): Window {
  if (place === "end") return { from: back(items, items.length, LINES), to: items.length };
  const from = indexOf(items, place);
  return { from, to: forth(items, from, LINES + STEP) };
}

/** The place from which some more is seen above; undefined where all is seen that is known. */
export function higher(items: readonly TimelineItem[], { from }: Window): Place | undefined {
  return from === 0 ? undefined : items[back(items, from, STEP)]?.first;
}

/** The place from which some more is seen below; undefined where the end is in sight. */
export function lower(items: readonly TimelineItem[], { from, to }: Window): Place | undefined {
  return to >= items.length ? undefined : items[forth(items, from, STEP)]?.first;
}

/** The first item that shows the packet at `offset`, or what comes after it. */
function indexOf(items: readonly TimelineItem[], offset: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle] as TimelineItem).last < offset) low = middle + 1;
    else high = middle;
  }
  return Math.min(low, Math.max(0, items.length - 1));
}

function back(items: readonly TimelineItem[], from: number, lines: number): number {
  let index = from;
  for (let left = lines; index > 0 && left > 0; index--) left -= weight(items[index - 1]);
  return index;
}

function forth(items: readonly TimelineItem[], from: number, lines: number): number {
  let index = from;
  for (let left = lines; index < items.length && left > 0; index++) left -= weight(items[index]);
  return index;
}

function weight(item: TimelineItem | undefined): number {
  return item?.kind === "messages" ? item.lines.length : 1;
}
