import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A worker's Redis, which its stories use one after the other: each finds it empty. */
export class SharedRedis {
  readonly #process: ChildProcess;
  readonly #port: number;
  readonly #folder: string;

  private constructor(child: ChildProcess, port: number, folder: string) {
    this.#process = child;
    this.#port = port;
    this.#folder = folder;
  }

  /** On a free port, in a folder of its own. Resolves when it takes connections. */
  static async start(): Promise<SharedRedis> {
    const folder = await mkdtemp(join(tmpdir(), "palabre-e2e-redis-"));
    const port = await freePort();
    // Flushed as an operator's is: what is acknowledged is on the disk.
    const kept = ["--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always"];
    const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", ...kept], { stdio: ["ignore", "pipe", "inherit"] });
    const missing = once(child, "error").then(([error]) => {
      throw error;
    });
    missing.catch(() => {});
    // Also where the worker is ended early.
    process.once("exit", () => child.kill("SIGKILL"));
    const redis = new SharedRedis(child, port, folder);
    await Promise.race([redis.#listens(), missing]);
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Forgets everything. Nobody may be using it. */
  async empty(): Promise<void> {
    const socket = connect(this.#port, "127.0.0.1");
    socket.write("FLUSHALL SYNC\r\n");
    const [reply] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    if (!reply.toString("latin1").startsWith("+OK")) throw new Error(`the Redis could not be emptied: ${reply}`);
  }

  /** Ends it, and removes what it kept. */
  async dispose(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #listens(): Promise<void> {
    const { stdout } = this.#process;
    if (stdout === null) throw new Error("its output is not read");
    const said: string[] = [];
    for await (const line of createInterface(stdout)) {
      said.push(line);
      if (!line.includes("Ready to accept connections")) continue;
      stdout.resume();
      return;
    }
    throw new Error(`redis-server ended before it listened: ${said.join("\n")}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
