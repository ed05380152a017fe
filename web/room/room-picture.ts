import type { ConnectionEvent, HistoryPage, RoomEvent } from "../../shared/connection/connection-event.ts";
import { nicknameKey } from "../../shared/nickname.ts";
import { mentions } from "./message-pieces.ts";
import { count, NOBODY, type Roster, rosterOf, withOnline, withoutPeople, withPeople, withRenamed } from "./roster.ts";
import { append, emptyTimeline, prepend, type Timeline, type TimelineEvent, withinBound, withoutUnread } from "./timeline.ts";

/**
 * All that is known of the room. `unread`: what others said since the person last looked; `calls`: in how much of it they are called by name.
 * `settled`: what was said before the person came has been told.
 */
export type RoomPicture = {
  readonly nick: string;
  readonly timeline: Timeline;
  readonly roster: Roster;
  readonly unread: number;
  readonly calls: number;
  /** The last time that somebody called them. */
  readonly call: Call | undefined;
  readonly settled: boolean;
  /** The last events, as they came: what the timeline is made of again after a reload. */
  readonly recent: readonly TimelineEvent[];
};

/** Somebody's message in which the person is called by name. */
export type Call = Extract<RoomEvent, { kind: "message" }>;

/** What a picture is made of again after a reload. `before`: what is older has to be asked for. */
export type Snapshot = {
  readonly before: number;
  readonly events: readonly TimelineEvent[];
  readonly nicks: readonly string[];
  readonly online: number;
};

const RECENT = 300;

export const EMPTY_PICTURE: RoomPicture = {
  nick: "",
  timeline: emptyTimeline(0),
  roster: NOBODY,
  unread: 0,
  calls: 0,
  call: undefined,
  settled: false,
  recent: [],
};

/** The picture after what one payload brought. `attending`: the person sees the end of the timeline. */
export function withEvents(picture: RoomPicture, events: readonly ConnectionEvent[], attending: boolean): RoomPicture {
  let { nick, timeline, roster, unread, calls, call, settled, recent } = picture;
  let unreadFrom: number | undefined;
  let shown: TimelineEvent[] = [];
  for (const event of events) {
    switch (event.kind) {
      case "welcome":
        nick = event.nick;
        if (event.fresh) {
          timeline = emptyTimeline(event.offset);
          roster = rosterOf([], event.online);
          shown = [];
          recent = [];
          unread = 0;
          calls = 0;
          settled = false;
        }
        break;
      case "nick":
        nick = event.nick;
        break;
      case "roster":
        roster = rosterOf(event.nicks, event.online);
        // It follows what was said before one came.
        settled = true;
        break;
      case "online":
        roster = withOnline(roster, event.online);
        break;
      case "joined":
        roster = withPeople(roster, event.nicks);
        shown.push(event);
        break;
      case "left":
        roster = withoutPeople(roster, event.nicks);
        shown.push(event);
        break;
      case "renamed":
        roster = withRenamed(roster, event.from, event.to);
        shown.push(event);
        break;
      case "message":
        if (settled && event.offset > timeline.end && nicknameKey(event.nick) !== nicknameKey(nick)) {
          const called = mentions(event.message, nicknameKey(nick));
          if (called) call = event;
          if (!attending) {
            if (unread === 0) unreadFrom = event.offset;
            unread++;
            if (called) calls++;
          }
        }
        shown.push(event);
        break;
      case "notice":
      case "gap":
        shown.push(event);
        break;
      case "rename-refused":
      case "stopping":
        break;
      default:
        event satisfies never;
    }
  }
  const next = { nick, timeline, roster, unread, calls, call, settled, recent };
  if (shown.length === 0) return next;
  return { ...next, timeline: withinBound(append(timeline, shown, unreadFrom)), recent: [...recent, ...shown].slice(-RECENT) };
}

/** The picture with an older page of the log. */
export function withOlder(picture: RoomPicture, page: HistoryPage): RoomPicture {
  return { ...picture, timeline: prepend(picture.timeline, page.first, page.events) };
}

/** The person has seen all. The line in the timeline stays, so that they find where they were. */
export function read(picture: RoomPicture): RoomPicture {
  return picture.unread === 0 ? picture : { ...picture, unread: 0, calls: 0 };
}

/** The person answered: nothing before that is unread. */
export function answered(picture: RoomPicture): RoomPicture {
  const timeline = withoutUnread(picture.timeline);
  return picture.unread === 0 && timeline === picture.timeline ? picture : { ...picture, timeline, unread: 0, calls: 0 };
}

export function snapshotOf({ recent, timeline, roster }: RoomPicture): Snapshot {
  const [oldest] = recent;
  const before = oldest === undefined ? timeline.end + 1 : oldest.kind === "gap" ? oldest.from : oldest.offset;
  return { before, events: recent, nicks: [...roster.people.values()], online: count(roster) };
}

export function pictureFrom({ before, events, nicks, online }: Snapshot, nick: string): RoomPicture {
  const timeline = append(emptyTimeline(before - 1), events);
  return { ...EMPTY_PICTURE, nick, timeline, roster: rosterOf(nicks, online), settled: true, recent: events };
}
