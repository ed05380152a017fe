import { defineConfig } from "vitest/config";

/** The stories in the engines that playwright does not drive as people have them. */
export default defineConfig({
  test: {
    include: ["e2e/engines/*.story.ts"],
    // Each skipped story with its reason.
    reporters: ["verbose"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
