import type { Told } from "../../server/testing/ask.ts";
import type { Member } from "../../server/testing/member.ts";

/** What has come since the last `next` or `forgets`, but for what time alone brings. */
export function events(member: Member): Told[] {
  return member.since().filter(({ type }) => type !== "clock" && type !== "ping");
}

/** The same as one word each: a text, or the type. */
export function eventWords(member: Member): string[] {
  return events(member).map(({ type, message }) => (type === "chat" ? String(message) : type));
}

/** All that came of one type. */
export function toldOf(member: Member, type: string): Told[] {
  return member.told.filter((told) => told.type === type);
}

/** The octets of the last chat packet that was heard. */
export function lastChat(member: Member): string {
  const index = member.told.findLastIndex(({ type }) => type === "chat");
  return Buffer.from(member.octets[index] ?? []).toString("hex");
}
