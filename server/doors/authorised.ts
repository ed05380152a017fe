import type { FastifyRequest } from "fastify";
import type { Refusal } from "../../shared/codes.ts";
import type { Hub } from "../chat/hub.ts";
import { refuse } from "../chat/replies.ts";
import type { Session } from "../chat/session.ts";
import { readSecret } from "./poll-request.ts";

/** The session whose secret the request bears. Source: H2, H5. */
export function authorised(request: FastifyRequest, hub: Hub): Session | Refusal {
  const secret = readSecret(request.headers.authorization);
  if (secret === undefined) return refuse("hello-first", "Say hello first; then send Authorization: Bearer with the session's secret.");
  return hub.session(secret) ?? refuse("unknown-session", "There is no such session. Say hello again.");
}
