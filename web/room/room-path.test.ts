import { expect, it } from "vitest";
import { roomFromPath } from "./room-path.ts";

it.each([
  ["/", "lobby"],
  ["/r/kitchen", "kitchen"],
  ["/r/kitchen/", "kitchen"],
  ["/r/room-2", "room-2"],
])("[P11] %s leads to %s", (path, room) => {
  expect(roomFromPath(path)).toBe(room);
});

it.each(["/r/", "/r/Kitchen", "/r/-x", "/r/a/b", "/r/%20", `/r/${"a".repeat(33)}`, "/elsewhere"])("[P11] %s leads to no room", (path) => {
  expect(roomFromPath(path)).toBeUndefined();
});
