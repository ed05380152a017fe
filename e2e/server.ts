import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../dist/server/main.js", import.meta.url));

/** Those that run. A test that was interrupted leaves none behind. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export type ServerSettings = Readonly<Record<string, string>>;

/** What a story knows of the server: one process, or several nodes and what is before them. */
export type AnyServer = Pick<Server, "url" | "lines" | "start" | "stop" | "kill" | "remove">;

/** The built server as a process of its own, with a data directory of its own. */
export class Server {
  readonly #dataDir: string;
  readonly #settings: ServerSettings;
  #process: ChildProcess | undefined;
  #port = "0";
  url = "";
  /** What it wrote, line by line. */
  readonly lines: string[] = [];

  private constructor(dataDir: string, settings: ServerSettings) {
    this.#dataDir = dataDir;
    this.#settings = settings;
  }

  static async start(settings: ServerSettings = {}): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "palabre-e2e-")), settings);
    await server.start();
    return server;
  }

  /** Starts it, again on the same port and the same data after a stop. Resolves when it listens. */
  async start(): Promise<void> {
    const environment = {
      JOINS_PER_MINUTE: "0",
      ...this.#settings,
      PATH: process.env.PATH ?? "",
      PORT: this.#port,
      DATA_DIR: this.#dataDir,
    };
    const child = spawn(process.execPath, [MAIN, "start"], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    running.add(child);
    child.once("exit", () => running.delete(child));
    for await (const line of createInterface(child.stdout)) {
      this.lines.push(line);
      const url = /^Palabre is listening on (http:\S+)$/.exec(line)?.[1];
      if (url === undefined) continue;
      this.url = url;
      this.#port = new URL(url).port;
      child.stdout.on("data", (text: Buffer) => this.lines.push(...text.toString().trimEnd().split("\n")));
      child.stdout.resume();
      return;
    }
    throw new Error(`the server ended before it listened (${child.exitCode})`);
  }

  /** True where it ended, and nobody had asked for that. */
  get hasCrashed(): boolean {
    return this.#process !== undefined && (this.#process.exitCode !== null || this.#process.signalCode !== null);
  }

  /** Stops it in good order. Gives its exit status. */
  async stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
    return child.exitCode;
  }
}
