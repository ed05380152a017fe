// Loaded into the server's process before the server (node --expose-gc --import): on SIGUSR2 it says on standard error what is in use once
// the garbage is collected, so that the server needs no such thing of its own.

/** What stands before each line of the probe. */
export const PROBE_SAYS = "fuzz-probe ";

/** In octets; `resources`: what keeps the process alive, by kind. */
export type Probe = { rss: number; heapUsed: number; external: number; arrayBuffers: number; resources: Record<string, number> };

const collect = (globalThis as { gc?: () => void }).gc;

if (collect !== undefined) {
  process.on("SIGUSR2", () => {
    collect();
    collect();
    const resources: Record<string, number> = {};
    for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const probe: Probe = { rss, heapUsed, external, arrayBuffers, resources };
    process.stderr.write(`${PROBE_SAYS}${JSON.stringify(probe)}\n`);
  });
}
