import { HttpRelay } from "./http-relay.ts";

/** How proxies treat a wish for WebSocket that they do not like: an answer, the connection's end, or nothing at all. */
export const WAYS_TO_BLOCK = ["refuses", "cuts", "ignores"] as const;
export type WayToBlock = (typeof WAYS_TO_BLOCK)[number];

/** A proxy that lets HTTP pass and WebSocket not. */
export class BlockingProxy {
  readonly #relay: HttpRelay;
  readonly #counted: { blocked: number };

  private constructor(relay: HttpRelay, counted: { blocked: number }) {
    this.#relay = relay;
    this.#counted = counted;
  }

  static async start(target: string, way: WayToBlock): Promise<BlockingProxy> {
    const counted = { blocked: 0 };
    const relay = await HttpRelay.start(target, {
      upgrade(_asked, socket) {
        counted.blocked++;
        if (way === "refuses") socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        if (way === "cuts") socket.destroy();
        return true;
      },
    });
    return new BlockingProxy(relay, counted);
  }

  get url(): string {
    return this.#relay.url;
  }

  /** How many WebSockets were asked for, and did not come about. */
  get blocked(): number {
    return this.#counted.blocked;
  }

  async close(): Promise<void> {
    await this.#relay.close();
  }
}
