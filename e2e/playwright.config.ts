import { existsSync } from "node:fs";
import { defineConfig } from "playwright/test";

/** The system's browser: a download of one's own is not always possible, and this is what people have. */
const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => path !== undefined && path !== "" && existsSync(path),
);

/**
 * What this browser is to do without. It opens two pages of its own with every window, for what hangs below its address bar, which a browser
 * without a screen never shows: coming in takes a quarter less time without them. The rest is what playwright says here itself, and the last to speak wins.
 */
const WITHOUT = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "AimEnabled",
  "PreconnectToSearch",
];

/** Stories that are the same whatever carries the talk: once is enough. */
const WHATEVER_CARRIES = [
  "accessibility/**",
  "**/{bad-server,calls,coming-in,composer,connection,fallback,full,hostile-text,languages,long-talk,older-messages,own-message,roster,settings,timeline}.spec.ts",
];

/** Stories of several nodes only. */
const OF_NODES = "nodes/**";

/**
 * What may go otherwise where each request meets another node: said, kept, counted, and come back to. Over long polling a session is at both nodes at
 * once, so that has more of it. `npm run e2e:nodes` has all stories so, over both.
 */
const WHERE_NODES_MATTER = {
  websocket: "**/nodes/*.spec.ts",
  longPoll: "**/{nodes/one-of-two,return,sending}.spec.ts",
};

export default defineConfig({
  testDir: ".",
  outputDir: "../test-results",
  fullyParallel: true,
  // On two processors: there is always one that waits for a clock or a network.
  workers: 3,
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
        `--disable-features=${WITHOUT.join(",")}`,
      ],
    },
    locale: "en-GB",
    // What a story changes in the network is to reach the page; e2e/offline.spec.ts lets them work.
    serviceWorkers: "block",
    // With --trace on it is written down step by step, which takes a third longer.
    trace: "off",
  },
  projects: [
    { name: "websocket", metadata: { transport: "WebSocket" }, testIgnore: OF_NODES },
    { name: "long-poll", metadata: { transport: "long polling" }, testIgnore: [OF_NODES, ...WHATEVER_CARRIES] },
    { name: "nodes", metadata: { transport: "WebSocket", nodes: true }, testMatch: WHERE_NODES_MATTER.websocket },
    { name: "nodes-long-poll", metadata: { transport: "long polling", nodes: true }, testMatch: WHERE_NODES_MATTER.longPoll },
  ],
});
