import { defaultExclude, defineConfig } from "vitest/config";
import { PROOFS } from "./vitest.proof.config.ts";

export default defineConfig({
  test: {
    include: ["{shared,server,web,bench}/**/*.test.{ts,tsx}"],
    exclude: [...defaultExclude, ...PROOFS],
    testTimeout: 20_000,
  },
});
