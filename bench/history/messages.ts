import type { Findings } from "./findings.ts";
import type { ClientHistory, History } from "./record.ts";
import { quoted, type RoomLog } from "./room-log.ts";

/** What a client handed over to be said. `order`: its last `sent` among the client's entries. */
export type Message = { readonly sender: ClientHistory; order: number; retried: boolean; refused: string | undefined };

/** Every message that somebody sent, by its text. */
export function collectMessages({ clients }: History): Map<string, Message> {
  const messages = new Map<string, Message>();
  for (const sender of clients) {
    sender.entries.forEach((entry, order) => {
      if (entry.kind === "sent") {
        const known = messages.get(entry.text);
        if (known === undefined) messages.set(entry.text, { sender, order, retried: false, refused: undefined });
        else if (known.sender === sender) {
          known.order = order;
          known.refused = undefined;
        }
      } else if (entry.kind === "refused" || entry.kind === "retried") {
        const message = messages.get(entry.text);
        if (message === undefined || message.sender !== sender) return;
        if (entry.kind === "refused") message.refused = entry.code;
        else message.retried = true;
      }
    });
  }
  return messages;
}

/** Where each text is in the log; nothing is there twice, nothing that nobody sent, nothing that was refused. Source: L7, S16, S18. */
export function placeMessages(log: RoomLog, messages: ReadonlyMap<string, Message>, findings: Findings): Map<string, number> {
  const places = new Map<string, number>();
  for (let offset = log.base; offset <= log.last; offset++) {
    const packet = log.at(offset);
    if (packet?.kind !== "chat") continue;
    const { text } = packet;
    const before = places.get(text);
    if (before !== undefined) {
      findings.add("twice", () => `${quoted(text)} is at ${before} and at ${offset}`, { offset });
      continue;
    }
    places.set(text, offset);
    const message = messages.get(text);
    if (message === undefined) findings.add("never-sent", () => `${packet.nick}: ${quoted(text)}: nobody sent it`, { offset });
    else if (message.refused !== undefined) {
      const client = message.sender.name;
      findings.add("refused-yet-said", () => `${quoted(text)} was refused (${message.refused}), and is at ${offset}`, { client, offset });
    }
  }
  return places;
}

/** What was acknowledged is in the log, and where the `ack` said. What nobody knows any more is not judged. Source: L7, S18. */
export function checkAcknowledged({ clients }: History, log: RoomLog, places: ReadonlyMap<string, number>, findings: Findings): void {
  const someUnknown = isSomeUnknown(log);
  for (const { name: client, entries } of clients) {
    for (const entry of entries) {
      if (entry.kind !== "acknowledged") continue;
      const { text, offset: said } = entry;
      const place = places.get(text);
      const where = { client, ...(said === undefined ? {} : { offset: said }) };
      if (place === undefined) {
        const mayBeGone = said === undefined ? someUnknown : said < log.first && (said < log.base || log.isUnknown(said));
        if (!mayBeGone) findings.add("acknowledged-lost", () => `${quoted(text)} was acknowledged, and is not in the log`, where);
      } else if (said !== undefined && said !== place) {
        findings.add("acknowledged-lost", () => `${quoted(text)} was acknowledged at ${said}, and is at ${place}`, where);
      }
    }
  }
}

function isSomeUnknown(log: RoomLog): boolean {
  if (log.base > 1) return true;
  for (let offset = log.base; offset < log.first; offset++) if (log.isUnknown(offset)) return true;
  return false;
}
