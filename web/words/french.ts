import type { Formats } from "./formats.ts";
import type { Words } from "./words.ts";

const confused = "Cette page et le serveur ne se sont pas compris.";

/** Says "vous", and does not guess whether somebody is a woman or a man. */
export const french = (format: Formats): Words => ({
  tag: "fr",
  direction: "ltr",
  format,

  entrance: "Choisissez un pseudo et entrez. Pas besoin de compte.",
  nickname: "Pseudo",
  join: "Entrer",
  joining: "Un instant…",
  cancel: "Annuler",
  tryAgain: "Réessayer",
  startOver: "Retour à l’entrée",
  joinAs: (nick) => `Entrer comme ${nick}`,
  nicknameFault: {
    empty: "Écrivez un pseudo.",
    "too-long": "15 caractères au plus.",
    "white-space": "Pas d’espaces, s’il vous plaît.",
    invisible: "Il contient un caractère invisible.",
  },
  tryingAgainIn: (seconds) => `Nouvel essai dans ${format.number(seconds)} s`,
  tryingNow: "Nouvel essai…",
  slow: "C’est plus long que d’habitude. Toujours pas de réponse, on patiente.",
  noSuchRoom: "Ce salon n’existe pas",
  noSuchRoomBecause:
    "Le nom d’un salon se compose de minuscules sans accent, de chiffres et de traits d’union\u00a0: 32 caractères au plus.",
  toTheLobby: "Aller au salon principal",

  because: {
    "nick-taken": "Quelqu’un a déjà ce pseudo ici.",
    "nick-invalid": "Ce pseudo ne convient pas ici.",
    "nick-mismatch": "Il a été écrit sous un autre pseudo.",
    "room-invalid": "Ce salon n’est pas ouvert ici.",
    "message-invalid": "Le serveur n’accepte pas ce texte.",
    "too-large": "C’était trop long.",
    "rate-limited": "C’était trop d’un coup.",
    full: "Le chat est complet.",
    stopping: "Le chat redémarre.",
    internal: "Le chat a un problème en ce moment.",
    timeout: "Le chat n’a pas répondu à temps.",
    unreachable: "Le chat est injoignable.",
    intercepted: "Autre chose répond à la place du chat. Si ce réseau a une page de connexion, ouvrez-la d’abord.",
    forbidden: "Le chat ne laisse pas entrer cette page.",
    removed: "La modération vous a fait sortir de ce salon.",
    replaced: "La conversation a continué dans un autre onglet.",
    malformed: confused,
    "hello-first": confused,
    "wrong-room": confused,
    "unknown-session": confused,
    "seq-gap": confused,
  },
  takeBack: "Continuer ici",

  connected: "En ligne",
  over: { websocket: "par WebSocket", "long-poll": "par requêtes longues" },
  roundTrip: (ms) => `Aller-retour\u00a0: ${format.number(Math.round(ms))} ms`,
  connecting: "Connexion",
  reconnecting: "Reconnexion",
  restarting: "Le serveur redémarre",
  offline: "Hors ligne",
  disconnected: "Pas de connexion",
  inSeconds: (seconds) => `dans ${format.number(seconds)} s`,
  now: "Essayer maintenant",
  waiting: (count) =>
    format.plural(count, {
      one: "# message attend d’être envoyé",
      many: "# de messages attendent d’être envoyés",
      other: "# messages attendent d’être envoyés",
    }),

  room: (name) => `Salon ${name}`,
  leave: "Quitter",
  leaveAnyway: "Quitter quand même",
  unsent: (count) =>
    format.plural(count, {
      one: "# message n’est pas envoyé. Il serait perdu.",
      many: "# de messages ne sont pas envoyés. Ils seraient perdus.",
      other: "# messages ne sont pas envoyés. Ils seraient perdus.",
    }),
  messages: "Messages",
  you: "vous",
  unread: "Nouveaux",
  newMessages: (count) => format.plural(count, { one: "# nouveau message", many: "# de nouveaux messages", other: "# nouveaux messages" }),
  toLatest: "Aller au dernier message",
  loadingOlder: "Chargement des messages plus anciens…",
  olderFailed: "Les messages plus anciens n’ont pas pu être chargés.",
  beginning: "Rien de plus ancien n’est conservé.",
  tooMany: "Il y en a plus, au-dessus, que cette page ne peut en contenir.",
  empty: "Personne n’a encore rien dit.",
  gap: (count) =>
    format.plural(count, {
      one: "# message n’est plus conservé",
      many: "# de messages ne sont plus conservés",
      other: "# messages ne sont plus conservés",
    }),
  operator: "La modération",
  moves: (group, names, more) => {
    const who = format.list(more > 0 ? [...names, format.plural(more, { one: "# autre", many: "# d’autres", other: "# autres" })] : names);
    const many = names.length + more > 1;
    switch (group) {
      case "came":
        return `${who} ${many ? "sont là" : "est là"}`;
      case "back":
        return `${who} ${many ? "sont de retour" : "est de retour"}`;
      case "passed":
        return `${who} ${many ? "n’ont fait que passer" : "n’a fait que passer"}`;
      case "left":
        return `${who} ${many ? "ont quitté le salon" : "a quitté le salon"}`;
      case "lost":
        return `${who} ${many ? "ont perdu la connexion" : "a perdu la connexion"}`;
      case "removed":
        return `La modération a fait sortir ${who}`;
      default:
        return group satisfies never;
    }
  },
  renamed: (from, to) => `${from} s’appelle maintenant ${to}`,
  said: (nick, message) => `${nick}\u00a0: ${message}`,

  message: "Message",
  writeTo: (room) => `Dire quelque chose dans ${room}`,
  send: "Envoyer",
  splits: (count) => `Sera envoyé en ${format.number(count)} messages`,
  sending: "Envoi en cours",
  notSent: "Non envoyé.",
  sendAgain: "Réessayer",
  discard: "Supprimer",
  unknownCommand: (word) => `La commande /${word} n’existe pas. Pour le dire tel quel, commencez par deux barres\u00a0: //${word}`,
  emptyAction: "Dites ce que vous faites\u00a0: /me salue",
  helpTitle: "Ce que l’on peut écrire",
  help: [
    ["Entrée", "envoie"],
    ["Maj + Entrée", "commence une nouvelle ligne"],
    ["@nom", "appelle quelqu’un"],
    ["/nick nom", "change votre pseudo"],
    ["/me salue", "raconte ce que vous faites"],
    ["//texte", "dit quelque chose qui commence par une barre"],
    ["/help", "affiche ceci"],
  ],
  close: "Fermer",

  people: "Personnes",
  peopleCount: (count) => format.plural(count, { one: "# personne", many: "# de personnes", other: "# personnes" }),
  filterPeople: "Filtrer les personnes",
  nobodyFound: "Personne de ce nom.",
  unlisted: (count) => format.plural(count, { one: "et # autre", many: "et # d’autres", other: "et # autres" }),
  mention: (nick) => `Mentionner ${nick}`,
  changeNickname: "Changer de pseudo",
  newNickname: "Nouveau pseudo",
  save: "Enregistrer",
  invite: "Inviter",
  linkCopied: "Le lien vers ce salon est copié. Il suffit de l’ouvrir pour entrer.",
  copyYourself: "Il suffit d’ouvrir ce lien pour entrer\u00a0:",

  settings: "Réglages",
  language: "Langue",
  languageOfBrowser: "Celle du navigateur",
  theme: "Apparence",
  themes: { system: "Celle de l’appareil", light: "Claire", dark: "Sombre" },
  notify: "Me prévenir quand on m’appelle",
  notifyForbidden: "Le navigateur n’autorise pas les notifications de cette page. Ses réglages pour ce site peuvent y remédier.",
  sound: "Jouer un son quand on m’appelle",
  calledBy: (nick, room) => `${nick} vous appelle dans ${room}`,
});
