import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";

/** How long a Redis may take to listen, ms. */
const STARTS_WITHIN_MS = 20_000;

/** A real Redis of this machine's, on a port and in a folder of its own. */
export class RedisServer {
  readonly port: number;
  readonly folder: string;
  readonly #settings: readonly string[];
  readonly #isSentinel: boolean;
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, settings: readonly string[], isSentinel = false) {
    this.#isSentinel = isSentinel;
    this.port = port;
    this.folder = folder;
    this.#settings = settings;
  }

  /** `settings` as on redis-server's command line: `"--appendonly", "yes"`. */
  static async start(...settings: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), "palabre-redis-")), settings);
    await server.start();
    return server;
  }

  /** Three primaries that share the slots. */
  static async startCluster(): Promise<RedisServer[]> {
    const buses = [await freePort(), await freePort(), await freePort()];
    const servers = await Promise.all(
      buses.map((bus) => RedisServer.start("--cluster-enabled", "yes", "--cluster-port", `${bus}`, "--cluster-node-timeout", "2000")),
    );
    const [first] = servers as [RedisServer];
    for (const [index, server] of servers.entries()) {
      const [from, to] = [Math.floor((16_384 * index) / 3), Math.floor((16_384 * (index + 1)) / 3) - 1];
      await server.command("CLUSTER", "ADDSLOTSRANGE", `${from}`, `${to}`);
      if (server !== first) await server.command("CLUSTER", "MEET", "127.0.0.1", `${first.port}`, `${buses[0]}`);
    }
    const until = Date.now() + STARTS_WITHIN_MS;
    for (const server of servers) {
      while (!/cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(String(await server.command("CLUSTER", "INFO")))) {
        if (Date.now() > until) throw new Error("the cluster does not come together");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    return servers;
  }

  /** One that watches over a primary, which it calls `main`; it decides alone. */
  static async startSentinel(primary: RedisServer): Promise<RedisServer> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), "palabre-redis-"));
    const lines = [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${folder}`,
      `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
      "sentinel down-after-milliseconds main 1000",
      "sentinel failover-timeout main 5000",
    ];
    await writeFile(join(folder, "sentinel.conf"), `${lines.join("\n")}\n`);
    const server = new RedisServer(port, folder, [join(folder, "sentinel.conf"), "--sentinel"], true);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#process?.pid as number;
  }

  /** Again, with what it had kept. Resolves when it listens. */
  async start(): Promise<void> {
    const own = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--dir", this.folder, "--save", "", "--daemonize", "no"];
    const child = spawn("redis-server", [...(this.#isSentinel ? [] : own), ...this.#settings], { stdio: "ignore" });
    this.#process = child;
    const failed = new Promise<never>((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
    });
    failed.catch(() => {}); // also when it is stopped later
    await Promise.race([failed, listening(this.port)]);
  }

  /** `kill -9`. What it had not flushed is lost. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Commands as one types them. Each is answered by one line. */
  async tell(...commands: string[]): Promise<string> {
    return ask(this.port, commands.map((command) => `${command}\r\n`).join(""), commands.length);
  }

  /** What it answers to a command. `password`: where it asks for one. */
  async command(...words: string[]): Promise<unknown> {
    return this.commands([words]);
  }

  /** One after the other on one connection; gives the last answer. */
  async commands(
    list: readonly (readonly string[])[],
    { password, database }: { password?: string; database?: number } = {},
  ): Promise<unknown> {
    const client = createClient({
      socket: { host: "127.0.0.1", port: this.port, reconnectStrategy: false },
      ...(password === undefined ? {} : { password }),
      ...(database === undefined ? {} : { database }),
    });
    client.on("error", () => {}); // told by the command
    await client.connect();
    try {
      let answer: unknown;
      for (const words of list) answer = await client.sendCommand([...words]);
      return answer;
    } finally {
      client.destroy();
    }
  }

  /** Forgets all that a database holds. */
  async flush(database: number): Promise<void> {
    await ask(this.port, `SELECT ${database}\r\nFLUSHDB\r\n`, 2);
  }

  /** It answers nobody, and its connections stay. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  /** As `dispose`, where there is no time to wait. */
  abandon(): void {
    this.#process?.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Stops it, and removes what it kept. */
  async dispose(): Promise<void> {
    await this.#end("SIGKILL");
    await rm(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    child.kill("SIGCONT");
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port: number): Promise<void> {
  const until = Date.now() + STARTS_WITHIN_MS;
  while (!(await answers(port))) {
    if (Date.now() > until) throw new Error("redis-server does not listen");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Gives as many lines as there are to come. */
function ask(port: number, commands: string, lines: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(commands));
    socket.on("data", (octets) => {
      answer += octets.toString("latin1");
      if (answer.split("\r\n").length <= lines) return;
      socket.destroy();
      resolve(answer);
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`Redis answered ${JSON.stringify(answer)}`)));
  });
}

/** It has read what it kept, and takes commands: or asks for its password. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.once("data", (reply) => {
      resolve(/^(\+PONG|-NOAUTH)/.test(reply.toString("latin1")));
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}
