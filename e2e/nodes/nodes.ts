import { Server, type ServerSettings } from "../server.ts";
import { RoundRobin } from "./round-robin.ts";

/** Two built servers that share a Redis, and the proxy before them: to the stories "the server". */
export class Nodes {
  readonly each: readonly Server[];
  readonly proxy: RoundRobin;

  private constructor(each: readonly Server[], proxy: RoundRobin) {
    this.each = each;
    this.proxy = proxy;
  }

  static async start(redisUrl: string, settings: ServerSettings = {}): Promise<Nodes> {
    const own = { ...settings, REDIS_URL: redisUrl, TRUST_PROXY: "127.0.0.1" };
    const each = await Promise.all([Server.start(own), Server.start(own)]);
    return new Nodes(each, await RoundRobin.before(...each.map(({ url }) => url)));
  }

  /** The proxy's: the same also while no node is there. */
  get url(): string {
    return this.proxy.url;
  }

  /** What they wrote. */
  get lines(): string[] {
    return this.each.flatMap(({ lines }) => lines);
  }

  async start(): Promise<void> {
    await Promise.all(this.each.map((node) => node.start()));
  }

  /** Stops all of them in good order. Gives 0 where each gave that. */
  async stop(): Promise<number | null> {
    const statuses = await Promise.all(this.each.map((node) => node.stop()));
    return statuses.find((status) => status !== 0) ?? 0;
  }

  async kill(): Promise<void> {
    await Promise.all(this.each.map((node) => node.kill()));
  }

  /** Rejects where a node had ended by itself: the other one may have hidden that from the story. */
  async remove(): Promise<void> {
    const crashed = this.each.filter((node) => node.hasCrashed).length;
    await this.proxy.close();
    await Promise.all(this.each.map((node) => node.remove()));
    if (crashed > 0) throw new Error(`${crashed} of the nodes ended by itself`);
  }
}
