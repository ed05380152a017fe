import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ServerSettings } from "../server.ts";

const BY_HAND = fileURLToPath(new URL("../../dist/e2e/nodes/by-hand/main.js", import.meta.url));

/** All that docker-compose.yml describes, by hand: to the stories "the server". */
export class Composed {
  readonly #volumes: string;
  readonly #settings: readonly string[];
  #process: ChildProcess | undefined;
  #port = "0";
  url = "";
  readonly lines: string[] = [];

  private constructor(volumes: string, settings: ServerSettings) {
    this.#volumes = volumes;
    this.#settings = Object.entries({ JOINS_PER_MINUTE: "0", ...settings }).map(([name, value]) => `${name}=${value}`);
  }

  static async start(settings: ServerSettings = {}): Promise<Composed> {
    const composed = new Composed(await mkdtemp(join(tmpdir(), "palabre-e2e-volumes-")), settings);
    await composed.start();
    return composed;
  }

  /** Again on the same port and with the same volumes after a stop. Resolves when all are healthy. */
  async start(): Promise<void> {
    const args = [BY_HAND, "--port", this.#port, "--volumes", this.#volumes, ...this.#settings];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    process.once("exit", () => child.kill("SIGQUIT"));
    let url: string | undefined;
    const output = createInterface(child.stdout);
    await new Promise<void>((resolve, reject) => {
      output.on("line", (line) => {
        this.lines.push(line);
        url ??= /^Palabre is listening on (http:\S+)$/.exec(line)?.[1];
        if (url !== undefined) resolve();
      });
      child.once("exit", (code) => reject(new Error(`it ended before all were healthy (${code}): ${this.lines.slice(-20).join("\n")}`)));
    });
    this.url = url ?? "";
    this.#port = new URL(this.url).port;
  }

  /** Stops everything in order. Gives 0 where each node gave that. */
  async stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  /** As a loss of power ends it. */
  async kill(): Promise<void> {
    await this.#end("SIGQUIT");
  }

  /** Replaces one node after the other, as an operator does. Resolves when that is done. */
  async update(): Promise<void> {
    const before = this.lines.length;
    this.#process?.kill("SIGHUP");
    for (const untilMs = performance.now() + 60_000; performance.now() < untilMs; ) {
      const told = this.lines.slice(before).find((line) => line === "updated" || line.startsWith("the update failed"));
      if (told === "updated") return;
      if (told !== undefined) throw new Error(told);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("the update takes too long");
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#volumes, { recursive: true, force: true });
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
