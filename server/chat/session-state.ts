import type { LeftWhy } from "../../shared/service.ts";

/**
 * Where a session is.
 *
 * - `present`: somebody listens: a stream is open, or a poll is parked.
 * - `away`: nobody listens since then; when the grace is over it ends.
 * - `gone`: over, for good.
 */
export type SessionState = { kind: "present" } | { kind: "away"; sinceMs: number } | { kind: "gone"; why: LeftWhy };

export type SessionEvent =
  | { kind: "greeted"; atMs: number }
  | { kind: "heard" }
  | { kind: "lost"; atMs: number }
  | { kind: "ended"; why: LeftWhy };

/** The only transitions there are. Source: S24, S28. */
export function next(state: SessionState, event: SessionEvent): SessionState {
  if (state.kind === "gone") return state;
  switch (event.kind) {
    case "greeted": // a hello: nobody listens yet, and the grace begins anew
      return { kind: "away", sinceMs: event.atMs };
    case "heard":
      return { kind: "present" };
    case "lost":
      return state.kind === "away" ? state : { kind: "away", sinceMs: event.atMs };
    case "ended":
      return { kind: "gone", why: event.why };
    default:
      return event satisfies never;
  }
}
