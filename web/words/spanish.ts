import type { Formats } from "./formats.ts";
import type { Words } from "./words.ts";

const confused = "Esta página y el servidor no se entendieron.";

/** Says "tú", and does not guess whether somebody is a woman or a man. */
export const spanish = (format: Formats): Words => ({
  tag: "es",
  direction: "ltr",
  format,

  entrance: "Elige un apodo y entra. No hace falta ninguna cuenta.",
  nickname: "Apodo",
  join: "Entrar",
  joining: "Entrando…",
  cancel: "Cancelar",
  tryAgain: "Reintentar",
  startOver: "Volver a la entrada",
  joinAs: (nick) => `Entrar como ${nick}`,
  nicknameFault: {
    empty: "Escribe un apodo.",
    "too-long": "15 caracteres como máximo.",
    "white-space": "Sin espacios, por favor.",
    invisible: "Tiene un carácter que no se ve.",
  },
  tryingAgainIn: (seconds) => `Nuevo intento en ${format.number(seconds)} s`,
  tryingNow: "Nuevo intento…",
  slow: "Está tardando más de lo normal. Seguimos esperando una respuesta.",
  noSuchRoom: "Esa sala no existe",
  noSuchRoomBecause: "El nombre de una sala lleva minúsculas sin acento, cifras y guiones: 32 caracteres como máximo.",
  toTheLobby: "Ir a la sala principal",

  because: {
    "nick-taken": "Ya hay alguien aquí con ese apodo.",
    "nick-invalid": "Ese apodo no se puede usar aquí.",
    "nick-mismatch": "Se escribió con otro apodo.",
    "room-invalid": "Esta sala no está abierta aquí.",
    "message-invalid": "El servidor no acepta este texto.",
    "too-large": "Era demasiado largo.",
    "rate-limited": "Fue demasiado de una sola vez.",
    full: "El chat está lleno.",
    stopping: "El chat se está reiniciando.",
    internal: "El chat tiene un problema en este momento.",
    timeout: "El chat no respondió a tiempo.",
    unreachable: "No se puede llegar al chat.",
    intercepted: "Otra cosa responde en lugar del chat. Si esta red tiene una página de acceso, ábrela primero.",
    forbidden: "El chat no deja entrar a esta página.",
    removed: "La administración te sacó de esta sala.",
    replaced: "La conversación siguió en otra pestaña.",
    malformed: confused,
    "hello-first": confused,
    "wrong-room": confused,
    "unknown-session": confused,
    "seq-gap": confused,
  },
  takeBack: "Seguir aquí",

  connected: "En línea",
  over: { websocket: "por WebSocket", "long-poll": "por sondeo largo" },
  roundTrip: (ms) => `Ida y vuelta: ${format.number(Math.round(ms))} ms`,
  connecting: "Conectando",
  reconnecting: "Reconectando",
  restarting: "El servidor se está reiniciando",
  offline: "Sin red",
  disconnected: "Sin conexión",
  inSeconds: (seconds) => `en ${format.number(seconds)} s`,
  now: "Probar ahora",
  waiting: (count) =>
    format.plural(count, {
      one: "# mensaje espera su envío",
      many: "# de mensajes esperan su envío",
      other: "# mensajes esperan su envío",
    }),

  room: (name) => `Sala ${name}`,
  leave: "Salir",
  leaveAnyway: "Salir de todos modos",
  unsent: (count) =>
    format.plural(count, {
      one: "# mensaje no se ha enviado. Se perdería.",
      many: "# de mensajes no se han enviado. Se perderían.",
      other: "# mensajes no se han enviado. Se perderían.",
    }),
  messages: "Mensajes",
  you: "tú",
  unread: "Nuevos",
  newMessages: (count) => format.plural(count, { one: "# mensaje nuevo", many: "# de mensajes nuevos", other: "# mensajes nuevos" }),
  toLatest: "Ir al último mensaje",
  loadingOlder: "Cargando mensajes anteriores…",
  olderFailed: "No se pudieron cargar los mensajes anteriores.",
  beginning: "No se conserva nada anterior.",
  tooMany: "Más arriba hay más de lo que cabe en esta página.",
  empty: "Nadie ha dicho nada todavía.",
  gap: (count) =>
    format.plural(count, {
      one: "# mensaje ya no se conserva",
      many: "# de mensajes ya no se conservan",
      other: "# mensajes ya no se conservan",
    }),
  operator: "La administración",
  moves: (group, names, more) => {
    const who = format.list(more > 0 ? [...names, `${format.number(more)} más`] : names);
    const many = names.length + more > 1;
    switch (group) {
      case "came":
        return `${who} ${many ? "entraron" : "entró"}`;
      case "back":
        return `${who} ${many ? "volvieron" : "volvió"}`;
      case "passed":
        return `${who} ${many ? "entraron y salieron" : "entró y salió"}`;
      case "left":
        return `${who} ${many ? "salieron" : "salió"}`;
      case "lost":
        return `${who} ${many ? "perdieron" : "perdió"} la conexión`;
      case "removed":
        return `La administración sacó a ${who}`;
      default:
        return group satisfies never;
    }
  },
  renamed: (from, to) => `${from} ahora se llama ${to}`,
  said: (nick, message) => `${nick}: ${message}`,

  message: "Mensaje",
  writeTo: (room) => `Di algo en ${room}`,
  send: "Enviar",
  splits: (count) => `Se enviará en ${format.number(count)} mensajes`,
  sending: "Enviando",
  notSent: "No se envió.",
  sendAgain: "Reintentar",
  discard: "Descartar",
  unknownCommand: (word) => `No existe el comando /${word}. Para decirlo tal cual, empieza con dos barras: //${word}`,
  emptyAction: "Di qué haces: /me saluda",
  helpTitle: "Qué se puede escribir",
  help: [
    ["Enter", "envía"],
    ["Mayús + Enter", "empieza otra línea"],
    ["@nombre", "llama a alguien"],
    ["/nick nombre", "cambia tu apodo"],
    ["/me saluda", "cuenta lo que haces"],
    ["//texto", "dice algo que empieza por una barra"],
    ["/help", "muestra esto"],
  ],
  close: "Cerrar",

  people: "Personas",
  peopleCount: (count) => format.plural(count, { one: "# persona", many: "# de personas", other: "# personas" }),
  filterPeople: "Filtrar personas",
  nobodyFound: "Nadie con ese nombre.",
  unlisted: (count) => `y ${format.number(count)} más`,
  mention: (nick) => `Mencionar a ${nick}`,
  changeNickname: "Cambiar de apodo",
  newNickname: "Apodo nuevo",
  save: "Guardar",
  invite: "Invitar",
  linkCopied: "El enlace a esta sala está copiado. Basta con abrirlo para entrar.",
  copyYourself: "Basta con abrir este enlace para entrar:",

  settings: "Ajustes",
  language: "Idioma",
  languageOfBrowser: "El del navegador",
  theme: "Aspecto",
  themes: { system: "El del dispositivo", light: "Claro", dark: "Oscuro" },
  notify: "Avisarme cuando me llamen",
  notifyForbidden: "El navegador no permite notificaciones de esta página. Puedes cambiarlo en sus ajustes para este sitio.",
  sound: "Sonar cuando me llamen",
  calledBy: (nick, room) => `${nick} te llama en ${room}`,
});
