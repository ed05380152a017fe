import { setTimeout as sleep } from "node:timers/promises";

/** Waits until `holds`, and rejects with `what` when that takes longer than `withinMs`. */
export async function until(holds: () => boolean, what: string | (() => string), withinMs = 60_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() >= endMs) throw new Error(`waited ${withinMs} ms in vain for ${typeof what === "string" ? what : what()}`);
    await sleep(10);
  }
}

/** Runs `work` on every item, `atOnce` of them at the same time. */
export async function each<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) await work(items[index] as Item, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
