import type { Refusal } from "../codes.ts";
import { type Decoded, decode, type Packet } from "../packet.ts";
import { parseServerService } from "../service.ts";
import type { FetchAnswer } from "./environment.ts";

export type PollAnswer =
  | { kind: "packets"; packets: readonly Packet[] }
  | { kind: "empty" }
  | { kind: "refused"; refusal: Refusal }
  /** Not from the server, or not as it left it. `intercepted`: somebody else's answer; `lost`: none, a damaged one, a proxy's excuse. */
  | { kind: "none"; why: "lost" | "intercepted" };

/** Reads the answer to a poll or a POST; a body is checked whole. Source: H1, H17. */
export function readPollAnswer(answer: FetchAnswer | undefined): PollAnswer {
  if (answer === undefined) return { kind: "none", why: "lost" };
  const { status, body } = answer;
  if (status === 204 || (status === 200 && body.length === 0)) return { kind: "empty" };
  const decoded = decode(body);
  if (!decoded.ok || decoded.rest.length > 0) return { kind: "none", why: whyNone(status, decoded) };
  if (status === 200) return { kind: "packets", packets: decoded.packets };
  for (const packet of decoded.packets) {
    const parsed = packet.kind === "service" ? parseServerService(packet) : undefined;
    if (parsed?.kind !== "service" || parsed.service.type !== "error") continue;
    const { code, message, retryAfter } = parsed.service;
    return { kind: "refused", refusal: retryAfter === undefined ? { code, message } : { code, message, retryAfterMs: retryAfter } };
  }
  return { kind: "none", why: whyNone(status, decoded) };
}

/**
 * What an answer is that the server did not give. A proxy that says in its own words that the server behind it is away, slow or busy, tells the
 * same as no answer would. Whatever else comes from somewhere else: a page in the server's place, a way to another place, or the wish
 * that one sign in to the network first (511).
 */
function whyNone(status: number, decoded: Decoded): "lost" | "intercepted" {
  if (status === 511) return "intercepted";
  if (status >= 500 || status === 408 || status === 429) return "lost";
  // What begins as packets was the server's, and was cut short or damaged.
  const begins = decoded.packets.length > 0 || (decoded.ok && decoded.rest.length > 0);
  return begins ? "lost" : "intercepted";
}
