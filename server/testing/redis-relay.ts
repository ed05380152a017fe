import { once } from "node:events";
import { type AddressInfo, createServer, connect as openSocket, type Socket } from "node:net";

/** A network between a node and its Redis. A test cuts it, lets it swallow everything, or has it lose what channels say. */
export class RedisRelay {
  /** `swallow`: new connections are taken, and nothing gets through. `refuse`: none is taken. */
  mode: "pass" | "swallow" | "refuse" = "pass";
  /** By how many ms answers come later than what channels say at the same time. */
  lagMs = 0;
  /** True for a message of a channel that is lost on its way. */
  loses: (message: number) => boolean = () => false;
  /** How many connections it was asked for. */
  taken = 0;
  /** How many messages were lost. */
  lost = 0;
  port = 0;
  #messages = 0;
  readonly #target: number;
  readonly #server = createServer((client) => this.#take(client));
  readonly #sockets = new Set<Socket>();
  readonly #pairs = new Map<Socket, Socket>();
  #swallowed = new WeakSet<Socket>();
  #late: { readonly socket: Socket; readonly octets: Buffer[] }[] = [];
  #lateOf = new WeakMap<Socket, Buffer[]>();

  private constructor(target: number) {
    this.#target = target;
  }

  static async open(target: number): Promise<RedisRelay> {
    const relay = new RedisRelay(target);
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    relay.port = (relay.#server.address() as AddressInfo).port;
    return relay;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** From now on nothing gets through the connections that there are, and they do not end. */
  swallow(): void {
    this.#swallowed = new WeakSet(this.#sockets);
  }

  /** From now on what is asked through the connections that there are is kept back, also when whoever asked is gone. */
  keepBack(): void {
    for (const [client, server] of this.#pairs) {
      const octets: Buffer[] = [];
      this.#late.push({ socket: server, octets });
      this.#lateOf.set(client, octets);
    }
  }

  /** It arrives after all. */
  letArrive(): void {
    for (const { socket, octets } of this.#late.splice(0)) socket.write(Buffer.concat(octets));
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, "close");
  }

  #take(client: Socket): void {
    this.taken++;
    if (this.mode === "refuse") {
      client.destroy();
      return;
    }
    const server = openSocket(this.#target, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {}); // told by "close"
      socket.once("close", () => this.#sockets.delete(socket));
    }
    this.#pairs.set(client, server);
    client.once("close", () => {
      this.#pairs.delete(client);
      if (!this.#lateOf.has(client)) server.destroy();
    });
    server.once("close", () => client.destroy());
    client.on("data", (octets: Buffer) => {
      const late = this.#lateOf.get(client);
      if (late !== undefined) late.push(octets);
      else if (this.#passes(client)) server.write(octets);
    });
    let kept: Buffer = Buffer.alloc(0);
    server.on("data", (octets: Buffer) => {
      if (!this.#passes(client)) return;
      kept = Buffer.concat([kept, octets]);
      for (;;) {
        // What is no message of a channel goes through as it comes.
        if (!/^>\d\r\n\$8\r\nsmessage/.test(kept.toString("latin1", 0, 32))) {
          if (kept.length > 0 && !(kept[0] === 0x3e && kept.length < 18)) {
            const next = kept.indexOf(">3\r\n$8\r\nsmessage");
            this.#answer(client, next === -1 ? kept : kept.subarray(0, next));
            kept = next === -1 ? Buffer.alloc(0) : kept.subarray(next);
            if (next !== -1) continue;
          }
          return;
        }
        const end = endOfPush(kept);
        if (end === undefined) return;
        if (this.loses(this.#messages++)) this.lost++;
        else client.write(kept.subarray(0, end));
        kept = kept.subarray(end);
      }
    });
  }

  #answer(client: Socket, octets: Buffer): void {
    if (this.lagMs === 0) client.write(octets);
    else setTimeout(() => client.destroyed || client.write(octets), this.lagMs);
  }

  #passes(client: Socket): boolean {
    return this.mode === "pass" && !this.#swallowed.has(client);
  }
}

/** Where a push of three bulk strings ends; undefined where it is not all here. */
function endOfPush(octets: Buffer): number | undefined {
  let at = octets.indexOf("\r\n") + 2;
  for (let part = 0; part < 3; part++) {
    const line = octets.indexOf("\r\n", at);
    if (line === -1) return undefined;
    at = line + 2 + Number(octets.toString("latin1", at + 1, line)) + 2;
  }
  return at <= octets.length ? at : undefined;
}
