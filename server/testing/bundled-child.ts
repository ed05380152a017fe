import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Inside node_modules, so that what is imported by name is found from there. */
const CACHE = join(ROOT, "node_modules/.cache/palabre-tests");

/** A script of this folder as plain JavaScript in one file, for a process of its own. */
export type Bundle = { readonly file: string; remove(): Promise<void> };

/** Makes it from the sources as they are now. `name`: without its ending. */
export async function bundle(name: string): Promise<Bundle> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, `${name}-`));
  await chmod(folder, 0o755); // for a child that runs as somebody else
  await build({
    configFile: false,
    root: ROOT,
    logLevel: "error",
    build: { ssr: join(ROOT, "server/testing", `${name}.ts`), outDir: folder, target: "node20", minify: false },
  });
  return { file: join(folder, `${name}.js`), remove: () => rm(folder, { recursive: true }) };
}

export type Child = {
  readonly pid: number;
  /** The lines that it writes, parsed from JSON. Ends with the process's output. */
  readonly said: AsyncIterator<unknown>;
  /** The exit status, or the signal that ended it, once all its output is here. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Everything that it said on standard error, so far. */
  readonly complaints: () => string;
  /** Lets a line in. */
  tell(line: string): void;
  kill(signal: NodeJS.Signals): void;
};

/** Runs a bundle. `prefix`: a command that runs it, such as one that sets limits. */
export function run(
  { file }: Bundle,
  args: readonly string[],
  { prefix = [], uid }: { prefix?: readonly string[]; uid?: number } = {},
): Child {
  const [command = "", ...rest] = [...prefix, process.execPath, file, ...args];
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(command, rest, {
    stdio: ["pipe", "pipe", "pipe"],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  return {
    pid: child.pid as number,
    said: parsed(createInterface(child.stdout)),
    ended: once(child, "close").then(([status, signal]) => (status ?? signal) as number | NodeJS.Signals),
    complaints: () => complaints,
    tell: (line) => void child.stdin.write(`${line}\n`),
    kill: (signal) => void child.kill(signal),
  };
}

async function* parsed(lines: AsyncIterable<string>): AsyncGenerator<unknown> {
  for await (const line of lines) yield JSON.parse(line);
}
