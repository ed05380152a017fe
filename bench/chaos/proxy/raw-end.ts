import { once } from "node:events";
import { type AddressInfo, createServer, connect as openSocket, type Server, type Socket } from "node:net";
import { wasReset } from "./reset.ts";

/** One end of a TCP connection, and all that it saw. Sends nothing by itself, not even FIN. */
export class RawEnd {
  readonly socket: Socket;
  /** What came, as it came. */
  readonly pieces: { readonly octets: Buffer; readonly atMs: number }[] = [];
  /** How the other side ended it. */
  ended: "fin" | "rst" | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (octets: Buffer) => void this.pieces.push({ octets, atMs: performance.now() }));
    socket.once("end", () => {
      this.ended ??= wasReset(socket) ? "rst" : "fin";
    });
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNRESET") this.ended ??= "rst";
    });
  }

  static async connect(port: number): Promise<RawEnd> {
    const end = new RawEnd(openSocket({ port, host: "127.0.0.1", allowHalfOpen: true }));
    await once(end.socket, "connect").catch(() => undefined); // cut at once: `ended` says so
    return end;
  }

  get received(): Buffer {
    return Buffer.concat(this.pieces.map(({ octets }) => octets));
  }

  get text(): string {
    return this.received.toString("latin1");
  }

  /** Resolves when the kernel has them; at once where the connection is broken. */
  write(octets: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => void this.socket.write(octets, () => resolve()));
  }
}

/** A server that takes connections and keeps its ends of them. */
export class RawServer {
  readonly ends: RawEnd[] = [];
  readonly #server: Server = createServer({ allowHalfOpen: true }, (socket) => void this.ends.push(new RawEnd(socket)));

  /** On `port`, where it is given. */
  static async open(port = 0): Promise<RawServer> {
    const server = new RawServer();
    server.#server.listen(port, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const { socket } of this.ends) socket.destroy();
    await closed;
  }
}
