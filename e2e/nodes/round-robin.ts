import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** What concerns one connection only, and is not passed on. */
const OF_THE_CONNECTION = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding"]);

/**
 * A proxy that sends each request to the next node, whatever it is and whoever asks: of a poll and the POST beside it one goes here, one there. Streams both
 * ways, and keeps nothing back. A node that does not listen is passed by; where none does, it hangs up.
 */
export class RoundRobin {
  url = "";
  /** How many requests each node was given, WebSockets included. */
  readonly given: number[];
  readonly #ports: readonly number[];
  readonly #sockets = new Set<Duplex>();
  readonly #server = createServer((asked, answer) => void this.#pass(asked, answer));
  #next = 0;

  private constructor(urls: readonly string[]) {
    this.#ports = urls.map((url) => Number(new URL(url).port));
    this.given = urls.map(() => 0);
    this.#server.on("upgrade", (asked: IncomingMessage, browser: Duplex, head: Buffer) => void this.#upgrade(asked, browser, head));
    this.#server.on("connection", (socket) => this.#keep(socket));
  }

  static async before(...urls: string[]): Promise<RoundRobin> {
    const proxy = new RoundRobin(urls);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    proxy.url = `http://127.0.0.1:${(proxy.#server.address() as AddressInfo).port}`;
    return proxy;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const node = await this.#reach();
    if (node === undefined || asked.socket.destroyed) {
      node?.destroy();
      asked.socket.destroy();
      return;
    }
    const headers = [...passedOn(asked), "Connection", "close"];
    const further = request({ createConnection: () => node, method: asked.method, path: asked.url, headers }, (heard) => {
      answer.writeHead(heard.statusCode ?? 502, heard.statusMessage, passedOn(heard));
      // Its head is worth something before there is a body.
      answer.flushHeaders();
      heard.pipe(answer);
      heard.on("error", () => asked.socket.destroy());
    });
    further.on("error", () => asked.socket.destroy());
    answer.on("close", () => further.destroy());
    asked.pipe(further);
  }

  async #upgrade(asked: IncomingMessage, browser: Duplex, head: Buffer): Promise<void> {
    const node = await this.#reach();
    if (node === undefined || browser.destroyed) {
      node?.destroy();
      browser.destroy();
      return;
    }
    node.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${lines([...forwarded(asked), ...asked.rawHeaders])}\r\n\r\n`);
    node.write(head);
    node.pipe(browser).pipe(node);
    node.once("close", () => browser.destroy());
    browser.once("close", () => node.destroy());
  }

  /** A connection to the node whose turn it is, or to the next one that listens. */
  async #reach(): Promise<Socket | undefined> {
    for (const _ of this.#ports) {
      const turn = this.#next++ % this.#ports.length;
      const socket = connect(this.#ports[turn] as number, "127.0.0.1");
      socket.setNoDelay(true);
      this.#keep(socket);
      const reached = await new Promise<boolean>((resolve) => {
        socket.once("connect", () => resolve(true));
        socket.once("close", () => resolve(false));
      });
      if (!reached) continue;
      this.given[turn] = (this.given[turn] ?? 0) + 1;
      return socket;
    }
    return undefined;
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}); // told by "close"
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

/** The headers that go further, as they were written; for a request also whom it is from. */
function passedOn(message: IncomingMessage): string[] {
  const { rawHeaders } = message;
  const named = message.method === undefined ? [] : forwarded(message);
  const isFramed = message.method !== undefined && message.headers["transfer-encoding"] !== undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (!OF_THE_CONNECTION.has(name.toLowerCase())) named.push(name, value);
  }
  return isFramed ? [...named, "Transfer-Encoding", "chunked"] : named;
}

function forwarded({ socket }: IncomingMessage): string[] {
  return ["X-Forwarded-For", socket.remoteAddress ?? ""];
}

function lines(headers: readonly string[]): string {
  const pairs: string[] = [];
  for (let at = 0; at < headers.length; at += 2) pairs.push(`${headers[at]}: ${headers[at + 1]}`);
  return pairs.join("\r\n");
}
