import type { RoomName } from "../../../shared/room-name.ts";

/** What is in braces decides where a cluster keeps a key: a room's keys are together, and rooms are spread. */
const ALL = "palabre:{palabre}";

/** Keys that are one for all rooms. */
export const HOUSE = {
  /** Which layout of keys this is: `FORMAT`. */
  format: `${ALL}:format`,
  /** Nodes that run, by when their lease ends. */
  nodes: `${ALL}:nodes`,
  /** Rooms that have a log, and rooms of which anything is kept. */
  logs: `${ALL}:logs`,
  rooms: `${ALL}:rooms`,
  /** The room of each session. */
  sessions: `${ALL}:sessions`,
  /** Places reserved for the moment of a commit, of each node: which one it is, and how many. */
  reserved: `${ALL}:reserved`,
  /** Sessions that are held. */
  places: `${ALL}:places`,
} as const;

export const FORMAT = "1";
/** Stands in its place while only a part of what is copied there has arrived. */
export const MOVING_IN = "moving in";

/** A room's keys. */
export type RoomKeys = {
  /** A stream: records of packets that were appended together. An entry's id is the offset of its last packet. */
  readonly log: string;
  /** `log`, `first`, `last`, `at`, `rev`, `tag`: the log as it stands, how many commits the nodes were told of, and the name of the last that appended; `used`: when it was last used. */
  readonly state: string;
  /** What is kept of each session. */
  readonly sessions: string;
  /** The session that has each nickname. */
  readonly claims: string;
  /** The last commit of each node, and what it was answered. */
  readonly done: string;
  /** The node that looks after each session that needs it. */
  readonly care: string;
  /** Sessions that need no care, by when they ended. */
  readonly ended: string;
  /** Not a key: where the nodes are told. */
  readonly channel: string;
};

export function roomKeys(room: RoomName): RoomKeys {
  const all = `palabre:{room:${room}}`;
  return {
    log: `${all}:log`,
    state: `${all}:state`,
    sessions: `${all}:sessions`,
    claims: `${all}:claims`,
    done: `${all}:done`,
    care: `${all}:care`,
    ended: `${all}:ended`,
    channel: `${all}:news`,
  };
}

/** In the order in which the scripts take them. */
export function allOf({ log, state, sessions, claims, done, care, ended }: RoomKeys): string[] {
  return [log, state, sessions, claims, done, care, ended];
}
