import type { CDPSession } from "playwright";

/** What a page takes after a collection: its JavaScript heap, and the nodes of its document. */
export type Memory = { readonly heapMib: number; readonly nodes: number };

export async function memoryOf(devtools: CDPSession): Promise<Memory> {
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  const { nodes } = await devtools.send("Memory.getDOMCounters");
  return { heapMib: usedSize / 1024 / 1024, nodes };
}
