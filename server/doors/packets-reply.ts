import type { FastifyReply } from "fastify";
import { CODES, type Refusal } from "../../shared/codes.ts";
import { encodeError } from "../chat/replies.ts";

/** What every answer that carries packets says of itself. Source: H1. */
export const PACKET_HEADERS: readonly string[] = [
  "Content-Type",
  "text/plain; charset=utf-8",
  "Cache-Control",
  "no-store",
  "X-Content-Type-Options",
  "nosniff",
];

const TAKE_WITHIN_MS = 30_000;

/** Answers with the refusal's status and an `error` packet. Source: H17. */
export function replyRefusal(reply: FastifyReply, refusal: Refusal, headers: readonly string[] = []): void {
  const body = encodeError(refusal);
  const { status } = CODES[refusal.code];
  const retryAfter =
    status === 429 || status === 503 ? ["Retry-After", String(Math.max(1, Math.ceil((refusal.retryAfterMs ?? 1000) / 1000)))] : [];
  replyRaw(reply, status, [...PACKET_HEADERS, ...retryAfter, ...headers], body);
}

/** Answers past the framework: one header block, one body. */
export function replyRaw(reply: FastifyReply, status: number, headers: readonly string[], body?: Uint8Array): void {
  if (!reply.sent) reply.hijack();
  const { raw } = reply;
  if (raw.destroyed || raw.writableEnded) return;
  const length = body === undefined ? (status === 204 ? [] : ["Content-Length", "0"]) : ["Content-Length", String(body.length)];
  raw.writeHead(status, [...headers, ...length]);
  // An answer that nobody takes is not kept for ever.
  raw.setTimeout(TAKE_WITHIN_MS, () => raw.destroy());
  raw.end(body);
}
