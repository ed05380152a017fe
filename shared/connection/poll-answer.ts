import type { Refusal } from "../codes.ts";
import { decode, type Packet } from "../packet.ts";
import { parseServerService } from "../service.ts";
import type { FetchAnswer } from "./environment.ts";

export type PollAnswer =
  | { kind: "packets"; packets: readonly Packet[] }
  | { kind: "empty" }
  | { kind: "refused"; refusal: Refusal }
  /** Not from the server: none at all, the page of a portal, a proxy's own error. */
  | { kind: "none" };

/** Reads the answer to a poll or a POST; a body is checked whole. Source: H1, H17. */
export function readPollAnswer(answer: FetchAnswer | undefined): PollAnswer {
  if (answer === undefined) return { kind: "none" };
  const { status, body } = answer;
  if (status === 204 || (status === 200 && body.length === 0)) return { kind: "empty" };
  const decoded = decode(body);
  if (!decoded.ok || decoded.rest.length > 0) return { kind: "none" };
  if (status === 200) return { kind: "packets", packets: decoded.packets };
  for (const packet of decoded.packets) {
    const parsed = packet.kind === "service" ? parseServerService(packet) : undefined;
    if (parsed?.kind !== "service" || parsed.service.type !== "error") continue;
    const { code, message, retryAfter } = parsed.service;
    return { kind: "refused", refusal: retryAfter === undefined ? { code, message } : { code, message, retryAfterMs: retryAfter } };
  }
  return { kind: "none" };
}
