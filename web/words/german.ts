import type { Formats } from "./formats.ts";
import type { Words } from "./words.ts";

const confused = "Diese Seite und der Server haben sich nicht verstanden.";

/** Says "du". */
export const german = (format: Formats): Words => ({
  tag: "de",
  direction: "ltr",
  format,

  entrance: "Such dir einen Namen aus und komm rein. Ein Konto brauchst du nicht.",
  nickname: "Spitzname",
  join: "Eintreten",
  joining: "Einen Moment\u00a0…",
  cancel: "Abbrechen",
  tryAgain: "Erneut versuchen",
  startOver: "Zurück zum Eingang",
  joinAs: (nick) => `Als ${nick} eintreten`,
  nicknameFault: {
    empty: "Gib einen Namen ein.",
    "too-long": "Höchstens 15 Zeichen.",
    "white-space": "Bitte ohne Leerzeichen.",
    invisible: "Darin ist ein Zeichen, das man nicht sieht.",
  },
  tryingAgainIn: (seconds) => `Neuer Versuch in ${format.number(seconds)} s`,
  tryingNow: "Neuer Versuch\u00a0…",
  slow: "Das dauert länger als sonst. Noch ist keine Antwort da.",
  noSuchRoom: "Diesen Raum gibt es nicht",
  noSuchRoomBecause: "Raumnamen bestehen aus Kleinbuchstaben ohne Umlaute, Ziffern und Bindestrichen: höchstens 32 Zeichen.",
  toTheLobby: "Zur Lobby",

  because: {
    "nick-taken": "Diesen Namen hat hier schon jemand.",
    "nick-invalid": "Dieser Name geht hier nicht.",
    "nick-mismatch": "Das wurde unter einem anderen Namen geschrieben.",
    "room-invalid": "Dieser Raum ist hier nicht geöffnet.",
    "message-invalid": "Diesen Text nimmt der Server nicht an.",
    "too-large": "Das war zu lang.",
    "rate-limited": "Das war zu viel auf einmal.",
    full: "Der Chat ist voll.",
    stopping: "Der Chat startet neu.",
    internal: "Der Chat hat gerade ein Problem.",
    timeout: "Der Chat hat nicht rechtzeitig geantwortet.",
    unreachable: "Der Chat ist nicht erreichbar.",
    intercepted: "Statt des Chats antwortet etwas anderes. Wenn dieses Netz eine Anmeldeseite hat, öffne die zuerst.",
    forbidden: "Der Chat lässt diese Seite nicht herein.",
    removed: "Die Moderation hat dich aus diesem Raum entfernt.",
    replaced: "Das Gespräch ging in einem anderen Tab weiter.",
    malformed: confused,
    "hello-first": confused,
    "wrong-room": confused,
    "unknown-session": confused,
    "seq-gap": confused,
  },
  takeBack: "Hier weitermachen",

  connected: "Verbunden",
  over: { websocket: "über WebSocket", "long-poll": "über Long Polling" },
  roundTrip: (ms) => `Hin und zurück: ${format.number(Math.round(ms))} ms`,
  connecting: "Verbinde",
  reconnecting: "Verbinde neu",
  restarting: "Der Server startet neu",
  offline: "Kein Netz",
  disconnected: "Nicht verbunden",
  inSeconds: (seconds) => `in ${format.number(seconds)} s`,
  now: "Jetzt versuchen",
  waiting: (count) => format.plural(count, { one: "# Nachricht wartet aufs Senden", other: "# Nachrichten warten aufs Senden" }),

  room: (name) => `Raum ${name}`,
  leave: "Verlassen",
  leaveAnyway: "Trotzdem verlassen",
  unsent: (count) =>
    format.plural(count, {
      one: "# Nachricht ist noch nicht gesendet. Sie ginge verloren.",
      other: "# Nachrichten sind noch nicht gesendet. Sie gingen verloren.",
    }),
  messages: "Nachrichten",
  you: "du",
  unread: "Neu",
  newMessages: (count) => format.plural(count, { one: "# neue Nachricht", other: "# neue Nachrichten" }),
  toLatest: "Zur neuesten Nachricht",
  loadingOlder: "Ältere Nachrichten werden geladen\u00a0…",
  olderFailed: "Ältere Nachrichten ließen sich nicht laden.",
  beginning: "Älteres ist nicht mehr da.",
  tooMany: "Weiter oben ist mehr, als diese Seite fassen kann.",
  empty: "Noch hat niemand etwas gesagt.",
  gap: (count) => format.plural(count, { one: "# Nachricht ist nicht mehr da", other: "# Nachrichten sind nicht mehr da" }),
  operator: "Die Moderation",
  moves: (group, names, more) => {
    const who = format.list(more > 0 ? [...names, format.plural(more, { one: "# weitere Person", other: "# weitere" })] : names);
    const many = names.length + more > 1;
    switch (group) {
      case "came":
        return `${who} ${many ? "sind" : "ist"} dazugekommen`;
      case "back":
        return `${who} ${many ? "sind" : "ist"} zurück`;
      case "passed":
        return `${who} ${many ? "waren" : "war"} kurz da`;
      case "left":
        return `${who} ${many ? "sind" : "ist"} gegangen`;
      case "lost":
        return `${who} ${many ? "haben" : "hat"} die Verbindung verloren`;
      case "removed":
        return `Die Moderation hat ${who} entfernt`;
      default:
        return group satisfies never;
    }
  },
  renamed: (from, to) => `${from} heißt jetzt ${to}`,
  said: (nick, message) => `${nick}: ${message}`,

  message: "Nachricht",
  writeTo: (room) => `Sag etwas in ${room}`,
  send: "Senden",
  splits: (count) => `Wird auf ${format.number(count)} Nachrichten verteilt`,
  sending: "Wird gesendet",
  notSent: "Nicht gesendet.",
  sendAgain: "Noch einmal",
  discard: "Verwerfen",
  unknownCommand: (word) => `Den Befehl /${word} gibt es nicht. Um es genau so zu sagen, fang mit zwei Schrägstrichen an: //${word}`,
  emptyAction: "Sag, was du tust: /me winkt",
  helpTitle: "Was du tippen kannst",
  help: [
    ["Enter", "sendet"],
    ["Umschalt + Enter", "beginnt eine neue Zeile"],
    ["@Name", "ruft jemanden"],
    ["/nick Name", "ändert deinen Namen"],
    ["/me winkt", "sagt, was du tust"],
    ["//Text", "sagt etwas, das mit einem Schrägstrich beginnt"],
    ["/help", "zeigt das hier"],
  ],
  close: "Schließen",

  people: "Leute",
  peopleCount: (count) => format.plural(count, { one: "# Person", other: "# Leute" }),
  filterPeople: "Leute filtern",
  nobodyFound: "Niemand mit diesem Namen.",
  unlisted: (count) => `und ${format.number(count)} weitere`,
  mention: (nick) => `${nick} erwähnen`,
  changeNickname: "Namen ändern",
  newNickname: "Neuer Name",
  save: "Speichern",
  invite: "Einladen",
  linkCopied: "Der Link zu diesem Raum ist kopiert. Wer ihn öffnet, ist drin.",
  copyYourself: "Wer diesen Link öffnet, ist drin:",

  settings: "Einstellungen",
  language: "Sprache",
  languageOfBrowser: "Wie der Browser",
  theme: "Aussehen",
  themes: { system: "Wie das Gerät", light: "Hell", dark: "Dunkel" },
  notify: "Mir Bescheid geben, wenn mich jemand ruft",
  notifyForbidden:
    "Der Browser erlaubt dieser Seite keine Benachrichtigungen. Das lässt sich in seinen Einstellungen für diese Website ändern.",
  sound: "Einen Ton abspielen, wenn mich jemand ruft",
  calledBy: (nick, room) => `${nick} ruft dich in ${room}`,
});
