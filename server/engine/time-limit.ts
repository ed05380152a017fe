import type { Clock } from "../clock.ts";

/** Waits for `work`, whatever comes of it, but no longer than `limitMs`. */
export async function atMost(clock: Clock, limitMs: number, work: Promise<unknown> | undefined): Promise<void> {
  let cancel = (): void => {};
  const limit = new Promise<void>((resolve) => {
    cancel = clock.after(limitMs, resolve);
  });
  try {
    await Promise.race([work, limit]);
  } catch {
    // Whoever did the work was told.
  }
  cancel();
}
