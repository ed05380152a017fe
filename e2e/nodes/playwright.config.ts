import { defineConfig } from "playwright/test";
import stories from "../playwright.config.ts";

/**
 * `npm run e2e:nodes`: every story, over both transports, with two nodes behind a proxy that sends each request to the next one.
 * `npm run e2e:compose`: some of them with what docker-compose.yml describes.
 */
export default defineConfig({
  ...stories,
  testDir: "..",
  outputDir: "../../test-results/nodes",
  projects: [
    { name: "nodes", metadata: { transport: "WebSocket", nodes: true } },
    { name: "nodes-long-poll", metadata: { transport: "long polling", nodes: true } },
    ...["WebSocket", "long polling"].map((transport) => ({
      name: `compose-${transport === "WebSocket" ? "websocket" : "long-poll"}`,
      metadata: { transport, composed: true },
      testMatch: ["nodes/composed.story.ts", "**/{talk,return,roster}.spec.ts"],
      timeout: 120_000,
    })),
  ],
});
