import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

/** A request as the server had it, whole. `connection` counts the server's TCP connections from 1. */
export type Heard = {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly connection: number;
  readonly atMs: number;
};

/**
 * HTTP and WebSocket. Every request is kept and answered with its number and its body: `2 hello`; where the address says `slow`, by `letGo`. Each message of a
 * WebSocket is kept, and sent back.
 */
export class EchoServer {
  readonly heard: Heard[] = [];
  readonly messages: string[] = [];
  /** Requests that were given up by the other side before they were answered. */
  aborted = 0;
  readonly #slow: (() => void)[] = [];
  readonly #connections = new WeakMap<object, number>();
  #count = 0;
  readonly #server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (piece: Buffer) => void pieces.push(piece));
    request.once("end", () => {
      const body = Buffer.concat(pieces).toString();
      const { method = "", url = "" } = request;
      const connection = this.#connections.get(request.socket) ?? 0;
      const number = this.heard.push({ method, url, body, connection, atMs: performance.now() });
      const answer = Buffer.from(`${number} ${body}`);
      const go = (): void => void response.writeHead(200, { "content-length": String(answer.length) }).end(answer);
      if (url.includes("slow")) this.#slow.push(go);
      else go();
      response.once("close", () => {
        if (!response.writableFinished) this.aborted++;
      });
    });
  });
  readonly #webSockets = new WebSocketServer({ noServer: true });

  private constructor() {
    this.#server.on("connection", (socket) => void this.#connections.set(socket, ++this.#count));
    this.#server.on("upgrade", (request, socket, head) => {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on("error", () => {});
        webSocket.on("message", (octets: Buffer) => {
          this.messages.push(octets.toString());
          webSocket.send(octets.toString());
        });
      });
    });
  }

  static async open(): Promise<EchoServer> {
    const echo = new EchoServer();
    echo.#server.listen(0, "127.0.0.1");
    await once(echo.#server, "listening");
    return echo;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Answers what is slow. */
  letGo(): void {
    for (const go of this.#slow.splice(0)) go();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    for (const webSocket of this.#webSockets.clients) webSocket.terminate();
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
