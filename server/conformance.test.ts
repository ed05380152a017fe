import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import { type Running, runServer } from "./testing/command.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const KIT = `${root}dist/e2e/conformance/main.js`;
const GRACE_MS = 4000;
const QUICK = {
  HEARTBEAT_MS: "2000",
  GRACE_MS: `${GRACE_MS}`,
  RATE_BURST: "100",
  RATE_PER_SECOND: "20",
  MAX_CLIENTS: "300",
  TCP_PORT: "0",
};

type Verdict = "passed" | "failed" | "unseen" | "none";
type Report = {
  readonly rules: readonly { readonly rule: string; readonly over: Readonly<Record<string, Verdict>>; readonly unseen: string }[];
  readonly checks: readonly { readonly name: string; readonly transport: string; readonly result: string }[];
};

async function quickServer(): Promise<Running & { readonly tcpPort: string }> {
  const server = await runServer({ ...QUICK, DATA_DIR: ":memory:" });
  onTestFinished(async () => {
    server.kill("SIGKILL");
    await server.ended;
  });
  const tcpPort = await vi.waitFor(
    () => {
      const port = /listening on tcp:\/\/\S+:(\d+)/.exec(server.lines.join("\n"))?.[1];
      if (port === undefined) throw new Error("no TCP port");
      return port;
    },
    { timeout: 10_000 },
  );
  return { ...server, tcpPort };
}

/** Runs the kit as anybody would. */
async function runKit(
  server: Running & { readonly tcpPort: string },
  ...options: string[]
): Promise<{ status: number | null; report: Report }> {
  const kit = spawn(process.execPath, [KIT, server.url, "--tcp", `127.0.0.1:${server.tcpPort}`, "--json", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void kit.kill("SIGKILL"));
  let stdout = "";
  kit.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  await once(kit, "close");
  return { status: kit.exitCode, report: JSON.parse(stdout) as Report };
}

it("the conformance kit finds nothing wrong over any transport, and forgets no rule of docs/protocol.md", { timeout: 90_000 }, async () => {
  const server = await quickServer();
  const { status, report } = await runKit(server, "--grace", `${GRACE_MS}`, "--cap", QUICK.MAX_CLIENTS, "--stop", `${server.pid}`);
  expect(report.checks.filter(({ result }) => result === "failed")).toEqual([]);
  expect(report.checks.filter(({ result }) => result === "unseen")).toEqual([]);
  expect(status).toBe(0);
  expect(await server.ended).toBe(0); // the kit has stopped it

  const page = readFileSync(`${root}docs/protocol.md`, "utf8");
  const numbers = [...page.matchAll(/\*\*([PLSWHTDX]\d+)\*\*/g)].map(([, number]) => number);
  expect(report.rules.map(({ rule }) => rule).toSorted()).toEqual([...new Set(numbers)].toSorted());
  const passed = report.rules.filter(({ over }) => Object.values(over).includes("passed"));
  const unseen = report.rules.filter((rule) => !passed.includes(rule));
  expect(unseen.filter(({ unseen: because }) => because === "").map(({ rule }) => rule)).toEqual([]);
  expect(passed.length).toBeGreaterThan(95);
});

it("the conformance kit says which rule a server breaks, with status 1", { timeout: 60_000 }, async () => {
  const server = await quickServer();
  // Told of a grace five times as long as the one that the server keeps, it has to find that people are given up too soon.
  const { status, report } = await runKit(server, "--grace", `${5 * GRACE_MS}`, "--rule", "S26");
  expect(status).toBe(1);
  expect(report.rules.find(({ rule }) => rule === "S26")?.over).toEqual({ websocket: "failed", "long-poll": "failed", tcp: "failed" });
  const failed = report.checks.filter(({ result }) => result === "failed").map(({ name }) => name);
  expect(failed.join("\n")).toContain("[S26, S24, L9] says left, why lost, when the grace ends");
});
