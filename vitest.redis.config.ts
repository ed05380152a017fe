import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** The protocol's rules and the hub's suite once more, on the engine that several nodes share: all that does not say which engine it wants. */
export default defineConfig({
  test: {
    include: ["server/protocol-*.test.ts", "server/chat/*.test.ts", "server/{bounds,chat-connection,http-faults}.test.ts"],
    env: { ENGINE: "redis" },
    maxWorkers: Math.max(4, availableParallelism()),
    testTimeout: 30_000,
  },
});
