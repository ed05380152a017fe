import { availableParallelism } from "node:os";
import { defaultExclude, defineConfig } from "vitest/config";
import { PROOFS } from "./vitest.proof.config.ts";

export default defineConfig({
  test: {
    include: ["{shared,server,web,bench}/**/*.test.{ts,tsx}"],
    exclude: [...defaultExclude, ...PROOFS],
    // By itself vitest takes one less than there are processors. Most of these tests wait for a server, a socket or a clock: more of them fit beside each other.
    maxWorkers: Math.max(4, availableParallelism()),
    testTimeout: 20_000,
  },
});
