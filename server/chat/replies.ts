import type { Code, Refusal } from "../../shared/codes.ts";
import { MAX_SERVICE_TEXT_OCTETS } from "../../shared/limits.ts";
import { truncateOctets } from "../../shared/octets.ts";
import { encodeService } from "../../shared/packet.ts";
import type { Ack, Refused, SessionService } from "../../shared/service.ts";
import type { NumberedRefusal, Offset } from "../engine/engine.ts";

/** A session packet on the wire; its fields are checked by the compiler. */
export function encodeReply(service: SessionService): Uint8Array {
  return encodeService(service);
}

export function refuse(code: Code, message: string, retryAfterMs?: number): Refusal {
  return retryAfterMs === undefined ? { code, message } : { code, message, retryAfterMs: Math.ceil(retryAfterMs) };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

function reason({ code, message, retryAfterMs }: Refusal): { code: Code; message: string; retryAfter?: number } {
  const text = truncateOctets(message, MAX_SERVICE_TEXT_OCTETS);
  return retryAfterMs === undefined ? { code, message: text } : { code, message: text, retryAfter: retryAfterMs };
}

/** `error`: the transport is about to be closed. */
export function encodeError(refusal: Refusal): Uint8Array {
  return encodeReply({ type: "error", ...reason(refusal) });
}

export function encodeRefused(refusal: NumberedRefusal): Uint8Array {
  return encodeReply({ type: "refused", seq: refusal.seq, ...reason(refusal) } satisfies Refused);
}

export function encodeRenameRefused(refusal: Refusal): Uint8Array {
  return encodeReply({ type: "refused", of: "rename", ...reason(refusal) } satisfies Refused);
}

export function encodeAck(seq: number, offset: Offset | undefined): Uint8Array {
  return encodeReply((offset === undefined ? { type: "ack", seq } : { type: "ack", seq, offset }) satisfies Ack);
}
