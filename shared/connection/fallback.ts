import type { TransportKind } from "./connection-state.ts";

/** Long polling joins the race when WebSocket has brought no `welcome` by then. */
export const RACE_MS = 1500;
/** Two cuts as close together as this, and WebSocket counts as failed. */
const CUTS_WITHIN_MS = 30_000;
/** On polling, a WebSocket that counts as failed is tried again so often. */
export const UPGRADE_EVERY_MS = 180_000;
/** One that worked before, and was merely late or cut once. */
const UPGRADE_SOON_MS = 5_000;

/** What is remembered of WebSocket's failures. */
export type Fallback = {
  /** It does not work here: long polling goes first, and alone. */
  readonly failed: boolean;
  /** It has worked since the page was opened: one failure more may be chance. */
  readonly worked: boolean;
  readonly cutAtMs?: number;
};

export type FallbackEvent =
  | { kind: "welcomed" }
  /** It was open, and ended without a word. */
  | { kind: "cut"; nowMs: number }
  /** It gave no `welcome`, where long polling did. */
  | { kind: "passed-by"; nowMs: number };

export function firstFallback(preferred: TransportKind | undefined): Fallback {
  return { failed: preferred === "long-poll", worked: false };
}

export function nextFallback(fallback: Fallback, event: FallbackEvent): Fallback {
  switch (event.kind) {
    case "welcomed":
      return { ...fallback, failed: false, worked: true };
    case "cut":
      return cut(fallback, event.nowMs);
    case "passed-by":
      return fallback.worked ? cut(fallback, event.nowMs) : { ...fallback, failed: true };
    default:
      return event satisfies never;
  }
}

function cut({ cutAtMs, failed, worked }: Fallback, nowMs: number): Fallback {
  // What failed has to bring a `welcome` before it is trusted again.
  if (failed || (cutAtMs !== undefined && nowMs - cutAtMs <= CUTS_WITHIN_MS)) return { failed: true, worked: false };
  return { failed, worked, cutAtMs: nowMs };
}

/** Who is tried first, and whether long polling joins in. */
export function planRace(
  fallback: Fallback,
  has: { webSocket: boolean; only: TransportKind | undefined },
): { first: TransportKind; pollingJoins: boolean } {
  if (has.only !== undefined) return { first: has.only, pollingJoins: false };
  if (!has.webSocket || fallback.failed) return { first: "long-poll", pollingJoins: false };
  return { first: "websocket", pollingJoins: true };
}

/** While polling: when to try WebSocket again. */
export function upgradeMs({ failed }: Fallback): number {
  return failed ? UPGRADE_EVERY_MS : UPGRADE_SOON_MS;
}
