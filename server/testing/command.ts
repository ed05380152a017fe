import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/server/main.js", import.meta.url));

export type Ran = { status: number | null; stdout: string; stderr: string };
type Environment = Readonly<Record<string, string>>;

/** Runs the built command to its end. */
export async function runCommand(args: readonly string[], environment: Environment = {}): Promise<Ran> {
  const child = launch(args, environment);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (text) => (stdout += text));
  child.stderr?.on("data", (text) => (stderr += text));
  await once(child, "close");
  return { status: child.exitCode, stdout, stderr };
}

/** A server as a process of its own. */
export type Running = {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly lines: string[];
  ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
};

/** Starts the built server and resolves when it listens. */
export async function runServer(environment: Environment): Promise<Running> {
  const child = launch(["start"], { PORT: "0", JOINS_PER_MINUTE: "0", MAX_CLIENTS_PER_ADDRESS: "0", ...environment });
  const ended = once(child, "exit").then(() => child.exitCode);
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    ended.then((status) => reject(new Error(`the server ended with ${status}: ${lines.join("\n")}`)));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface(stream).on("line", (line) => {
        lines.push(line);
        const listening = /^Palabre is listening on (\S+)$/.exec(line)?.[1];
        if (listening !== undefined) resolve(listening);
      });
    }
  });
  return { url, port: Number(new URL(url).port), pid: child.pid as number, lines, ended, kill: (signal) => void child.kill(signal) };
}

export function newDataDir(): string {
  return mkdtempSync(join(tmpdir(), "palabre-test-"));
}

function launch(args: readonly string[], environment: Environment): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH ?? "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
