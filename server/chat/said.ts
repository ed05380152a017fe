import type { Refusal } from "../../shared/codes.ts";
import { HEADER_OCTETS } from "../../shared/limits.ts";
import { checkMessage, type MessageFault } from "../../shared/message.ts";
import { checkNickname, type NicknameKey } from "../../shared/nickname.ts";
import { type ChatPacket, encodeChat } from "../../shared/packet.ts";
import { refuse } from "./replies.ts";
import type { Session } from "./session.ts";

/** What a chat packet comes to: the packet as the log will have it, or why not. */
export type Said = { ok: true; packet: Uint8Array } | { ok: false; refusal: Refusal };

/** Checks a chat packet by the rules of its session, all but the rate. Source: S23. */
export function checkSaid(session: Session, packet: ChatPacket): Said {
  const exact = bearsName(packet.octets, session.nickOctets);
  if (exact) session.formerKey = undefined;
  else {
    const checked = checkNickname(packet.nick);
    if (!checked.ok) return { ok: false, refusal: refuse("nick-invalid", `This is no nickname: ${checked.fault}.`) };
    if (checked.key === session.key) session.formerKey = undefined;
    else if (checked.key !== session.formerKey)
      return { ok: false, refusal: refuse("nick-mismatch", "This is not the nickname of this session.") };
  }
  const message = checkMessage(packet.message);
  if (!message.ok) return { ok: false, refusal: messageRefusal(message.fault) };
  // The log carries the claimed spelling. What came in as it is kept goes through as it came.
  if (exact && message.message === packet.message) return { ok: true, packet: packet.octets };
  return { ok: true, packet: encodeChat(session.nick, message.message) };
}

/** What a post comes to: the packet as the log will have it and the key of its name, or why not. Source: T3, S23. */
export type Post = { ok: true; key: NicknameKey; packet: Uint8Array } | { ok: false; refusal: Refusal };

/** Checks a post, all but the rate and whether its name is free. Source: T3, S23. */
export function checkPost(packet: ChatPacket): Post {
  const checked = checkNickname(packet.nick);
  if (!checked.ok) return { ok: false, refusal: refuse("nick-invalid", `This is no nickname: ${checked.fault}.`) };
  const message = checkMessage(packet.message);
  if (!message.ok) return { ok: false, refusal: messageRefusal(message.fault) };
  const { nick, key } = checked;
  const asItCame = nick === packet.nick && message.message === packet.message;
  return { ok: true, key, packet: asItCame ? packet.octets : encodeChat(nick, message.message) };
}

function messageRefusal(fault: MessageFault): Refusal {
  return refuse("message-invalid", fault === "empty" ? "The message is empty." : "The message is longer than 999 octets.");
}

function bearsName(packet: Uint8Array, nick: Uint8Array): boolean {
  if ((packet[0] as number) * 10 + (packet[1] as number) - 0x30 * 11 !== nick.length) return false;
  for (let index = 0; index < nick.length; index++) if (packet[HEADER_OCTETS + index] !== nick[index]) return false;
  return true;
}
