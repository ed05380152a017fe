import type { Code } from "../codes.ts";

export type TransportKind = "websocket" | "long-poll";

/**
 * Why there is no connection at the moment: the server's code, or that nothing was heard from it at all. `intercepted`: something else answered in
 * its place, such as the sign-in page of a network. That passes, and is waited for like any other outage.
 */
export type Outage = { code: Code; message: string } | { code: "unreachable" } | { code: "intercepted" };

/**
 * - `idle`: not started.
 * - `connecting`: an attempt is under way. `attempt` counts from 1 and starts over after a good connection.
 * - `open`: in the room.
 * - `waiting`: the next attempt is at `retryAtMs` (the clock's `now`). `stopping` in `why` is a server that restarts.
 * - `ended`: for good. `left` is one's own doing; a code is the server's last word (`nick-taken`, `removed`, `replaced`, …).
 */
export type ConnectionState =
  | { kind: "idle" }
  | { kind: "connecting"; attempt: number; why?: Outage }
  | { kind: "open"; transport: TransportKind; roundTripMs?: number }
  | { kind: "waiting"; attempt: number; retryAtMs: number; why: Outage }
  | { kind: "ended"; why: { code: Code; message: string } | { code: "left" } };
