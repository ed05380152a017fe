import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";

// Where this file is compiled, or where it is written.
const [MAIN] = ["../../server/main.js", "../../dist/server/main.js"]
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .filter(existsSync);
const LAST_LINES = 40;

/** The built server as a process that is killed and comes back: same port, same data directory. */
export class ServerProcess {
  readonly #settings: Readonly<Record<string, string>>;
  readonly #dataDir = mkdtempSync(join(tmpdir(), "palabre-chaos-"));
  readonly #last: string[] = [];
  #child: ChildProcess | undefined;
  #port = 0;
  #tcpPort = 0;
  #expected = false;
  readonly #die = () => {
    this.#child?.kill("SIGKILL");
    rmSync(this.#dataDir, { recursive: true, force: true, maxRetries: 3 });
  };
  /** Called when it ended and nobody had asked for it. */
  onDeath: ((how: string) => void) | undefined;

  constructor(settings: Readonly<Record<string, string>>) {
    this.#settings = settings;
    process.on("exit", this.#die);
  }

  get port(): number {
    return this.#port;
  }

  /** Where raw TCP is spoken. */
  get tcpPort(): number {
    return this.#tcpPort;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The last lines that it wrote. */
  get lines(): readonly string[] {
    return this.#last;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    if (MAIN === undefined) throw new Error("The server is not built: npm run build.");
    // The server does not say which port it took for TCP: it is told one.
    if (this.#tcpPort === 0) this.#tcpPort = await freePort();
    const child = spawn(process.execPath, [MAIN, "start"], {
      env: {
        PATH: process.env.PATH ?? "",
        ...this.#settings,
        PORT: String(this.#port),
        TCP_PORT: String(this.#tcpPort),
        DATA_DIR: this.#dataDir,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.#expected = false;
    child.once("exit", (status, signal) => {
      if (!this.#expected) this.onDeath?.(`the server ended with ${status ?? signal}:\n${this.#last.join("\n")}`);
    });
    await new Promise<void>((resolve, reject) => {
      child.once("exit", (status, signal) => reject(new Error(`the server ended with ${status ?? signal}: ${this.#last.join("\n")}`)));
      for (const stream of [child.stdout, child.stderr]) {
        createInterface(stream).on("line", (line) => {
          this.#last.push(line);
          if (this.#last.length > LAST_LINES) this.#last.shift();
          const port = /listening on http:\/\/\S+:(\d+)/.exec(line)?.[1];
          if (port === undefined) return;
          this.#port = Number(port);
          resolve();
        });
      }
    });
  }

  /** `kill -9`, at this instant. Resolves when it is gone. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Stops it in good order; it may start again. */
  end(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** Stops it in good order and takes its data away. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    process.off("exit", this.#die);
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.#expected = true;
    const gone = once(child, "exit");
    child.kill(signal);
    const impatient = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await gone;
    clearTimeout(impatient);
  }
}
