import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import { Nodes } from "./nodes.ts";
import { SharedRedis } from "./shared-redis.ts";

const KIT = fileURLToPath(new URL("../../dist/e2e/conformance/main.js", import.meta.url));
const GRACE_MS = "4000";
const CAP = "300";
const SETTINGS = {
  HEARTBEAT_MS: "2000",
  GRACE_MS,
  RATE_BURST: "100",
  RATE_PER_SECOND: "20",
  MAX_CLIENTS: CAP,
  TCP_PORT: "0",
};

it("the conformance kit finds nothing wrong where each request meets the next of two nodes", { timeout: 240_000 }, async () => {
  const redis = await SharedRedis.start();
  onTestFinished(() => redis.dispose());
  const nodes = await Nodes.start(redis.url, SETTINGS);
  onTestFinished(() => nodes.remove());
  const tcp = await vi.waitFor(
    () => {
      const port = /listening on tcp:\/\/\S+:(\d+)/.exec(nodes.lines.join("\n"))?.[1];
      if (port === undefined) throw new Error("no TCP port");
      return `127.0.0.1:${port}`;
    },
    { timeout: 10_000 },
  );
  const kit = spawn(process.execPath, [KIT, nodes.url, "--tcp", tcp, "--json", "--grace", GRACE_MS, "--cap", CAP], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void kit.kill("SIGKILL"));
  const [report] = await Promise.all([text(kit.stdout), once(kit, "close")]);
  const { checks } = JSON.parse(report) as { checks: { result: string }[] };
  expect(checks.filter(({ result }) => result === "failed")).toEqual([]);
  expect(checks.filter(({ result }) => result === "passed").length).toBeGreaterThan(150);
  expect(kit.exitCode).toBe(0);
  expect(Math.min(...nodes.proxy.given)).toBeGreaterThan(100);
});
