import type { NicknameKey } from "../../shared/nickname.ts";
import type { Findings } from "./findings.ts";
import type { Message } from "./messages.ts";
import { type Guest, keyOf, type Presence } from "./presence.ts";
import type { ClientHistory } from "./record.ts";
import { quoted, type RoomLog } from "./room-log.ts";

/** What is said in the room is said under a nickname of its sender's, by one guest at a time. Source: S23, S41, X3. */
export function checkSpeakers(log: RoomLog, messages: ReadonlyMap<string, Message>, presence: Presence, findings: Findings): void {
  const clientOf = new Map<Guest, ClientHistory>();
  const guestOf = new Map<ClientHistory, Guest>();
  const names = new Map<ClientHistory, ReadonlySet<NicknameKey>>();
  for (let offset = log.base; offset <= log.last; offset++) {
    const packet = log.at(offset);
    if (packet?.kind !== "chat") continue;
    const guest = presence.speaker(offset);
    const sender = messages.get(packet.text)?.sender;
    if (guest === undefined || sender === undefined) continue;
    const tell = (what: string) => findings.add("never-sent", () => `${quoted(packet.text)} ${what}`, { client: sender.name, offset });
    const client = clientOf.get(guest) ?? sender;
    if (!clientOf.has(guest)) clientOf.set(guest, sender);
    const known = names.get(sender) ?? namesOf(sender, presence);
    names.set(sender, known);
    const other = guestOf.get(sender);
    if (client !== sender) tell(`was said as ${packet.nick}, who is ${client.name}`);
    else if (known.size > 0 && !known.has(keyOf(packet.nick))) tell(`was said as ${packet.nick}, which was never its name`);
    else if (other !== undefined && other !== guest && other.until > offset)
      tell(`was said as ${packet.nick}, and it was there as another`);
    if (client === sender) guestOf.set(sender, guest);
  }
}

/** The names that a client can have had: those it was welcomed under, and what they became. None where that is not known. */
function namesOf(client: ClientHistory, presence: Presence): Set<NicknameKey> {
  const names = new Set<NicknameKey>();
  if (presence.end.gone !== undefined) return names;
  for (const entry of client.entries) if (entry.kind === "welcomed") names.add(keyOf(entry.nick));
  if (names.size > 0) for (const { from, to } of presence.renames) if (names.has(from)) names.add(to);
  return names;
}
