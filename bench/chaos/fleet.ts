import { RedisServer } from "../../server/testing/redis-server.ts";
import { ServerProcess } from "./server-process.ts";

export type FleetOptions = {
  /** 0: one server, which keeps its log itself. Else so many, on one Redis. */
  readonly nodes: number;
  readonly durability: "disk" | "process";
  readonly settings: Readonly<Record<string, string>>;
};

/** What clients talk to: one server, or several that share a Redis, each a process that is killed and comes back. */
export class Fleet {
  readonly #options: FleetOptions;
  #nodes: readonly ServerProcess[] = [];
  #redis: RedisServer | undefined;
  /** Those that run. */
  readonly #running = new Set<ServerProcess>();
  #next = 0;
  /** Called when one ended and nobody had asked for it. */
  onDeath: ((how: string) => void) | undefined;
  /** Called when others run than before: a proxy in front would notice. */
  onChange: (() => void) | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get running(): readonly ServerProcess[] {
    return [...this.#running];
  }

  /** One that runs. */
  get port(): number {
    return (this.running[0] as ServerProcess).port;
  }

  get lines(): readonly string[] {
    return this.#nodes.flatMap(({ lines }) => lines);
  }

  /** Resolves when all listen. */
  async start(): Promise<void> {
    const { nodes, durability, settings } = this.#options;
    if (nodes > 0) {
      const flush = durability === "disk" ? "always" : "everysec";
      this.#redis = await RedisServer.start("--appendonly", "yes", "--appendfsync", flush);
    }
    const place = this.#redis === undefined ? {} : { REDIS_URL: this.#redis.url };
    this.#nodes = Array.from({ length: Math.max(1, nodes) }, () => new ServerProcess({ ...settings, ...place }));
    for (const node of this.#nodes) node.onDeath = (how) => this.onDeath?.(how);
    await Promise.all(this.#nodes.map((node) => this.#begin(node)));
  }

  /** `kill -9` of the next in turn, which then comes back. */
  async kill(): Promise<void> {
    const node = this.#nodes[this.#next++ % this.#nodes.length] as ServerProcess;
    this.#ended(node);
    await node.kill();
    await this.#begin(node);
  }

  /** A stop in good order of each, one after the other, the next when the one before is back. */
  async roll(): Promise<void> {
    for (const node of this.#nodes) {
      this.#ended(node);
      await node.end();
      await this.#begin(node);
    }
  }

  /** `kill -9` of Redis, which then comes back with what it had flushed. */
  async killRedis(): Promise<void> {
    await this.#redis?.kill();
    await this.#redis?.start();
  }

  /** Redis answers nobody for so long. */
  async freezeRedis(ms: number): Promise<void> {
    this.#redis?.freeze();
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#redis?.thaw();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()));
    await this.#redis?.dispose();
  }

  async #begin(node: ServerProcess): Promise<void> {
    await node.start();
    this.#running.add(node);
    this.onChange?.();
  }

  /** The last one stays where it is: to whom else would anybody be sent? */
  #ended(node: ServerProcess): void {
    if (this.#running.size === 1) return;
    this.#running.delete(node);
    this.onChange?.();
  }
}
