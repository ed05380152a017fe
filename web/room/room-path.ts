import { DEFAULT_ROOM } from "../../shared/limits.ts";
import { parseRoomName, type RoomName } from "../../shared/room-name.ts";

/** Where a room is: what its invitation ends in. */
export function pathOf(room: RoomName): string {
  return room === DEFAULT_ROOM ? "/" : `/r/${room}`;
}

/** The room that an address leads to: `/` to the lobby, `/r/NAME` to any; undefined where the name is none. */
export function roomFromPath(path: string): RoomName | undefined {
  if (path === "/") return parseRoomName(DEFAULT_ROOM);
  const [, name] = /^\/r\/([^/]+)\/?$/.exec(path) ?? [];
  return name === undefined ? undefined : parseRoomName(name);
}
