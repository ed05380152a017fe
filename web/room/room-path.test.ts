import { expect, it } from "vitest";
import { parseRoomName, type RoomName } from "../../shared/room-name.ts";
import { pathOf, roomFromPath } from "./room-path.ts";

it.each([
  ["/", "lobby"],
  ["/r/kitchen", "kitchen"],
  ["/r/kitchen/", "kitchen"],
  ["/r/room-2", "room-2"],
])("[P11] %s leads to %s", (path, room) => {
  expect(roomFromPath(path)).toBe(room);
});

it.each(["/", "/r/kitchen"])("[P11] %s is where the room is to which it leads", (path) => {
  expect(pathOf(roomFromPath(path) ?? (parseRoomName("nowhere") as RoomName))).toBe(path);
});

it.each(["/r/", "/r/Kitchen", "/r/-x", "/r/a/b", "/r/%20", `/r/${"a".repeat(33)}`, "/elsewhere"])("[P11] %s leads to no room", (path) => {
  expect(roomFromPath(path)).toBeUndefined();
});
