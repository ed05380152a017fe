import type { Code } from "../codes.ts";
import type { LeftWhy } from "../service.ts";

/** What happened in the room, in the order of its log. `offset` is its place there, `at` its time in ms since the epoch. */
export type RoomEvent =
  | { kind: "message"; offset: number; at: number; nick: string; message: string }
  | { kind: "joined"; offset: number; at: number; nicks: readonly string[] }
  | { kind: "left"; offset: number; at: number; nicks: readonly string[]; why: LeftWhy }
  | { kind: "renamed"; offset: number; at: number; from: string; to: string }
  | { kind: "notice"; offset: number; at: number; text: string };

/** What is for this receiver only. */
export type PersonalEvent =
  /** In. `fresh`: what was known of the room before is void (first time, or the log is another one): start the timeline over. */
  | { kind: "welcome"; nick: string; room: string; resumed: boolean; fresh: boolean; offset: number; online: number }
  /** These offsets are no longer kept. */
  | { kind: "gap"; from: number; to: number; at: number }
  /** All who are here, in place of what was known. Complete unless `online` is more than `nicks` holds. */
  | { kind: "roster"; nicks: readonly string[]; online: number }
  | { kind: "online"; online: number }
  | { kind: "nick"; nick: string }
  | { kind: "rename-refused"; code: Code; message: string }
  | { kind: "stopping"; reason: string; reconnectInMs: number };

export type ConnectionEvent = RoomEvent | PersonalEvent;

/** A page of older packets. `first` is the offset of the first packet looked at: where the next older page ends. */
export type HistoryPage = { readonly first: number; readonly events: readonly RoomEvent[] };
