import type { Code } from "../../shared/codes.ts";
import type { TransportKind } from "../../shared/connection/connection-state.ts";
import type { NicknameFault } from "../../shared/nickname.ts";
import type { MoveSummary } from "../room/timeline.ts";
import type { Formats } from "./formats.ts";

/**
 * Everything that the page says, in one language: a file each beside this one. A word that is missing there is a type error there.
 * Names that people chose are passed in and come out as they are; who shows them takes care of their direction.
 */
export type Words = {
  /** BCP 47. */
  readonly tag: string;
  readonly direction: "ltr" | "rtl";
  readonly format: Formats;

  // Coming in
  readonly entrance: string;
  readonly nickname: string;
  readonly join: string;
  readonly joining: string;
  readonly cancel: string;
  readonly tryAgain: string;
  readonly startOver: string;
  readonly joinAs: (nick: string) => string;
  readonly nicknameFault: Readonly<Record<NicknameFault, string>>;
  readonly tryingAgainIn: (seconds: number) => string;
  readonly tryingNow: string;
  /** The server takes its time. */
  readonly slow: string;
  readonly noSuchRoom: string;
  readonly noSuchRoomBecause: string;
  readonly toTheLobby: string;

  /**
   * What a code of the server means to the person, as a whole sentence. `unreachable`: nothing was heard from it at all; `intercepted`: something
   * else answered in its place, such as the sign-in page of a network.
   */
  readonly because: Readonly<Record<Code | "unreachable" | "intercepted", string>>;
  readonly takeBack: string;

  // Connection
  readonly connected: string;
  readonly over: Readonly<Record<TransportKind, string>>;
  readonly roundTrip: (ms: number) => string;
  readonly connecting: string;
  readonly reconnecting: string;
  readonly restarting: string;
  readonly offline: string;
  readonly disconnected: string;
  readonly inSeconds: (seconds: number) => string;
  readonly now: string;
  /** So many messages go out as soon as there is a connection. */
  readonly waiting: (count: number) => string;

  // Room
  readonly room: (name: string) => string;
  readonly leave: string;
  readonly leaveAnyway: string;
  readonly unsent: (count: number) => string;
  readonly messages: string;
  readonly you: string;
  readonly unread: string;
  readonly newMessages: (count: number) => string;
  readonly toLatest: string;
  readonly loadingOlder: string;
  readonly olderFailed: string;
  readonly beginning: string;
  /** There is more above, but not on this page any more. */
  readonly tooMany: string;
  readonly empty: string;
  readonly gap: (count: number) => string;
  readonly operator: string;
  /** Comings and goings as one line; `summary` names at most a few, `more` counts those it leaves out of each group. */
  readonly moves: (group: keyof MoveSummary, names: readonly string[], more: number) => string;
  readonly renamed: (from: string, to: string) => string;
  /** One message, read aloud. */
  readonly said: (nick: string, message: string) => string;

  // Writing
  readonly message: string;
  readonly writeTo: (room: string) => string;
  readonly send: string;
  readonly splits: (count: number) => string;
  readonly sending: string;
  readonly notSent: string;
  readonly sendAgain: string;
  readonly discard: string;
  readonly unknownCommand: (word: string) => string;
  /** `/me` without anything after it. */
  readonly emptyAction: string;
  readonly help: readonly (readonly [typed: string, meaning: string])[];
  readonly helpTitle: string;
  readonly close: string;

  // People
  readonly people: string;
  readonly peopleCount: (count: number) => string;
  readonly filterPeople: string;
  readonly nobodyFound: string;
  readonly unlisted: (count: number) => string;
  readonly mention: (nick: string) => string;
  readonly changeNickname: string;
  readonly newNickname: string;
  readonly save: string;
  /** A button: hands over the link to this room, which is an invitation. */
  readonly invite: string;
  readonly linkCopied: string;
  /** Stands before the link, where the page may not copy it by itself. */
  readonly copyYourself: string;

  // Settings
  readonly settings: string;
  readonly language: string;
  readonly languageOfBrowser: string;
  readonly theme: string;
  readonly themes: Readonly<Record<"system" | "light" | "dark", string>>;
  /** A switch: when somebody calls and the page is not in front. */
  readonly notify: string;
  readonly notifyForbidden: string;
  readonly sound: string;
  /** The title of a notification. */
  readonly calledBy: (nick: string, room: string) => string;
};
