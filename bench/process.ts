import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export type Served = { port: number; pid: number; startedInMs: number; stop(): Promise<void> };

/** Starts Palabre, built, on a data directory of its own; limits that a benchmark meets are lifted. */
export async function startPalabre(settings: Record<string, string> = {}): Promise<Served> {
  const dataDir = mkdtempSync(join(tmpdir(), "palabre-bench-"));
  const environment = {
    PORT: "0",
    DATA_DIR: dataDir,
    LOG_LEVEL: "warn",
    MAX_CLIENTS: "100000",
    MAX_CLIENTS_PER_ADDRESS: "0",
    JOINS_PER_MINUTE: "0",
    RATE_BURST: "0",
  };
  return serve(["../server/main.js", "start"], { ...environment, ...settings }, () => rmSync(dataDir, { recursive: true }));
}

export function startWsPeer(): Promise<Served> {
  return serve(["./ws-peer.js"], {}, () => {});
}

async function serve([script = "", ...args]: string[], environment: Record<string, string>, after: () => void): Promise<Served> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [here(script), ...args], {
    env: { PATH: process.env.PATH ?? "", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface(child.stdout)) {
    const port = /listening on http:\/\/\S+:(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stdout.resume();
    const stop = async () => {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
      after();
    };
    return { port: Number(port), pid: child.pid as number, startedInMs: performance.now() - startedMs, stop };
  }
  throw new Error("the server ended before it listened");
}

/** Receivers in a process of their own. */
export class Receivers {
  readonly #child: ChildProcess = fork(here("./receivers.js"));

  async open(count: number, port: number, path: string, hello: boolean): Promise<void> {
    await this.#ask({ open: count, port, path, hello });
  }

  /** From here on counts. `done` resolves to when (ms since the epoch) every receiver has had `octets` more. */
  async expect(octets: number): Promise<{ done: Promise<number> }> {
    await this.#ask({ expect: octets });
    return { done: once(this.#child, "message").then(([answer]) => (answer as { done: number }).done) };
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }

  async #ask(order: object): Promise<void> {
    const answer = once(this.#child, "message");
    this.#child.send(order);
    await answer;
  }
}

/** Processor time of a process so far, in seconds: user and system. Linux only. */
export function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100; // clock ticks of 10 ms
}

/** Resident memory of a process, in KiB. Linux only. */
export function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
