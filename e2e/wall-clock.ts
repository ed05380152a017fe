import { renameSync, writeFileSync } from "node:fs";
import { test as base } from "./fixtures.ts";

/** The clock on the wall beside the server: what people read, not what time-outs run on. */
export type WallClock = {
  /** Sets it so far from the true time (in ms; negative: back), at once and while the server runs. */
  set: (aheadMs: number) => void;
};

const PRELOAD = new URL("wall-clock-preload.mjs", import.meta.url);

/** Stories in which the server's clock is set, as an operator or a time server might. The page's own is `page.clock`. */
export const test = base.extend<{ wallClock: WallClock; wallClockFile: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: playwright reads the names of the fixtures from here
  wallClockFile: async ({}, use, testInfo) => {
    const file = testInfo.outputPath("wall-clock");
    set(file, 0);
    await use(file);
  },
  settings: async ({ settings, wallClockFile }, use) => {
    await use({ ...settings, NODE_OPTIONS: `--import=${PRELOAD.href}`, WALL_CLOCK: wallClockFile });
  },
  wallClock: async ({ wallClockFile }, use) => {
    await use({ set: (aheadMs) => set(wallClockFile, aheadMs) });
  },
});

/** Whoever reads meanwhile finds the old time or the new one, never half of it. */
function set(file: string, aheadMs: number): void {
  writeFileSync(`${file}-next`, String(aheadMs));
  renameSync(`${file}-next`, file);
}
