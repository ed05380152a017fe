import type { ConnectionEvent, HistoryPage } from "../../shared/connection/connection-event.ts";
import { nicknameKey } from "../../shared/nickname.ts";
import { count, NOBODY, type Roster, rosterOf, withOnline, withoutPeople, withPeople, withRenamed } from "./roster.ts";
import { append, emptyTimeline, prepend, type Timeline, type TimelineEvent, withoutUnread } from "./timeline.ts";

/** All that is known of the room. `unread`: what others said since the person last looked. */
export type RoomPicture = {
  readonly nick: string;
  readonly timeline: Timeline;
  readonly roster: Roster;
  readonly unread: number;
  /** The last events, as they came: what the timeline is made of again after a reload. */
  readonly recent: readonly TimelineEvent[];
};

/** What a picture is made of again after a reload. `before`: what is older has to be asked for. */
export type Snapshot = {
  readonly before: number;
  readonly events: readonly TimelineEvent[];
  readonly nicks: readonly string[];
  readonly online: number;
};

const RECENT = 300;

export const EMPTY_PICTURE: RoomPicture = { nick: "", timeline: emptyTimeline(0), roster: NOBODY, unread: 0, recent: [] };

/** The picture after what one payload brought. `attending`: the person sees the end of the timeline. */
export function withEvents(picture: RoomPicture, events: readonly ConnectionEvent[], attending: boolean): RoomPicture {
  let { nick, timeline, roster, unread, recent } = picture;
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
        }
        break;
      case "nick":
        nick = event.nick;
        break;
      case "roster":
        roster = rosterOf(event.nicks, event.online);
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
        if (!attending && event.offset > timeline.end && nicknameKey(event.nick) !== nicknameKey(nick)) {
          if (unread === 0) unreadFrom = event.offset;
          unread++;
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
  if (shown.length === 0) return { ...picture, nick, timeline, roster, unread, recent };
  return { nick, timeline: append(timeline, shown, unreadFrom), roster, unread, recent: [...recent, ...shown].slice(-RECENT) };
}

/** The picture with an older page of the log. */
export function withOlder(picture: RoomPicture, page: HistoryPage): RoomPicture {
  return { ...picture, timeline: prepend(picture.timeline, page.first, page.events) };
}

/** The person has seen all. The line in the timeline stays, so that they find where they were. */
export function read(picture: RoomPicture): RoomPicture {
  return picture.unread === 0 ? picture : { ...picture, unread: 0 };
}

/** The person answered: nothing before that is unread. */
export function answered(picture: RoomPicture): RoomPicture {
  const timeline = withoutUnread(picture.timeline);
  return picture.unread === 0 && timeline === picture.timeline ? picture : { ...picture, timeline, unread: 0 };
}

export function snapshotOf({ recent, timeline, roster }: RoomPicture): Snapshot {
  const [oldest] = recent;
  const before = oldest === undefined ? timeline.end + 1 : oldest.kind === "gap" ? oldest.from : oldest.offset;
  return { before, events: recent, nicks: [...roster.people.values()], online: count(roster) };
}

export function pictureFrom({ before, events, nicks, online }: Snapshot, nick: string): RoomPicture {
  const timeline = append(emptyTimeline(before - 1), events);
  return { nick, timeline, roster: rosterOf(nicks, online), unread: 0, recent: events };
}
