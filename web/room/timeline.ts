import type { RoomEvent } from "../../shared/connection/connection-event.ts";
import { nicknameKey } from "../../shared/nickname.ts";
import type { LeftWhy } from "../../shared/service.ts";

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

/** `before`: older packets are asked for before this offset. `end`: the offset up to which the room is known. */
export type Timeline = { readonly items: readonly TimelineItem[]; readonly before: number; readonly end: number };

/** One person's messages stand under one name as long as they are not older than this, ms. */
export const GROUP_MS = 5 * 60_000;
// Above these a new item begins: growing an item copies it, and drawing it again draws all of it.
const MAX_LINES = 30;
const MAX_MOVES = 200;

/** A timeline that knows nothing yet of a room whose next packet is `offset + 1`. */
export function emptyTimeline(offset: number): Timeline {
  return { items: [], before: offset + 1, end: offset };
}

/**
 * The timeline with what happened next. Events that it knows already are left out. `unreadFrom`: the line that marks where unread
 * begins is moved to before this offset. The cost is that of the events, and one copy of the list of items.
 */
export function append(timeline: Timeline, events: readonly TimelineEvent[], unreadFrom?: number): Timeline {
  const items = [...timeline.items];
  let end = timeline.end;
  for (const event of events) {
    if (lastOffset(event) <= end) continue;
    end = lastOffset(event);
    const first = firstOffset(event);
    const before = items.at(-1);
    if (before === undefined || dayOf(before.at) !== dayOf(event.at)) {
      items.push({ kind: "day", key: `day${first}`, first, last: first, at: event.at });
    }
    if (first === unreadFrom) {
      const old = items.findLastIndex((item) => item.kind === "unread");
      if (old >= 0) items.splice(old, 1);
      items.push({ kind: "unread", key: `unread${first}`, first, last: first, at: event.at });
    }
    const item = itemOf(event);
    const last = items.at(-1);
    const grown = last && join(last, item);
    if (grown) items[items.length - 1] = grown;
    else items.push(item);
  }
  return end === timeline.end ? timeline : { ...timeline, items, end };
}

/** The timeline with an older page before it. `first` is the offset of the first packet looked at for that page. */
export function prepend(timeline: Timeline, first: number, events: readonly RoomEvent[]): Timeline {
  const older = append(
    { items: [], before: first, end: first - 1 },
    events.filter((event) => event.offset < timeline.before),
  ).items;
  const seam = older.at(-1);
  if (!seam) return { ...timeline, before: first };
  const [head, ...rest] = timeline.items;
  const sameDay = head?.kind === "day" && dayOf(head.at) === dayOf(seam.at);
  const newer = sameDay ? rest : timeline.items;
  const next = newer[0];
  const joined = next && join(seam, next);
  // The newer item's key is kept: it may be on screen.
  const items = joined ? [...older.slice(0, -1), { ...joined, key: next.key }, ...newer.slice(1)] : [...older, ...newer];
  return { ...timeline, items, before: first };
}

/** The timeline without the line that marks where unread begins. */
export function withoutUnread(timeline: Timeline): Timeline {
  if (!timeline.items.some((item) => item.kind === "unread")) return timeline;
  return { ...timeline, items: timeline.items.filter((item) => item.kind !== "unread") };
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
