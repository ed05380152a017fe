import type { Probe } from "./heap-probe.ts";
import type { Suspect } from "./suspect.ts";
import { until } from "./witnesses.ts";

/** What a server may have more than before once nobody is left, in octets. Fixed: it does not grow with the number of cases. */
const MAX_HEAP_GROWTH = 24 * 1024 * 1024;
const MAX_RESIDENT_GROWTH = 160 * 1024 * 1024;
const SETTLE_WITHIN_MS = 40_000;
const LOOK_EVERY_MS = 1500;
/** Two looks that differ by less are the same. */
const STILL = 512 * 1024;

export type Measured = { readonly probe: Probe; readonly descriptors: number | undefined };

/** Waits until the sockets are gone and the memory stands still, and measures. `idle`: its descriptors before anything. Undefined where it is gone. */
export async function settled(suspect: Suspect, idle: number | undefined): Promise<Measured | undefined> {
  await until(() => (suspect.descriptors ?? 0) <= (idle ?? 0) + 2, SETTLE_WITHIN_MS);
  const deadline = performance.now() + SETTLE_WITHIN_MS;
  let last: Probe | undefined;
  for (;;) {
    const probe = await suspect.probe();
    if (probe === undefined) return undefined;
    const still = last !== undefined && Math.abs(probe.heapUsed - last.heapUsed) < STILL;
    if (still || performance.now() > deadline) return { probe, descriptors: suspect.descriptors };
    last = probe;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** What is there and was not before. */
export function leftBehind({ probe: before, descriptors: few }: Measured, { probe: after, descriptors: now }: Measured): string[] {
  const heap = (probe: Probe) => probe.heapUsed + probe.external;
  const left: string[] = [];
  if (heap(after) - heap(before) > MAX_HEAP_GROWTH) left.push(`the heap grew from ${mib(heap(before))} to ${mib(heap(after))}`);
  if (after.rss - before.rss > MAX_RESIDENT_GROWTH) left.push(`resident memory grew from ${mib(before.rss)} to ${mib(after.rss)}`);
  if ((now ?? 0) > (few ?? 0) + 4) left.push(`descriptors: ${few} before, ${now} after`);
  for (const [kind, count] of Object.entries(after.resources)) {
    if (count > (before.resources[kind] ?? 0) + 8) left.push(`${kind}: ${before.resources[kind] ?? 0} before, ${count} after`);
  }
  return left;
}

export function mib(octets: number): string {
  return `${(octets / 1024 / 1024).toFixed(1)} MiB`;
}
