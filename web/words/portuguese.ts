import type { Formats } from "./formats.ts";
import type { Words } from "./words.ts";

const confused = "Esta página e o servidor não se entenderam.";

/**
 * For every `pt`: words that are at home in Brazil and in Portugal alike (so no "tela" and no "ecrã", no "salvando" and no "a guardar").
 * Speaks to people without "você" and without "tu".
 */
export const portuguese = (format: Formats): Words => ({
  tag: "pt",
  direction: "ltr",
  format,

  entrance: "Escolha um nome e entre. Não é preciso ter conta.",
  nickname: "Nome",
  join: "Entrar",
  joining: "Só um instante…",
  cancel: "Cancelar",
  tryAgain: "Tentar de novo",
  startOver: "Voltar à entrada",
  joinAs: (nick) => `Entrar como ${nick}`,
  nicknameFault: {
    empty: "Escreva um nome.",
    "too-long": "No máximo 15 caracteres.",
    "white-space": "Sem espaços, por favor.",
    invisible: "Contém algo que não se vê.",
  },
  tryingAgainIn: (seconds) => `Nova tentativa em ${format.number(seconds)} s`,
  tryingNow: "Nova tentativa…",
  slow: "A resposta demora mais do que o normal. Só mais um pouco de paciência.",
  noSuchRoom: "Esta sala não existe",
  noSuchRoomBecause: "O nome de uma sala leva minúsculas sem acento, algarismos e hifens: 32 caracteres no máximo.",
  toTheLobby: "Ir para a sala principal",

  because: {
    "nick-taken": "Já há alguém aqui com este nome.",
    "nick-invalid": "Este nome não pode ser usado aqui.",
    "nick-mismatch": "Foi escrita com outro nome.",
    "room-invalid": "Esta sala não está aberta aqui.",
    "message-invalid": "O servidor não aceita este texto.",
    "too-large": "Era longa demais.",
    "rate-limited": "Foi demais de uma só vez.",
    full: "O chat está cheio.",
    stopping: "O chat foi reiniciar e já volta.",
    internal: "O chat está com um problema neste momento.",
    timeout: "O chat não respondeu a tempo.",
    unreachable: "O chat está inacessível.",
    intercepted: "Outra coisa responde no lugar do chat. Se esta rede tem uma página de acesso, abra-a primeiro.",
    forbidden: "O chat não deixa esta página entrar.",
    removed: "A administração encerrou a sua presença nesta sala.",
    replaced: "A conversa continuou em outra janela.",
    malformed: confused,
    "hello-first": confused,
    "wrong-room": confused,
    "unknown-session": confused,
    "seq-gap": confused,
  },
  takeBack: "Continuar aqui",

  connected: "Online",
  over: { websocket: "por WebSocket", "long-poll": "por long polling" },
  roundTrip: (ms) => `Ida e volta: ${format.number(Math.round(ms))} ms`,
  connecting: "Conexão em curso",
  reconnecting: "Reconexão",
  restarting: "O servidor já volta",
  offline: "Sem rede",
  disconnected: "Sem conexão",
  inSeconds: (seconds) => `em ${format.number(seconds)} s`,
  now: "Tentar agora",
  waiting: (count) =>
    format.plural(count, {
      one: "# mensagem à espera de envio",
      many: "# de mensagens à espera de envio",
      other: "# mensagens à espera de envio",
    }),

  room: (name) => `Sala ${name}`,
  leave: "Sair",
  leaveAnyway: "Sair mesmo assim",
  unsent: (count) =>
    format.plural(count, {
      one: "# mensagem ainda não foi enviada e seria perdida.",
      many: "# de mensagens ainda não foram enviadas e seriam perdidas.",
      other: "# mensagens ainda não foram enviadas e seriam perdidas.",
    }),
  messages: "Mensagens",
  you: "eu",
  unread: "Novas",
  newMessages: (count) => format.plural(count, { one: "# mensagem nova", many: "# de mensagens novas", other: "# mensagens novas" }),
  toLatest: "Ir para a última mensagem",
  loadingOlder: "Mensagens anteriores a caminho…",
  olderFailed: "Não foi possível carregar as mensagens anteriores.",
  beginning: "O que veio antes já não está guardado.",
  tooMany: "Mais acima há mais do que cabe nesta página.",
  empty: "Ainda ninguém disse nada.",
  gap: (count) =>
    format.plural(count, {
      one: "# mensagem já não está guardada",
      many: "# de mensagens já não estão guardadas",
      other: "# mensagens já não estão guardadas",
    }),
  operator: "A administração",
  moves: (group, names, more) => {
    const who = format.list(more > 0 ? [...names, `mais ${format.number(more)}`] : names);
    const many = names.length + more > 1;
    switch (group) {
      case "came":
        return `${who} ${many ? "entraram" : "entrou"}`;
      case "back":
        return `${who} ${many ? "voltaram" : "voltou"}`;
      case "passed":
        return `${who} ${many ? "entraram e saíram" : "entrou e saiu"}`;
      case "left":
        return `${who} ${many ? "saíram" : "saiu"}`;
      case "lost":
        return `${who} ${many ? "perderam" : "perdeu"} a conexão`;
      case "removed":
        return `A administração retirou ${who}`;
      default:
        return group satisfies never;
    }
  },
  renamed: (from, to) => `${from} agora é ${to}`,
  said: (nick, message) => `${nick}: ${message}`,

  message: "Mensagem",
  writeTo: (room) => `Diga algo em ${room}`,
  send: "Enviar",
  splits: (count) => `Será enviado em ${format.number(count)} mensagens`,
  sending: "Envio em curso",
  notSent: "Não foi enviada.",
  sendAgain: "Tentar de novo",
  discard: "Descartar",
  unknownCommand: (word) => `O comando /${word} não existe. Para dizer isso tal como está, comece com duas barras: //${word}`,
  emptyAction: "Diga o que faz: /me acena",
  helpTitle: "O que se pode escrever",
  help: [
    ["Enter", "envia"],
    ["Shift + Enter", "começa outra linha"],
    ["@nome", "chama alguém"],
    ["/nick nome", "muda o seu nome"],
    ["/me acena", "conta o que faz"],
    ["//texto", "diz algo que começa com uma barra"],
    ["/help", "mostra isto"],
  ],
  close: "Fechar",

  people: "Pessoas",
  peopleCount: (count) => format.plural(count, { one: "# pessoa", many: "# de pessoas", other: "# pessoas" }),
  filterPeople: "Filtrar pessoas",
  nobodyFound: "Ninguém com esse nome.",
  unlisted: (count) => `e mais ${format.number(count)}`,
  mention: (nick) => `Mencionar ${nick}`,
  changeNickname: "Mudar de nome",
  newNickname: "Novo nome",
  save: "Confirmar",
  invite: "Convidar",
  linkCopied: "O link desta sala foi copiado. Basta abri-lo para entrar.",
  copyYourself: "Basta abrir este link para entrar:",

  settings: "Preferências",
  language: "Idioma",
  languageOfBrowser: "O do navegador",
  theme: "Aparência",
  themes: { system: "A do dispositivo", light: "Clara", dark: "Escura" },
  notify: "Avisar quando me chamarem",
  notifyForbidden: "O navegador não permite notificações desta página. As preferências dele para este site podem mudar isso.",
  sound: "Tocar um som quando me chamarem",
  calledBy: (nick, room) => `${nick} mencionou o seu nome em ${room}`,
});
