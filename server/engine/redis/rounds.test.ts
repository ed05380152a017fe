import { expect, it } from "vitest";
import type { RoomName } from "../../../shared/room-name.ts";
import { Rounds } from "./rounds.ts";

const rooms = (count: number) => Array.from({ length: count }, (_, at) => `room-${at}` as RoomName);
const HOUR_MS = 60 * 60 * 1000;

it.each([1, 10, 15, 100, 1000])("%i rooms: each is in turn once in a round, and never many at once", (count) => {
  const rounds = new Rounds({ roundMs: HOUR_MS, everyMs: HOUR_MS / 15 });
  const turns = Array.from({ length: 15 }, () => rounds.next(rooms(count)));
  expect(turns.flat()).toEqual(rooms(count));
  for (const turn of turns) expect(turn.length).toBeLessThanOrEqual(Math.ceil(count / 15));
  // The round is not over.
  expect(rounds.next(rooms(count))).toEqual([]);
});

it("without a round all are in turn each time, also those who have just come", () => {
  const rounds = new Rounds({ roundMs: 0, everyMs: 2000 });
  for (const count of [0, 3, 4]) expect(rounds.next(rooms(count))).toEqual(rooms(count));
});
