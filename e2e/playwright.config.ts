import { existsSync } from "node:fs";
import { defineConfig } from "playwright/test";

/** The system's browser: a download of one's own is not always possible, and this is what people have. */
const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => path !== undefined && path !== "" && existsSync(path),
);

/** Stories that are the same whatever carries the talk: once is enough. */
const WHATEVER_CARRIES = [
  "accessibility/**",
  "**/{bad-server,calls,coming-in,composer,connection,fallback,full,hostile-text,languages,long-talk,older-messages,own-message,roster,settings,timeline}.spec.ts",
];

export default defineConfig({
  testDir: ".",
  outputDir: "../test-results",
  fullyParallel: true,
  // More of them take as long on two processors, and get into each other's way.
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  forbidOnly: process.env.CI !== undefined,
  reporter: [["list"]],
  use: {
    launchOptions: {
      ...(executablePath === undefined ? {} : { executablePath }),
      // As root, in a container, without a graphics card: as on a build machine. The rest keeps it from talking to anybody but us.
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
    locale: "en-GB",
    // What a story changes in the network is to reach the page; e2e/offline.spec.ts lets them work.
    serviceWorkers: "block",
    // With --trace on it is written down step by step, which takes a third longer.
    trace: "off",
  },
  projects: [
    { name: "websocket", metadata: { transport: "WebSocket" } },
    { name: "long-poll", metadata: { transport: "long polling" }, testIgnore: WHATEVER_CARRIES },
  ],
});
