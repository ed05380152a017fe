import type { SessionId } from "./engine.ts";

/** What has to be known of a session to see whether it is forgotten. */
export type EndedSession = {
  readonly session: SessionId;
  readonly announced: boolean;
  readonly ended: { readonly atMs: number } | undefined;
};

/** Shows every session that needs no care. */
type EndedSessions = { visitEnded(visit: (kept: EndedSession) => void): Promise<void> };

const MINUTE_MS = 60_000;

/** Which sessions that ended are forgotten. */
export type Forgetting = {
  /** Those that ended before that, for certain. */
  readonly oldestMs: number;
  /** And those that were noted to have ended before that: there are too many. `oldestMs` or later. */
  readonly sinceMs: number;
  /** The latest moment that a noted one can have been. */
  readonly latest: (notedMs: number) => number;
};

/** Ended, and the log says so too, too long ago. */
export function isForgotten({ ended, announced }: EndedSession, { oldestMs, sinceMs, latest }: Forgetting): boolean {
  if (ended === undefined || announced) return false;
  return latest(ended.atMs) < oldestMs || (sinceMs > oldestMs && ended.atMs < sinceMs);
}

/**
 * From which moment on sessions that ended are remembered, ms since the epoch: from `oldestMs`, or later where more than `most` ended since.
 * To the minute: a few too many may go.
 */
export async function rememberedSince(store: EndedSessions, oldestMs: number, most: number): Promise<number> {
  const perMinute = new Map<number, number>();
  await store.visitEnded(({ ended }) => {
    const minute = Math.floor(Math.max(ended?.atMs ?? 0, oldestMs) / MINUTE_MS);
    perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
  });
  let count = 0;
  for (const minute of [...perMinute.keys()].sort((a, b) => b - a)) {
    count += perMinute.get(minute) as number;
    if (count > most) return Math.max(oldestMs, (minute + 1) * MINUTE_MS);
  }
  return oldestMs;
}

/** All of them. */
export async function forgottenSessions(store: EndedSessions, forgetting: Forgetting): Promise<SessionId[]> {
  const ids: SessionId[] = [];
  await store.visitEnded((kept) => {
    if (isForgotten(kept, forgetting)) ids.push(kept.session);
  });
  return ids;
}
