import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{shared,server,web,bench}/**/*.test.{ts,tsx}"],
    testTimeout: 20_000,
  },
});
