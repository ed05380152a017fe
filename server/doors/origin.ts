import type { FastifyRequest } from "fastify";
import type { Refusal } from "../../shared/codes.ts";

/** Which origins may use the chat besides the page's own: `https://example.org`, without a path. */
export type AllowedOrigins = ReadonlySet<string>;

/** Undefined where the request may go on: no `Origin` (a program), the page's own, or an allowed one. Source: X1. */
export function checkOrigin(request: FastifyRequest, allowed: AllowedOrigins): Refusal | undefined {
  const { origin } = request.headers;
  if (origin === undefined || isOwn(origin, request.host) || allowed.has(origin)) return undefined;
  return { code: "forbidden", message: "Pages of this origin may not use this chat. Its operator can allow them with ALLOWED_ORIGINS." };
}

/** What lets a page of an allowed origin read the answer; nothing for anybody else. */
export function corsHeaders(request: FastifyRequest, allowed: AllowedOrigins): string[] {
  const { origin } = request.headers;
  if (origin === undefined || !allowed.has(origin)) return [];
  return [
    "Access-Control-Allow-Origin",
    origin,
    "Vary",
    "Origin",
    "Access-Control-Expose-Headers",
    "Palabre-Offset, Palabre-First-Offset, Palabre-At, Retry-After",
  ];
}

/** The answer to a preflight of an allowed origin. */
export function preflightHeaders(request: FastifyRequest, allowed: AllowedOrigins): string[] {
  const headers = corsHeaders(request, allowed);
  if (headers.length === 0) return headers;
  return [
    ...headers,
    "Access-Control-Allow-Methods",
    "GET, POST",
    "Access-Control-Allow-Headers",
    "Authorization, Content-Type",
    "Access-Control-Max-Age",
    "600",
  ];
}

function isOwn(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === new URL(`http://${host}`).host || new URL(origin).host === host;
  } catch {
    return false; // "null", or no URL at all
  }
}
