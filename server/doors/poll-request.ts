import type { Refusal } from "../../shared/codes.ts";
import { type ChatPacket, decode } from "../../shared/packet.ts";
import { type ClientService, type Hello, type Leave, parseClientService } from "../../shared/service.ts";
import { parseSessionSecret, type SessionSecret } from "../../shared/session-secret.ts";
import { refuse } from "../chat/replies.ts";

/** Chat packets of one POST: they are kept together, and their answers are remembered whole. */
export const MAX_CHATS = 512;

/**
 * What a POST to /poll asks: one thing. Its body was checked whole: nothing of a body with a fault is taken. `ignored` counts the packets
 * of types that are unknown, which do nothing but spend. Source: P5, P6, H6 to H10.
 */
export type PollBody =
  | { kind: "hello"; hello: Hello }
  | { kind: "last-word"; leave: Leave }
  | { kind: "chats"; chats: ChatPacket[]; ignored: number }
  | { kind: "service"; service: Exclude<ClientService, { type: "hello" }> | undefined; ignored: number };

export function readBody(body: unknown): PollBody | Refusal {
  if (!Buffer.isBuffer(body) || body.length === 0) return refuse("malformed", "The body holds no packet.");
  const decoded = decode(body);
  if (!decoded.ok) return refuse("malformed", `This is no packet: ${decoded.fault}.`);
  if (decoded.rest.length > 0) return refuse("malformed", "The body ends in the middle of a packet.");
  const chats: ChatPacket[] = [];
  const services: ClientService[] = [];
  for (const packet of decoded.packets) {
    if (packet.kind === "chat") {
      chats.push(packet);
      continue;
    }
    const parsed = parseClientService(packet);
    if (parsed.kind === "malformed") return refuse("malformed", parsed.why);
    if (parsed.kind === "service" && parsed.service.type !== "pong") services.push(parsed.service);
  }
  if (chats.length > MAX_CHATS) return refuse("too-large", `A body has at most ${MAX_CHATS} chat packets.`);
  if (services.length > 1 || (services.length > 0 && chats.length > 0)) {
    return refuse("malformed", "A body is chat packets, or one hello, rename or leave.");
  }
  const ignored = decoded.packets.length - chats.length - services.length;
  const [service] = services;
  if (service?.type === "hello") return { kind: "hello", hello: service };
  if (service?.type === "leave" && service.session !== undefined) return { kind: "last-word", leave: service };
  return chats.length > 0 ? { kind: "chats", chats, ignored } : { kind: "service", service, ignored };
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
