import type { FastifyRequest } from "fastify";
import type { Refusal } from "../../shared/codes.ts";
import type { SessionSecret } from "../../shared/session-secret.ts";
import { refuse } from "../chat/replies.ts";
import { readSecret } from "./poll-request.ts";

/** The secret that the request bears. Source: H2. */
export function secretOf(request: FastifyRequest): SessionSecret | Refusal {
  const secret = readSecret(request.headers.authorization);
  return secret ?? refuse("hello-first", "Say hello first; then send Authorization: Bearer with the session's secret.");
}
