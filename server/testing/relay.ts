import { once } from "node:events";
import { type AddressInfo, createServer, connect as openSocket, type Socket } from "node:net";

/** A network between clients and a server, which a test cuts, or makes deaf to WebSocket as some proxies are. */
export class Relay {
  /** Where the server listens at the moment. */
  target: number;
  /** What it does with requests for a WebSocket: it may also keep them, until `letThrough`. */
  webSockets: "pass" | "hold" = "pass";
  readonly #server = createServer((client) => this.#take(client));
  readonly #sockets = new Set<Socket>();
  readonly #held: (() => void)[] = [];

  constructor(target: number) {
    this.target = target;
  }

  async open(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Destroys every connection, with whatever is on its way. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** How many requests for a WebSocket are kept. */
  get held(): number {
    return this.#held.length;
  }

  letThrough(): void {
    this.webSockets = "pass";
    for (const go of this.#held.splice(0)) go();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, "close");
  }

  #take(client: Socket): void {
    this.#keep(client);
    client.once("data", (first) => {
      client.pause();
      const go = () => this.#connect(client, first as Buffer);
      if (this.webSockets === "hold" && first.toString("latin1").startsWith("GET /ws")) this.#held.push(go);
      else go();
    });
  }

  #connect(client: Socket, first: Buffer): void {
    if (client.destroyed) return;
    const server = openSocket(this.target, "127.0.0.1");
    this.#keep(server);
    server.write(first);
    client.pipe(server);
    server.pipe(client);
    client.once("close", () => server.destroy());
    server.once("close", () => client.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {}); // told by "close"
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
