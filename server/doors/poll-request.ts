import type { Refusal } from "../../shared/codes.ts";
import { type ChatPacket, decode } from "../../shared/packet.ts";
import { type ClientService, type Hello, type Leave, parseClientService } from "../../shared/service.ts";
import { parseSessionSecret, type SessionSecret } from "../../shared/session-secret.ts";
import { refuse } from "../chat/replies.ts";

/** One packet of a POST, read and checked; types that are unknown are left out. */
export type Said = ChatPacket | { kind: "service"; service: Exclude<ClientService, { type: "hello" }> };

/** What a POST to /poll asks. Its body was checked whole: nothing of a body with a fault is taken. Source: P5, H6. */
export type PollBody =
  | { kind: "hello"; hello: Hello }
  | { kind: "last-word"; leave: Leave }
  | { kind: "said"; said: Said[]; chats: number };

export function readBody(body: unknown): PollBody | Refusal {
  if (!Buffer.isBuffer(body) || body.length === 0) return refuse("malformed", "The body holds no packet.");
  const decoded = decode(body);
  if (!decoded.ok) return refuse("malformed", `This is no packet: ${decoded.fault}.`);
  if (decoded.rest.length > 0) return refuse("malformed", "The body ends in the middle of a packet.");
  const said: Said[] = [];
  let chats = 0;
  for (const packet of decoded.packets) {
    if (packet.kind === "chat") {
      chats++;
      said.push(packet);
      continue;
    }
    const parsed = parseClientService(packet);
    if (parsed.kind === "malformed") return refuse("malformed", parsed.why);
    if (parsed.kind === "ignored") continue;
    const { service } = parsed;
    if (service.type === "hello") {
      if (decoded.packets.length > 1) return refuse("malformed", "hello comes in a body of its own.");
      return { kind: "hello", hello: service };
    }
    if (service.type === "leave" && service.session !== undefined && decoded.packets.length === 1)
      return { kind: "last-word", leave: service };
    said.push({ kind: "service", service });
  }
  return { kind: "said", said, chats };
}

export type PollQuery = { seq?: number; after?: number; turn?: number };

/** The numbers in the query; each is decimal digits, `seq` and `turn` from 1. */
export function readQuery(query: unknown): PollQuery | Refusal {
  const numbers: PollQuery = {};
  for (const [name, least] of [
    ["seq", 1],
    ["after", 0],
    ["turn", 1],
  ] as const) {
    const text = (query as Record<string, unknown>)[name];
    if (text === undefined) continue;
    const number = typeof text === "string" && /^\d{1,15}$/.test(text) ? Number(text) : -1;
    if (number < least) return refuse("malformed", `${name} has to be a whole number from ${least}.`);
    numbers[name] = number;
  }
  return numbers;
}

/** The secret in `Authorization: Bearer …`. */
export function readSecret(authorization: string | undefined): SessionSecret | undefined {
  const match = /^Bearer +(\S+) *$/i.exec(authorization ?? "");
  return match?.[1] === undefined ? undefined : parseSessionSecret(match[1]);
}
