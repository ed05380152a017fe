import type { LeftWhy } from "../../shared/service.ts";
import type { Session } from "./session.ts";

/** What the passing of time asks of a session. */
export type Due = { do: "nothing" } | { do: "end"; why: LeftWhy } | { do: "give-up" } | { do: "ping" };

/** What is due now. Pure. Source: S24 to S27, S31, S32. */
export function dueNow(session: Session, nowMs: number): Due {
  if (session.state.kind === "gone" || session.entering > 0) return { do: "nothing" }; // over; or coming back this very moment
  if (nowMs >= session.lingerUntilMs) return { do: "end", why: "left" };
  if (session.state.kind === "away") return nowMs >= graceEndsMs(session) ? { do: "end", why: "lost" } : { do: "nothing" };
  if (nowMs >= session.silentAtMs) return { do: "give-up" };
  return nowMs >= session.pingAtMs ? { do: "ping" } : { do: "nothing" };
}

/** When to look at it next, ms of the clock; Infinity for never again. */
export function dueMs(session: Session, nowMs: number): number {
  if (session.state.kind === "gone") return Number.POSITIVE_INFINITY;
  if (session.entering > 0) return nowMs + session.heartbeatMs;
  if (session.state.kind === "away") return graceEndsMs(session);
  return Math.min(session.lingerUntilMs, session.pingAtMs, session.silentAtMs);
}

/** Who said that they might go has a shorter grace, which runs from when they said it. */
function graceEndsMs(session: Session): number {
  if (session.lingerUntilMs !== Number.POSITIVE_INFINITY) return session.lingerUntilMs;
  return session.state.kind === "away" ? session.state.sinceMs + session.graceMs : Number.POSITIVE_INFINITY;
}
