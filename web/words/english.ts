import type { Formats } from "./formats.ts";
import type { Words } from "./words.ts";

// Without a comma before "and", wherever it is read.
const list = new Intl.ListFormat("en-GB", { type: "conjunction" });
const confused = "This page and the server did not understand each other.";

export const english = (format: Formats): Words => ({
  tag: "en",
  direction: "ltr",
  format,
  title: (room, unread) => (unread > 0 ? `(${format.number(unread)}) ${room} · Palabre` : `${room} · Palabre`),

  entrance: "Choose a nickname and come in. No account needed.",
  nickname: "Nickname",
  join: "Join",
  joining: "Coming in…",
  cancel: "Cancel",
  tryAgain: "Try again",
  startOver: "Back to the entrance",
  joinAs: (nick) => `Join as ${nick}`,
  nicknameFault: {
    empty: "Type a nickname.",
    "too-long": "At most 15 characters.",
    "white-space": "No spaces, please.",
    invisible: "It contains a character that cannot be seen.",
  },
  tryingAgainIn: (seconds) => `Trying again in ${format.number(seconds)} s`,
  tryingNow: "Trying again…",
  noSuchRoom: "There is no such room",
  noSuchRoomBecause: "The name of a room has small letters, digits and hyphens, at most 32 of them.",
  toTheLobby: "Go to the lobby",

  because: {
    "nick-taken": "Somebody here has this nickname already.",
    "nick-invalid": "This nickname cannot be used here.",
    "nick-mismatch": "It was written under another nickname.",
    "room-invalid": "This room is not open here.",
    "message-invalid": "The server does not take this text.",
    "too-large": "That was too long.",
    "rate-limited": "That was too much at once.",
    full: "The chat is full.",
    stopping: "The chat is restarting.",
    internal: "The chat has a problem at the moment.",
    timeout: "The chat did not answer in time.",
    unreachable: "The chat cannot be reached.",
    forbidden: "The chat does not let this page in.",
    removed: "The operator has removed you from this room.",
    replaced: "The conversation went on in another tab.",
    malformed: confused,
    "hello-first": confused,
    "wrong-room": confused,
    "unknown-session": confused,
    "seq-gap": confused,
  },
  takeBack: "Go on here",

  connected: "Connected",
  over: { websocket: "over WebSocket", "long-poll": "over long polling" },
  roundTrip: (ms) => `Round trip: ${format.number(Math.round(ms))} ms`,
  connecting: "Connecting",
  reconnecting: "Reconnecting",
  restarting: "The server is restarting",
  offline: "Offline",
  disconnected: "Not connected",
  inSeconds: (seconds) => `in ${format.number(seconds)} s`,
  now: "Try now",

  room: (name) => `Room ${name}`,
  leave: "Leave",
  leaveAnyway: "Leave anyway",
  unsent: (count) =>
    format.plural(count, {
      one: "# message has not been sent. It would be lost.",
      other: "# messages have not been sent. They would be lost.",
    }),
  messages: "Messages",
  you: "you",
  unread: "New",
  newMessages: (count) => format.plural(count, { one: "# new message", other: "# new messages" }),
  toLatest: "Go to the latest message",
  loadingOlder: "Loading older messages…",
  olderFailed: "Older messages could not be loaded.",
  beginning: "Nothing older is kept.",
  empty: "Nobody has said anything yet.",
  gap: (count) => format.plural(count, { one: "# message is no longer kept", other: "# messages are no longer kept" }),
  operator: "The operator",
  moves: (group, names, more) => {
    const who = list.format(more > 0 ? [...names, format.plural(more, { one: "# other", other: "# others" })] : names);
    const did = { came: "came in", back: "came back", passed: "came in and left", left: "left", lost: "lost the connection" };
    if (group === "removed") return names.length + more > 1 ? `${who} were removed` : `${who} was removed`;
    return `${who} ${did[group]}`;
  },
  renamed: (from, to) => `${from} is now ${to}`,

  message: "Message",
  writeTo: (room) => `Say something in ${room}`,
  send: "Send",
  splits: (count) => `Will be sent as ${format.number(count)} messages`,
  sending: "Sending",
  notSent: "Not sent.",
  sendAgain: "Try again",
  discard: "Discard",
  unknownCommand: (word) => `There is no command /${word}. To say it as it is, begin with two slashes: //${word}`,
  helpTitle: "What can be typed",
  help: [
    ["Enter", "sends"],
    ["Shift + Enter", "begins a new line"],
    ["@name", "calls somebody"],
    ["/nick name", "changes your nickname"],
    ["/me waves", "says what you do"],
    ["//text", "says something that begins with a slash"],
    ["/help", "shows this"],
  ],
  close: "Close",

  people: "People",
  peopleCount: (count) => format.plural(count, { one: "# person", other: "# people" }),
  filterPeople: "Filter people",
  nobodyFound: "Nobody by that name.",
  unlisted: (count) => format.plural(count, { one: "and # more", other: "and # more" }),
  mention: (nick) => `Mention ${nick}`,
  changeNickname: "Change nickname",
  newNickname: "New nickname",
  save: "Save",
});
