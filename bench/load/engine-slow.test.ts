import { describe, expect, it } from "vitest";
import { ENGINE_SLOW_DEFAULTS, engineSlow } from "./engine-slow.ts";
import { noSlowDisk } from "./slow-disk.ts";

describe.skipIf(noSlowDisk() !== undefined)(
  `senders before a slow disk${noSlowDisk() === undefined ? "" : ` (skipped: ${noSlowDisk()})`}`,
  () => {
    it("[L7, S18] are held back, and all that is acknowledged is in the log, in order", { timeout: 240_000 }, async () => {
      const short = { senders: 30, rooms: 3, seconds: 2, "flush-ms": 100, window: 200 };
      const { faults, acknowledged, before, peakAnon } = await engineSlow({ ...ENGINE_SLOW_DEFAULTS, ...short });
      expect(faults).toEqual([]);
      expect(acknowledged).toBeGreaterThan(1000);
      expect(peakAnon - before.rssAnon).toBeLessThan(100);
    });
  },
);
