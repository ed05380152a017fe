import * as z from "zod/mini";
import { CODES, type Code } from "./codes.ts";
import type { Packet, ServicePacket } from "./packet.ts";

// zod would compile its checks with `new Function`, which the page's Content-Security-Policy forbids.
z.config({ jitless: true });

const count = z.int().check(z.nonnegative());
const positive = z.int().check(z.positive());
const code = z.enum(Object.keys(CODES) as [Code, ...Code[]]);
const secret = z.string().check(z.regex(/^[A-Za-z0-9_-]{22,64}$/));
const nicks = z.array(z.string());

/** What clients send. Source: S38. */
export const CLIENT_SERVICES = {
  hello: z.object({
    type: z.literal("hello"),
    session: secret,
    nick: z.optional(z.string()),
    room: z.optional(z.string()),
    log: z.optional(z.string()),
    offset: z.optional(count),
    seq: z.optional(count),
    history: z.optional(count),
  }),
  leave: z.object({ type: z.literal("leave"), session: z.optional(secret), linger: z.optional(count) }),
  rename: z.object({ type: z.literal("rename"), nick: z.string() }),
  pong: z.object({ type: z.literal("pong") }),
} as const;

/** What servers send to one receiver: not in the log, not counted. Source: L2, S39. */
export const SESSION_SERVICES = {
  welcome: z.object({
    type: z.literal("welcome"),
    version: positive,
    nick: z.string(),
    room: z.string(),
    resumed: z.boolean(),
    turn: positive,
    log: z.string(),
    offset: count,
    at: count,
    seq: count,
    heartbeat: positive,
    online: count,
    limits: z.object({ nick: positive, message: positive, rate: z.object({ burst: count, perSecond: z.number().check(z.nonnegative()) }) }),
  }),
  you: z.object({ type: z.literal("you"), nick: z.string() }),
  roster: z.object({ type: z.literal("roster"), nicks, more: z.optional(z.boolean()), online: count }),
  ack: z.object({ type: z.literal("ack"), seq: positive, offset: z.optional(positive) }),
  refused: z
    .object({
      type: z.literal("refused"),
      seq: z.optional(positive),
      of: z.optional(z.string()),
      code,
      message: z.string(),
      retryAfter: z.optional(count),
    })
    .check(z.refine((refused) => refused.seq !== undefined || refused.of !== undefined)),
  gap: z.object({ type: z.literal("gap"), from: positive, to: positive, at: count }),
  ping: z.object({ type: z.literal("ping"), offset: count, online: count }),
  stopping: z.object({ type: z.literal("stopping"), reason: z.string(), reconnectIn: count }),
  error: z.object({ type: z.literal("error"), code, message: z.string(), retryAfter: z.optional(count) }),
} as const;

/** What is in the log and counted. A new type here is a new version of the protocol. Source: L2, P6, S40. */
export const ROOM_SERVICES = {
  joined: z.object({ type: z.literal("joined"), nicks }),
  left: z.object({ type: z.literal("left"), nicks, why: z.enum(["left", "lost", "removed"]) }),
  renamed: z.object({ type: z.literal("renamed"), from: z.string(), to: z.string() }),
  notice: z.object({ type: z.literal("notice"), text: z.string() }),
  clock: z.object({ type: z.literal("clock"), at: count }),
} as const;

const SERVER_SERVICES = { ...SESSION_SERVICES, ...ROOM_SERVICES } as const;

type ServiceOf<Table extends Record<string, z.ZodMiniType>> = { [Type in keyof Table]: z.infer<Table[Type]> };
type ClientServices = ServiceOf<typeof CLIENT_SERVICES>;
type SessionServices = ServiceOf<typeof SESSION_SERVICES>;
type RoomServices = ServiceOf<typeof ROOM_SERVICES>;

export type Hello = ClientServices["hello"];
export type Leave = ClientServices["leave"];
export type Rename = ClientServices["rename"];
export type ClientService = ClientServices[keyof ClientServices];
export type Welcome = SessionServices["welcome"];
export type Refused = SessionServices["refused"];
export type Ack = SessionServices["ack"];
export type SessionService = SessionServices[keyof SessionServices];
export type RoomService = RoomServices[keyof RoomServices];
export type LeftWhy = RoomServices["left"]["why"];
export type ServerService = SessionService | RoomService;

/** `ignored`: a type that is unknown, or that the other side sends. `malformed`: a known type whose fields do not fit. Source: P4, P6. */
export type Parsed<Service> = { kind: "service"; service: Service } | { kind: "ignored" } | { kind: "malformed"; why: string };

/** A service packet as a server reads it. */
export function parseClientService(packet: ServicePacket): Parsed<ClientService> {
  return parse(CLIENT_SERVICES, packet) as Parsed<ClientService>;
}

/** A service packet as a client reads it. */
export function parseServerService(packet: ServicePacket): Parsed<ServerService> {
  return parse(SERVER_SERVICES, packet) as Parsed<ServerService>;
}

function parse(table: Record<string, z.ZodMiniType>, packet: ServicePacket): Parsed<unknown> {
  const schema = Object.hasOwn(table, packet.type) ? table[packet.type] : undefined;
  if (schema === undefined) return { kind: "ignored" };
  const result = z.safeParse(schema, packet.fields);
  if (result.success) return { kind: "service", service: result.data };
  const field = result.error.issues[0]?.path.join(".");
  return { kind: "malformed", why: field ? `${packet.type}.${field} does not fit` : `${packet.type} does not fit` };
}

/** True for packets that are in the log and have an offset. Source: L2. */
export function isRoomPacket(packet: Packet): boolean {
  return packet.kind === "chat" || Object.hasOwn(ROOM_SERVICES, packet.type);
}
