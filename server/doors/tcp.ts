import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Refusal } from "../../shared/codes.ts";
import { addressBlock } from "../chat/addresses.ts";
import { type Hub, type HubLog, stoppingRefusal } from "../chat/hub.ts";
import { refuse } from "../chat/replies.ts";
import { SparseLine } from "./tcp-log.ts";
import { type TcpListener, TcpTransport } from "./tcp-transport.ts";

/** When the system asks a silent peer whether it is there, ms: a connection of posts has no heartbeat. */
const KEEP_ALIVE_MS = 60_000;
/** Beside sessions and strangers there are those who are being shown out. */
const LEAST_CONNECTIONS = 1000;
const FULL = refuse("full", "Too many connections came without saying hello.", 5000);

/** Connections that wait to be accepted. */
const BACKLOG = 4096;

/** The port can't be listened on; `cause` is the system's reason. */
export class TcpPortError extends Error {
  override readonly name = "TcpPortError";
}

/** Packets as they are over TCP, either way. Source: T1 to T5. */
export class TcpDoor implements TcpListener {
  /** Those whose socket is open, also while they are only told the last words. */
  readonly transports = new Set<TcpTransport>();
  readonly #hub: Hub;
  readonly #log: HubLog;
  readonly #server: Server;
  readonly #full: SparseLine;
  readonly #refusedPosts: SparseLine;
  /** Connections that carry no session, those of posts too: all of them, and how many each address has. */
  readonly #strangers = new Map<TcpTransport, string>();
  readonly #strangersOf = new Map<string, number>();

  constructor(hub: Hub, log: HubLog) {
    this.#hub = hub;
    this.#log = log;
    this.#full = new SparseLine(hub.clock, log, "TCP connection refused");
    this.#refusedPosts = new SparseLine(hub.clock, log, "post refused");
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) =>
      this.#accept(socket),
    );
    this.#server.maxConnections = Math.max(LEAST_CONNECTIONS, 3 * hub.limits.maxClients);
  }

  /** Lets people in; gives the port. Rejects with a {@link TcpPortError} where it can't be listened on. */
  async listen(host: string, port: number): Promise<number> {
    try {
      this.#server.listen({ host, port, backlog: BACKLOG });
      await once(this.#server, "listening");
    } catch (cause) {
      throw new TcpPortError("The TCP port can't be listened on.", { cause });
    }
    const address = this.#server.address() as AddressInfo;
    const shown = address.family === "IPv6" ? `[${address.address}]` : address.address;
    this.#log.info({}, `listening on tcp://${shown}:${address.port}`);
    return address.port;
  }

  /** Those who are no session are told that the server stops, and go; posts that were taken in are answered first. Source: D2, D3. */
  stop(): void {
    for (const transport of this.transports) if (!transport.carriesSession) transport.stop(stoppingRefusal());
  }

  /** Lets nobody in any more, and cuts off whoever has not gone. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const transport of this.transports) transport.destroy();
    await closed;
  }

  admitted(transport: TcpTransport): void {
    this.#release(transport);
  }

  posted({ address }: TcpTransport, nick: string): void {
    this.#log.info({ nick, address }, "posted");
  }

  refusedPost({ address }: TcpTransport, { code }: Refusal): void {
    this.#refusedPosts.write({ code, address });
  }

  closed(transport: TcpTransport, refusal: Refusal | undefined): void {
    this.#release(transport);
    if (refusal === undefined) return;
    const { address, nick } = transport;
    if (refusal === FULL) this.#full.write({ code: refusal.code, address });
    else this.#log.info({ code: refusal.code, address, ...(nick === undefined ? {} : { nick }) }, "TCP connection closed");
  }

  gone(transport: TcpTransport): void {
    this.transports.delete(transport);
  }

  #accept(socket: Socket): void {
    const { remoteAddress: address } = socket;
    // It hung up before anybody looked.
    if (address === undefined) return void socket.destroy();
    const transport = new TcpTransport(socket, address, this.#hub, this);
    this.transports.add(transport);
    if (this.#hub.stopping) transport.close(stoppingRefusal());
    else if (this.#isFull(address)) transport.close(FULL);
    else this.#hold(transport);
  }

  /** An address may have as many strangers as it may have sessions, and so may all together: an honest connection is one only for a moment. */
  #isFull(address: string): boolean {
    const { maxClients, maxClientsPerAddress } = this.#hub.limits;
    if (this.#strangers.size >= maxClients) return true;
    return maxClientsPerAddress > 0 && (this.#strangersOf.get(addressBlock(address)) ?? 0) >= maxClientsPerAddress;
  }

  #hold(transport: TcpTransport): void {
    const block = addressBlock(transport.address);
    this.#strangers.set(transport, block);
    this.#strangersOf.set(block, (this.#strangersOf.get(block) ?? 0) + 1);
  }

  #release(transport: TcpTransport): void {
    const block = this.#strangers.get(transport);
    if (block === undefined) return;
    this.#strangers.delete(transport);
    const left = (this.#strangersOf.get(block) ?? 0) - 1;
    if (left > 0) this.#strangersOf.set(block, left);
    else this.#strangersOf.delete(block);
  }
}
