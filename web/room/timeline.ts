import type { RoomEvent } from "../../shared/connection/connection-event.ts";
import { nicknameKey } from "../../shared/nickname.ts";
import type { LeftWhy } from "../../shared/service.ts";
import { TimelineItems } from "./timeline-items.ts";

/** What becomes a part of the timeline: what happened in the room, and what is no longer known of it. */
export type TimelineEvent = RoomEvent | { readonly kind: "gap"; readonly from: number; readonly to: number; readonly at: number };

export type Line = { readonly offset: number; readonly at: number; readonly message: string };
export type Move = { readonly nick: string; readonly how: "came" | LeftWhy };

/**
 * What stands in the timeline. `key` stays the same as long as the item is there, also while it grows; `first` and `last` are the
 * offsets of the packets that it shows (a separator has those of the packet after it). An item never changes: it is replaced.
 */
export type TimelineItem = { readonly key: string; readonly first: number; readonly last: number; readonly at: number } & (
  | { readonly kind: "day" }
  | { readonly kind: "unread" }
  | { readonly kind: "messages"; readonly nick: string; readonly lines: readonly Line[] }
  | { readonly kind: "moves"; readonly moves: readonly Move[] }
  | { readonly kind: "renamed"; readonly from: string; readonly to: string }
  | { readonly kind: "notice"; readonly text: string }
  | { readonly kind: "gap"; readonly count: number }
);

/** `before`: older packets are asked for before this offset. `end`: the offset up to which the room is known. `size`: how many lines it holds. */
export type Timeline = { readonly items: TimelineItems; readonly before: number; readonly end: number; readonly size: number };

/** One person's messages stand under one name as long as they are not older than this, ms. */
export const GROUP_MS = 5 * 60_000;
// Above these a new item begins: growing an item copies it, and drawing it again draws all of it.
const MAX_LINES = 30;
const MAX_MOVES = 200;

/** A timeline that knows nothing yet of a room whose next packet is `offset + 1`. */
export function emptyTimeline(offset: number): Timeline {
  return { items: TimelineItems.EMPTY, before: offset + 1, end: offset, size: 0 };
}

/**
 * The timeline with what happened next. Events that it knows already are left out. `unreadFrom`: the line that marks where unread
 * begins is moved to before this offset. The cost is that of the events, however long the timeline is.
 */
export function append(timeline: Timeline, events: readonly TimelineEvent[], unreadFrom?: number): Timeline {
  let [kept, items] = timeline.items.splitEnd();
  let { end, size } = timeline;
  for (const event of events) {
    if (lastOffset(event) <= end) continue;
    end = lastOffset(event);
    const first = firstOffset(event);
    const before = items.at(-1);
    if (before === undefined || dayOf(before.at) !== dayOf(event.at)) items.push(dayBefore(first, event.at));
    if (first === unreadFrom) {
      kept = kept.without(isUnread);
      items = items.filter((item) => !isUnread(item));
      items.push({ kind: "unread", key: `unread${first}`, first, last: first, at: event.at });
    }
    const item = itemOf(event);
    const last = items.at(-1);
    const grown = last && join(last, item);
    if (grown) items[items.length - 1] = grown;
    else items.push(item);
    size += sizeOf(item);
  }
  return end === timeline.end ? timeline : { ...timeline, items: kept.before(TimelineItems.of(items)), end, size };
}

/** The timeline with an older page before it. `first` is the offset of the first packet looked at for that page. */
export function prepend(timeline: Timeline, first: number, events: readonly RoomEvent[]): Timeline {
  const older = append(
    emptyTimeline(first - 1),
    events.filter((event) => event.offset < timeline.before),
  );
  const page = [...older.items];
  const seam = page.at(-1);
  if (!seam) return { ...timeline, before: first };
  const [start, rest] = timeline.items.splitStart();
  if (start[0]?.kind === "day" && dayOf(start[0].at) === dayOf(seam.at)) start.shift();
  const [next] = start;
  const joined = next && join(seam, next);
  if (joined) {
    page.pop();
    // The newer item's key is kept: it may be on screen.
    start[0] = { ...joined, key: next.key };
  }
  return { ...timeline, items: TimelineItems.of([...page, ...start]).before(rest), before: first, size: timeline.size + older.size };
}

/** The timeline without the line that marks where unread begins. */
export function withoutUnread(timeline: Timeline): Timeline {
  const items = timeline.items.without(isUnread);
  return items === timeline.items ? timeline : { ...timeline, items };
}

/** More lines than this no timeline holds in memory: some 15 MB of ordinary talk, 100 MB where every message is the longest that there can be. */
export const MOST_LINES = 100_000;

/** True where an older page would be too much. */
export function isFull({ size }: Timeline, most: number = MOST_LINES): boolean {
  return size > most * 0.95;
}

/**
 * A page may stay open for months: of a timeline of more than `most` lines the oldest tenth is forgotten. What is forgotten can be asked for again,
 * like anything before `before`.
 */
export function withinBound(timeline: Timeline, most: number = MOST_LINES): Timeline {
  if (timeline.size <= most) return timeline;
  let { items, size } = timeline;
  while (size > most * 0.9 && items.length > 0) {
    const [start, rest] = items.splitStart();
    size -= start.reduce((sum, item) => sum + sizeOf(item), 0);
    items = rest;
  }
  const first = items.at(0);
  const before = first?.first ?? timeline.end + 1;
  if (first && first.kind !== "day") items = TimelineItems.of([dayBefore(before, first.at)]).before(items);
  return { ...timeline, items, before, size };
}

/** People by what, on balance, they did: who came and went again stands under `passed`, who went and came again under `back`. */
export type MoveSummary = Readonly<Record<"came" | "back" | "passed" | LeftWhy, readonly string[]>>;

export function summarise(moves: readonly Move[]): MoveSummary {
  const people = new Map<string, { first: Move; last: Move }>();
  for (const move of moves) {
    const key = nicknameKey(move.nick);
    people.set(key, { first: people.get(key)?.first ?? move, last: move });
  }
  const summary = { came: [], back: [], passed: [], left: [], lost: [], removed: [] } as Record<keyof MoveSummary, string[]>;
  for (const { first, last } of people.values()) {
    if (last.how === "came") summary[first.how === "came" ? "came" : "back"].push(last.nick);
    else if (first.how === "came" && last.how !== "removed") summary.passed.push(last.nick);
    else summary[last.how].push(last.nick);
  }
  return summary;
}

/** A name for the local day of a time, the same for all of that day. */
export function dayOf(at: number): number {
  const date = new Date(at);
  return (date.getFullYear() * 12 + date.getMonth()) * 31 + date.getDate();
}

function firstOffset(event: TimelineEvent): number {
  return event.kind === "gap" ? event.from : event.offset;
}

function lastOffset(event: TimelineEvent): number {
  return event.kind === "gap" ? event.to : event.offset;
}

function dayBefore(first: number, at: number): TimelineItem {
  return { kind: "day", key: `day${first}`, first, last: first, at };
}

function isUnread({ kind }: TimelineItem): boolean {
  return kind === "unread";
}

/** In lines, or what takes as much memory. */
function sizeOf(item: TimelineItem): number {
  switch (item.kind) {
    case "messages":
      return item.lines.length;
    case "moves":
      return item.moves.length;
    case "day":
    case "unread":
      return 0;
    default:
      return 1;
  }
}

function itemOf(event: TimelineEvent): TimelineItem {
  const first = firstOffset(event);
  const place = { key: `${event.kind}${first}`, first, last: lastOffset(event), at: event.at };
  switch (event.kind) {
    case "message":
      return { ...place, kind: "messages", nick: event.nick, lines: [{ offset: first, at: event.at, message: event.message }] };
    case "joined":
      return { ...place, kind: "moves", moves: event.nicks.map((nick) => ({ nick, how: "came" })) };
    case "left":
      return { ...place, kind: "moves", moves: event.nicks.map((nick) => ({ nick, how: event.why })) };
    case "renamed":
      return { ...place, kind: "renamed", from: event.from, to: event.to };
    case "notice":
      return { ...place, kind: "notice", text: event.text };
    case "gap":
      return { ...place, kind: "gap", count: event.to - event.from + 1 };
    default:
      return event satisfies never;
  }
}

/** The two as one item, where they belong together. */
function join(older: TimelineItem, newer: TimelineItem): TimelineItem | undefined {
  if (dayOf(older.at) !== dayOf(newer.at)) return undefined;
  if (older.kind === "messages" && newer.kind === "messages") {
    const together = older.nick === newer.nick && newer.at - older.at < GROUP_MS && older.lines.length + newer.lines.length <= MAX_LINES;
    return together ? { ...older, last: newer.last, lines: [...older.lines, ...newer.lines] } : undefined;
  }
  if (older.kind === "moves" && newer.kind === "moves" && older.moves.length + newer.moves.length <= MAX_MOVES) {
    return { ...older, last: newer.last, moves: [...older.moves, ...newer.moves] };
  }
  return undefined;
}
