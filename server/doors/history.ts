import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { DEFAULT_HISTORY, MAX_HISTORY } from "../../shared/limits.ts";
import type { Hub } from "../chat/hub.ts";
import { refuse } from "../chat/replies.ts";
import { refuseMethod } from "./long-poll.ts";
import { type AllowedOrigins, corsHeaders } from "./origin.ts";
import { PACKET_HEADERS, replyRaw, replyRefusal } from "./packets-reply.ts";
import { readSecret } from "./poll-request.ts";

/** `/history`: older packets, for who scrolls up. Source: H18. */
export function registerHistory(app: FastifyInstance, hub: Hub, origins: AllowedOrigins): void {
  app.route({ method: "GET", url: "/history", exposeHeadRoute: false, handler: (request, reply) => history(request, reply, hub, origins) });
  app.route({
    method: ["OPTIONS", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    url: "/history",
    handler: (request, reply) => refuseMethod(request, reply, origins, "GET"),
  });
}

async function history(request: FastifyRequest, reply: FastifyReply, hub: Hub, origins: AllowedOrigins): Promise<void> {
  const headers = corsHeaders(request, origins);
  const secret = readSecret(request.headers.authorization);
  if (secret === undefined)
    return replyRefusal(reply, refuse("hello-first", "Send Authorization: Bearer with the session's secret."), headers);
  const session = hub.session(secret);
  if (session === undefined) return replyRefusal(reply, refuse("unknown-session", "There is no such session. Say hello again."), headers);
  const { before, limit = String(DEFAULT_HISTORY) } = request.query as Record<string, unknown>;
  if (!isCount(before) || Number(before) === 0) return replyRefusal(reply, refuse("malformed", "before is an offset, from 1."), headers);
  if (!isCount(limit) || Number(limit) === 0)
    return replyRefusal(reply, refuse("malformed", `limit is 1 to ${MAX_HISTORY} packets.`), headers);
  const { first, at, octets } = await session.room.history(Number(before), Number(limit));
  const place = ["Palabre-First-Offset", String(first), "Palabre-At", String(at)];
  replyRaw(reply, 200, [...PACKET_HEADERS, ...place, ...headers], octets);
}

function isCount(text: unknown): text is string {
  return typeof text === "string" && /^\d{1,15}$/.test(text);
}
