import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "../fixtures.ts";

const KIT = fileURLToPath(new URL("../../dist/e2e/conformance/main.js", import.meta.url));
const GRACE_MS = "4000";
const CAP = "300";

test.use({
  settings: {
    HEARTBEAT_MS: "2000",
    GRACE_MS,
    RATE_BURST: "100",
    RATE_PER_SECOND: "20",
    MAX_CLIENTS: CAP,
    TCP_PORT: "0",
  },
});

test("the conformance kit finds nothing wrong where each request meets the next of two nodes", async ({ server }) => {
  test.setTimeout(240_000);
  const tcp = /listening on tcp:\/\/\S+:(\d+)/;
  await expect.poll(() => server.lines.join("\n")).toMatch(tcp);
  const [, port] = tcp.exec(server.lines.join("\n")) as unknown as [string, string];
  const kit = spawn(process.execPath, [KIT, server.url, "--tcp", `127.0.0.1:${port}`, "--json", "--grace", GRACE_MS, "--cap", CAP], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [report] = await Promise.all([text(kit.stdout), once(kit, "close")]);
  const { checks } = JSON.parse(report) as { checks: { name: string; transport: string; result: string; why?: string }[] };
  expect(checks.filter(({ result }) => result === "failed")).toEqual([]);
  expect(checks.filter(({ result }) => result === "passed").length).toBeGreaterThan(150);
  expect(kit.exitCode).toBe(0);
});
