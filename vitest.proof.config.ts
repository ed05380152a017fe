import { defineConfig } from "vitest/config";

/** Whole runs against real servers, the short forms of docs/reliability.md: one after the other, as each wants the machine for itself. */
export const PROOFS = ["bench/{chaos/chaos,fuzz/fuzz,load/*,power/*}.test.ts", "server/{clock,conformance,disk}.test.ts"];

export default defineConfig({
  test: {
    include: PROOFS,
    fileParallelism: false,
    testTimeout: 60_000,
  },
});
