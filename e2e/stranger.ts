import { once } from "node:events";
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** What it does with the talk. */
export type Manner =
  | "steps aside"
  /** A sign-in page for everything, with a script in it. */
  | "shows a page"
  | "sends elsewhere"
  /** 511 Network Authentication Required. */
  | "asks to sign in"
  | "talks nonsense"
  /** The head of an answer, and then an octet a second for ever. */
  | "trickles"
  | "keeps silent"
  /** Asks the server, and lets half of its answer through. */
  | "cuts answers short"
  /** Asks the server, and calls its answers a page. */
  | "calls answers a page"
  /** The page of a proxy that does not reach the server. */
  | "excuses itself";

/** What would be seen of its page, were it ever shown. */
export const PAGE_TEXT = "Welcome to the café's network";
const PAGE = `<!doctype html><title>Sign in</title><script>globalThis.owned = true</script><h1>${PAGE_TEXT}</h1><form action="/login">`;
const HTML = { "Content-Type": "text/html", "Set-Cookie": "portal=1" };
const DRIP_EVERY_MS = 1000;

/** Stands between browsers and the server, as some networks have somebody do. The page's files it always lets through. */
export class Stranger {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => this.#take(request, response));
  /** What it does from the next request on. */
  manner: Manner = "steps aside";
  /** Only this address is its business, or all that the talk goes by. */
  only: "/history" | undefined;
  /** How many requests of the talk it answered, or did not, in the server's place. */
  answered = 0;
  url = "";

  private constructor(target: number) {
    this.#target = target;
  }

  static async before(url: string): Promise<Stranger> {
    const stranger = new Stranger(Number(new URL(url).port));
    stranger.#server.on("connection", (socket) => stranger.#keep(socket));
    stranger.#server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => stranger.#upgrade(request, socket, head));
    stranger.#server.listen(0, "127.0.0.1");
    await once(stranger.#server, "listening");
    stranger.url = `http://127.0.0.1:${(stranger.#server.address() as AddressInfo).port}`;
    return stranger;
  }

  /** Behaves otherwise from now on, and cuts what is under way. */
  turns(manner: Manner): void {
    this.manner = manner;
    this.answered = 0;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}); // told by "close"
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const manner = this.#mannerFor(request);
    if (manner !== "steps aside") this.answered++;
    switch (manner) {
      case "shows a page":
        response.writeHead(200, HTML).end(PAGE);
        return;
      case "sends elsewhere":
        response.writeHead(302, { Location: `${this.url}/login` }).end();
        return;
      case "asks to sign in":
        response.writeHead(511, HTML).end(PAGE);
        return;
      case "talks nonsense":
        response.writeHead(200, { "Content-Type": "application/octet-stream" }).end(Buffer.from("\u0000\u0001<\u0002garbage\r\n\r\n"));
        return;
      case "trickles":
        response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8" });
        this.#drip(response);
        return;
      case "keeps silent":
        return;
      case "excuses itself":
        response.writeHead(502, HTML).end(PAGE);
        return;
      default:
        this.#pass(request, response, manner);
    }
  }

  #mannerFor({ url = "" }: IncomingMessage): Manner {
    const [path] = url.split("?");
    const concerned = this.only === undefined ? path === "/ws" || path === "/poll" || path === "/history" : path === this.only;
    return concerned ? this.manner : "steps aside";
  }

  #drip(to: NodeJS.WritableStream & { once(event: "close", run: () => void): unknown }): void {
    const timer = setInterval(() => to.write("0"), DRIP_EVERY_MS);
    to.once("close", () => clearInterval(timer));
  }

  #pass(request: IncomingMessage, response: ServerResponse, manner: Manner): void {
    const { method, url: path, headers } = request;
    const onward = ask({ host: "127.0.0.1", port: this.#target, method, path, headers, agent: false }, (answer) => {
      const type = manner === "calls answers a page" ? { "content-type": "text/html" } : {};
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...type });
      if (manner !== "cuts answers short") return void answer.pipe(response);
      answer.once("data", (octets: Buffer) => {
        response.write(octets.subarray(0, octets.length / 2), () => response.socket?.destroy());
      });
      answer.once("end", () => response.socket?.destroy());
    });
    onward.on("error", () => response.destroy());
    response.once("close", () => onward.destroy());
    request.pipe(onward);
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const manner = this.#mannerFor(request);
    if (manner === "steps aside") return this.#tunnel(request, socket, head);
    this.answered++;
    switch (manner) {
      case "sends elsewhere":
        socket.end(`HTTP/1.1 302 Found\r\nLocation: ${this.url}/login\r\nContent-Length: 0\r\n\r\n`);
        return;
      case "trickles":
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
        return this.#drip(socket);
      case "keeps silent":
        return;
      case "cuts answers short":
        socket.end("HTTP/1.1 101 Switching Prot");
        return;
      default:
        socket.end(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${Buffer.byteLength(PAGE)}\r\n\r\n${PAGE}`);
    }
  }

  #tunnel({ method, url, rawHeaders }: IncomingMessage, socket: Socket, head: Buffer): void {
    const onward = connect(this.#target, "127.0.0.1");
    this.#keep(onward);
    let lines = `${method} ${url} HTTP/1.1\r\n`;
    for (let index = 0; index < rawHeaders.length; index += 2) lines += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
    onward.write(`${lines}\r\n`);
    onward.write(head);
    socket.pipe(onward).pipe(socket);
    socket.once("close", () => onward.destroy());
    onward.once("close", () => socket.destroy());
  }
}
