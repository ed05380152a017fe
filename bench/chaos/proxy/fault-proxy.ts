import { once } from "node:events";
import { type AddressInfo, createServer, connect as openSocket, type Server, type Socket } from "node:net";
import { Random } from "../random.ts";
import { Connection } from "./connection.ts";
import { type Asked, Errand } from "./errand.ts";
import type { Cut } from "./plan.ts";
import { CALM, FAULTS, type Fault, type Profile } from "./profile.ts";

/** A server of this machine. Default host: 127.0.0.1. */
export type Target = { readonly port: number; readonly host?: "127.0.0.1" | "::1" };

/** A fault that happened. `connection` counts those of the entrance, from 1. */
export type Happened = { readonly fault: Fault; readonly entrance: string; readonly connection: number };

export type FaultProxyOptions = {
  readonly seed: number | string;
  /** Where connections go: one after the other, in turn. */
  readonly targets: readonly Target[];
  /** Told of each fault when it happens. */
  readonly onFault?: (happened: Happened) => void;
};

/**
 * A port of the proxy. Its name and the seed decide what is planned for its first connection, its second, and so on; so a client with an
 * entrance of its own has a plan of its own.
 */
export type Entrance = {
  readonly name: string;
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** What happens to the connections that are made from now on. */
  profile: Profile;
  /** Cuts every connection of this entrance that is there now; gives their number. Counted as cuts. */
  cut(by?: Cut): number;
};

type Open = { readonly connection: Connection; readonly entrance: Entrance; readonly number: number };

/** A bad network between clients and servers, on real sockets. What it does is drawn from its seed. */
export class FaultProxy {
  readonly #options: FaultProxyOptions;
  readonly #random: Random;
  readonly #counts = new Map<Fault, number>(FAULTS.map((fault) => [fault, 0]));
  readonly #entrances = new Map<string, Server>();
  readonly #sockets = new Set<Socket>();
  readonly #open = new Set<Open>();
  /** What is held back: called, it goes on. */
  readonly #held = new Map<() => void, NodeJS.Timeout>();
  readonly #errands = new Set<Asked>();
  #targets: readonly Target[];
  #connections = 0;
  #calm = false;
  #closed = false;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#targets = options.targets;
  }

  get seed(): number | string {
    return this.#options.seed;
  }

  /** Where new connections go from now on; those that are there stay where they are. Without any, clients are cut. */
  get targets(): readonly Target[] {
    return this.#targets;
  }

  set targets(targets: readonly Target[]) {
    this.#targets = targets;
  }

  /** How often each fault has happened until now. */
  get counts(): Readonly<Record<Fault, number>> {
    return Object.fromEntries(this.#counts) as Record<Fault, number>;
  }

  /** Connections that are there now, those included of which one side does not know that they are not. */
  get connections(): number {
    return this.#open.size;
  }

  /** Requests that the proxy itself has: held back, or asked on a connection of its own and not answered. */
  get requests(): number {
    return this.#held.size + this.#errands.size;
  }

  /** Opens a port. `name` must be new. */
  async open(name: string, profile: Profile = CALM): Promise<Entrance> {
    if (this.#closed || this.#entrances.has(name)) throw new Error(`There is no new entrance ${name} to be had.`);
    let number = 0;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#take(client, entrance, ++number));
    this.#entrances.set(name, server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const cut = (by: Cut = "rst") => this.#cut(by, (open) => open.entrance === entrance);
    const entrance: Entrance = { name, port, url: `http://127.0.0.1:${port}`, profile, cut };
    return entrance;
  }

  /** Cuts every connection that is there now; gives their number. Counted as cuts. */
  cut(by: Cut = "rst"): number {
    return this.#cut(by, () => true);
  }

  /** No more faults, from now on, also on new connections: what was held or throttled goes on at once, what was half open is cut. Until `storm`. */
  calm(): void {
    this.#calm = true;
    for (const goOn of [...this.#held.keys()]) goOn();
    for (const { connection } of [...this.#open]) connection.calm();
  }

  /** Faults again, on connections that are made from now on. */
  storm(): void {
    this.#calm = false;
  }

  /** Ends every connection and every entrance; what is held back is lost. Nothing of it keeps the process alive. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
    const servers = [...this.#entrances.values()].filter(({ listening }) => listening);
    const closed = servers.map((server) => once(server, "close"));
    for (const server of servers) server.close();
    for (const { connection } of [...this.#open]) connection.cut("rst");
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  #take(client: Socket, entrance: Entrance, number: number): void {
    this.#keep(client);
    const server = this.#connect();
    if (server === undefined) return void client.resetAndDestroy();
    const random = this.#random.fork(`${entrance.name}/${number}`);
    const connection = new Connection(client, server, entrance.profile, random, this.#calm, {
      ask: (request, sent) => this.#ask(request, sent),
      hold: (ms) => this.#hold(ms),
      happened: (fault) => this.#happened({ fault, entrance: entrance.name, connection: number }),
    });
    const open: Open = { connection, entrance, number };
    this.#open.add(open);
    let sides = 2;
    const closed = (): void => {
      if (--sides === 0) this.#open.delete(open);
    };
    client.once("close", closed);
    server.once("close", closed);
  }

  /** A connection to the server whose turn it is. */
  #connect(): Socket | undefined {
    const target = this.#targets[this.#connections++ % this.#targets.length];
    if (target === undefined || this.#closed) return undefined;
    const server = openSocket({ port: target.port, host: target.host ?? "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.#keep(server);
    return server;
  }

  #ask(request: Buffer, sent: () => void): Asked {
    const server = this.#connect();
    if (server === undefined) return { answer: Promise.resolve(undefined), cancel: () => {} };
    const errand = new Errand(server, request, sent);
    this.#errands.add(errand);
    void errand.answer.then(() => this.#errands.delete(errand));
    return errand;
  }

  #hold(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return;
      const goOn = (): void => {
        clearTimeout(this.#held.get(goOn));
        this.#held.delete(goOn);
        resolve();
      };
      this.#held.set(goOn, setTimeout(goOn, ms));
    });
  }

  #cut(by: Cut, which: (open: Open) => boolean): number {
    let cut = 0;
    for (const open of [...this.#open]) {
      if (!which(open) || !open.connection.cut(by)) continue;
      this.#happened({ fault: by === "rst" ? "cut-by-rst" : "cut-by-fin", entrance: open.entrance.name, connection: open.number });
      cut++;
    }
    return cut;
  }

  #happened(happened: Happened): void {
    this.#counts.set(happened.fault, (this.#counts.get(happened.fault) ?? 0) + 1);
    this.#options.onFault?.(happened);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}); // told by "close"
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
