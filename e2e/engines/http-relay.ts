import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";

/** What a relay does otherwise than pass it on. */
export type Rules = {
  /** Whether it has dealt with the request itself. */
  request?: (asked: IncomingMessage, answer: ServerResponse) => boolean;
  /** The same for a wish to speak another protocol. */
  upgrade?: (asked: IncomingMessage, socket: Duplex) => boolean;
  /** What becomes of an HTML page. */
  page?: (html: string) => string;
};

/** A reverse proxy in front of a server: real sockets, and nothing changed on the way, `Host` neither. */
export class HttpRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly url: string;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Listens on a free port, for the server at `target`. */
  static async start(target: string, rules: Rules = {}): Promise<HttpRelay> {
    const { hostname, port } = new URL(target);
    const server = createServer((asked, answer) => {
      if (rules.request?.(asked, answer) === true) return;
      const headers = { ...asked.headers };
      // A page that is changed has to come whole, and as it is.
      if (rules.page !== undefined) for (const name of ["accept-encoding", "if-none-match", "if-modified-since"]) delete headers[name];
      const further = request({ hostname, port, method: asked.method, path: asked.url, headers }, (heard) => {
        if (rules.page !== undefined && heard.headers["content-type"]?.startsWith("text/html") === true)
          void passPage(heard, answer, rules.page);
        else heard.pipe(answer.writeHead(heard.statusCode ?? 502, heard.headers));
      });
      further.on("error", () => answer.destroy());
      answer.on("close", () => further.destroy());
      asked.pipe(further);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const relay = new HttpRelay(server);
    server.on("upgrade", (asked, socket, head) => {
      relay.#keep(socket);
      if (rules.upgrade?.(asked, socket) === true) return;
      const further = connect(Number(port), hostname);
      relay.#keep(further);
      further.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${headerLines(asked)}\r\n\r\n`);
      further.write(head);
      further.pipe(socket).pipe(further);
      further.on("close", () => socket.destroy());
      socket.on("close", () => further.destroy());
    });
    return relay;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    // Whoever is cut off says so, and is closed.
    socket.on("error", () => socket.destroy());
  }
}

async function passPage(heard: IncomingMessage, answer: ServerResponse, change: (html: string) => string): Promise<void> {
  const page = Buffer.from(change(await text(heard)));
  const { "transfer-encoding": _, ...headers } = heard.headers;
  answer.writeHead(heard.statusCode ?? 502, { ...headers, "content-length": page.length }).end(page);
}

function headerLines({ rawHeaders }: IncomingMessage): string {
  const lines: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return lines.join("\r\n");
}
