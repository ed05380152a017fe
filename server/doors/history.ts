import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { DEFAULT_HISTORY, MAX_HISTORY } from "../../shared/limits.ts";
import type { Hub } from "../chat/hub.ts";
import { isRefusal, refuse } from "../chat/replies.ts";
import type { Session } from "../chat/session.ts";
import { secretOf } from "./authorised.ts";
import { refuseMethod } from "./long-poll.ts";
import { type AllowedOrigins, corsHeaders } from "./origin.ts";
import { PACKET_HEADERS, replyRaw, replyRefusal } from "./packets-reply.ts";

/** Pages on their way at once, all sessions together. A page is up to 550 KB, and nothing of it is shared. */
const MAX_PAGES = 64;

/** `/history`: older packets, for who scrolls up. Source: H18. */
export function registerHistory(app: FastifyInstance, hub: Hub, origins: AllowedOrigins): void {
  const reading = new Set<Session>();
  app.route({
    method: "GET",
    url: "/history",
    exposeHeadRoute: false,
    handler: (request, reply) => history(request, reply, hub, origins, reading),
  });
  app.route({
    method: ["OPTIONS", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    url: "/history",
    handler: (request, reply) => refuseMethod(request, reply, origins, "GET"),
  });
}

async function history(
  request: FastifyRequest,
  reply: FastifyReply,
  hub: Hub,
  origins: AllowedOrigins,
  reading: Set<Session>,
): Promise<void> {
  const headers = corsHeaders(request, origins);
  const secret = secretOf(request);
  if (isRefusal(secret)) return replyRefusal(reply, secret, headers);
  const session = hub.session(secret) ?? (await hub.visit(secret));
  if (isRefusal(session)) return replyRefusal(reply, session, headers);
  const { before, limit = String(DEFAULT_HISTORY) } = request.query as Record<string, unknown>;
  if (!isPlace(before)) return replyRefusal(reply, refuse("malformed", "before is an offset, from 1."), headers);
  if (!isPlace(limit)) return replyRefusal(reply, refuse("malformed", `limit is 1 to ${MAX_HISTORY} packets.`), headers);
  if (reading.has(session)) return replyRefusal(reply, refuse("rate-limited", "Wait for one page before the next.", 500), headers);
  if (reading.size >= MAX_PAGES) return replyRefusal(reply, refuse("rate-limited", "Too many pages are asked for.", 1000), headers);
  reading.add(session);
  reply.raw.once("close", () => reading.delete(session));
  // Another node may have shown them more.
  if (Number(before) > session.room.log.last + 1) await hub.catchUp(session.room.name);
  const { first, last, at, octets } = await session.room.history(Number(before), Number(limit));
  const place = ["Palabre-Offset", String(last), "Palabre-First-Offset", String(first), "Palabre-At", String(at)];
  replyRaw(reply, 200, [...PACKET_HEADERS, ...place, ...headers], octets);
}

function isPlace(text: unknown): text is string {
  return typeof text === "string" && /^\d{1,15}$/.test(text) && Number(text) > 0;
}
