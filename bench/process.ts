import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** The built `bench/`, also where this file runs as its source, in a test. */
const BUILT = new URL(import.meta.url.endsWith(".ts") ? "../dist/bench/" : "./", import.meta.url);
/** A built file, named from the built `bench/`. */
export const here = (path: string) => fileURLToPath(new URL(path, BUILT));

export type Served = {
  readonly port: number;
  readonly pid: number;
  readonly startedInMs: number;
  readonly child: ChildProcess;
  /** SIGTERM; resolves when it has gone, and what it kept is removed. */
  stop(): Promise<void>;
};

/** How a server is started. */
export type Launch = {
  /** For node itself. */
  readonly flags?: readonly string[];
  /** A command that starts it, such as `taskset -c 0`. */
  readonly under?: readonly string[];
  /** For node and what it loads. */
  readonly environment?: Readonly<Record<string, string>>;
  /** True: `process.send` reaches it. */
  readonly ipc?: boolean;
  /** Told each line of its standard output after the one that says where it listens. */
  readonly heard?: (line: string) => void;
};

/** Starts Palabre, built, on a data directory of its own; limits that a benchmark meets are lifted. */
export async function startPalabre(settings: Readonly<Record<string, string>> = {}, launch: Launch = {}): Promise<Served> {
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
  return serve(
    ["../server/main.js", "start"],
    { ...environment, ...settings },
    () => rmSync(dataDir, { recursive: true, force: true }),
    launch,
  );
}

export function startWsPeer(): Promise<Served> {
  return serve(["./ws-peer.js"], {}, () => {});
}

async function serve(
  [script = "", ...args]: string[],
  environment: Record<string, string>,
  after: () => void,
  { flags = [], under = [], environment: more = {}, ipc = false, heard = () => {} }: Launch = {},
): Promise<Served> {
  const startedMs = performance.now();
  const [command = "", ...commandArgs] = [...under, process.execPath, ...flags, here(script), ...args];
  const child = spawn(command, commandArgs, {
    env: { PATH: process.env.PATH ?? "", ...environment, ...more },
    stdio: ["ignore", "pipe", "inherit", ...(ipc ? (["ipc"] as const) : [])],
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    }
    after();
  };
  return new Promise((resolve, reject) => {
    let listens = false;
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the server ended before it listened")));
    createInterface(child.stdout as Readable).on("line", (line) => {
      if (listens) return heard(line);
      const port = /listening on http:\/\/\S+:(\d+)/.exec(line)?.[1];
      if (port === undefined) return;
      listens = true;
      resolve({ port: Number(port), pid: child.pid as number, startedInMs: performance.now() - startedMs, child, stop });
    });
  });
}

/** Receivers in a process of their own. */
export class Receivers {
  readonly #child: ChildProcess = fork(here("./receivers.js"));

  async open(count: number, port: number, path: string, hello: boolean | string): Promise<void> {
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
