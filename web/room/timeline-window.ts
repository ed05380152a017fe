import type { TimelineItem } from "./timeline.ts";
import type { TimelineItems } from "./timeline-items.ts";

/**
 * Which part of the timeline is drawn: its end, or what follows the packet at an offset. Only so much is drawn that scrolling through a long
 * talk costs no more than through a short one.
 */
export type Place = "end" | number;
/** Indices into the items: the first drawn, and the one after the last drawn. */
export type Window = { readonly from: number; readonly to: number };

/**
 * So many lines are drawn, and so many more at a time when one comes near an edge: enough for a wall screen with some to spare above and below, and a
 * step that is drawn within a frame on a cheap phone too.
 */
const LINES = 160;
const STEP = 40;
/** No item counts for more lines than this, so that the last ones of a window are never cut off where it is moved. */
const MOST_WEIGHT = 50;

export function windowOf(items: TimelineItems, place: Place): Window {
  if (place === "end") return { from: steady(items, back(items, items.length, LINES)), to: items.length };
  const from = indexOf(items, place);
  return { from, to: forth(items, from, LINES + STEP + 2 * MOST_WEIGHT) };
}

/** The place from which some more is seen above; undefined where all is seen that is known. */
export function higher(items: TimelineItems, { from }: Window): Place | undefined {
  return from === 0 ? undefined : items.at(back(items, from, STEP))?.first;
}

/** The place from which some more is seen below; undefined where the end is in sight. */
export function lower(items: TimelineItems, { from, to }: Window): Place | undefined {
  return to >= items.length ? undefined : items.at(forth(items, from, STEP))?.first;
}

/** The first item that shows the packet at `offset`, or what comes after it. */
function indexOf(items: TimelineItems, offset: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items.at(middle) as TimelineItem).last < offset) low = middle + 1;
    else high = middle;
  }
  return Math.min(low, Math.max(0, items.length - 1));
}

/** A little before `from`, at an item that stays the same for a while: a line more at the end must not mean a line less above, each time. */
function steady(items: TimelineItems, from: number): number {
  const first = items.at(from)?.first ?? 0;
  return Math.max(indexOf(items, first - (first % STEP)), back(items, from, STEP));
}

function back(items: TimelineItems, from: number, lines: number): number {
  let index = from;
  for (let left = lines; index > 0 && left > 0; index--) left -= weight(items.at(index - 1));
  return index;
}

function forth(items: TimelineItems, from: number, lines: number): number {
  let index = from;
  for (let left = lines; index < items.length && left > 0; index++) left -= weight(items.at(index));
  return index;
}

const WEIGHTS = new WeakMap<TimelineItem, number>();
// About as many characters are a line on a screen of middling width.
const LINE_UNITS = 90;

/** About how many lines it takes on the screen. */
function weight(item: TimelineItem | undefined): number {
  if (item?.kind !== "messages") return 1;
  let weight = WEIGHTS.get(item);
  if (weight === undefined) {
    weight = Math.min(
      MOST_WEIGHT,
      item.lines.reduce((sum, { message }) => sum + rows(message), 0),
    );
    WEIGHTS.set(item, weight);
  }
  return weight;
}

function rows(message: string): number {
  let rows = 1 + Math.floor(message.length / LINE_UNITS);
  for (let at = message.indexOf("\n"); at >= 0; at = message.indexOf("\n", at + 1)) rows++;
  return rows;
}
