import type { SessionId } from "./engine.ts";
import type { KeptSession, Store } from "./store.ts";

const MINUTE_MS = 60_000;

/** Ended, and the log says so too, before `oldestMs`. */
export function endedBefore({ ended, announced }: Readonly<KeptSession>, oldestMs: number): boolean {
  return ended !== undefined && !announced && ended.atMs < oldestMs;
}

/**
 * From which moment on sessions that ended are remembered, ms since the epoch: from `oldestMs`, or later where more than `most` ended since.
 * To the minute: a few too many may go.
 */
export async function rememberedSince(store: Store, oldestMs: number, most: number): Promise<number> {
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

/** Those that ended before `oldestMs`. */
export async function sessionsEndedBefore(store: Store, oldestMs: number): Promise<SessionId[]> {
  const ids: SessionId[] = [];
  await store.visitEnded((kept) => {
    if (endedBefore(kept, oldestMs)) ids.push(kept.session);
  });
  return ids;
}
