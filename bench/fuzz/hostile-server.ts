import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { concatOctets } from "../../shared/octets.ts";
import { decode, encodeService, type Packet } from "../../shared/packet.ts";
import type { Random } from "../chaos/random.ts";
import { packetOf, serverPayload, welcomeFields } from "./server-utterance.ts";

/** How long a poll of an honest one is parked. */
const POLL_MS = 200;

/** One client's server: it says `hostile` payloads first, whatever it is asked, and is an honest and very small one from then on. */
export class Host {
  readonly #random: Random;
  #hostile: number;
  #turn = 1e9;
  #seq = 0;
  #log: Uint8Array[] = [];
  #listeners: (() => void)[] = [];

  constructor(random: Random, hostile: number) {
    this.#random = random;
    this.#hostile = hostile;
  }

  get honest(): boolean {
    return this.#hostile <= 0;
  }

  serveWebSocket(socket: WebSocket): void {
    socket.on("error", () => {});
    let at = 0;
    let welcomed = false;
    const say = (octets: Uint8Array) => socket.send(octets, { binary: !this.#random.chance(0.1) });
    const tellNews = () => {
      for (; at < this.#log.length; at++) socket.send(this.#log[at] as Uint8Array);
    };
    socket.on("close", () => {
      this.#listeners = this.#listeners.filter((listener) => listener !== tellNews);
    });
    socket.on("message", (data) => {
      if (!this.honest) {
        for (let left = this.#random.between(1, 4); left > 0 && !this.honest; left--) say(this.#next());
        if (this.#random.chance(0.1)) socket.close(this.#random.pick([1000, 1001, 1008, 1011, 1012, 4000]));
        // A real one hangs up behind its last word.
        return;
      }
      for (const packet of decode(data as Buffer).packets) {
        const isHello = packet.kind === "service" && packet.type === "hello";
        if (!welcomed && !isHello) return socket.close(1012);
        const answer = this.#take(packet);
        if (isHello) {
          at = 0;
          welcomed = true;
          this.#listeners.push(tellNews);
        }
        if (answer !== undefined) socket.send(answer);
      }
      for (const listener of this.#listeners) listener();
    });
  }

  serve(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const random = this.#random;
    if (!this.honest) {
      const status = random.chance(0.6) ? 200 : random.pick([201, 204, 302, 400, 401, 403, 409, 410, 429, 500, 503]);
      const headers: Record<string, string> = random.chance(0.2)
        ? { "Palabre-Offset": random.pick(["0", "1", "-1", "x", "9".repeat(20)]) }
        : {};
      if (status === 302) headers.Location = "/";
      if (random.chance(0.1)) response.destroy();
      else response.writeHead(status, headers).end(status === 204 ? undefined : this.#next());
      return;
    }
    const query = new URL(request.url ?? "/", "http://host").searchParams;
    const after = Number(query.get("after") ?? 0);
    if (query.has("turn") && query.get("turn") !== String(this.#turn)) {
      response.writeHead(410).end(encodeService({ type: "error", code: "unknown-session", message: "" }));
      return;
    }
    if (request.method === "POST") {
      const answers = decode(body).packets.flatMap((packet) => this.#take(packet) ?? []);
      for (const listener of this.#listeners) listener();
      response.writeHead(200).end(concatOctets(answers));
      return;
    }
    const answer = () => response.writeHead(200).end(concatOctets(this.#log.slice(after)));
    if (after < this.#log.length) return void answer();
    const tell = () => {
      clearTimeout(heartbeat);
      this.#listeners = this.#listeners.filter((listener) => listener !== tell);
      answer();
    };
    const heartbeat = setTimeout(() => {
      response.writeHead(200).end(encodeService({ type: "ping", offset: after, online: 1 }));
    }, POLL_MS);
    this.#listeners.push(tell);
    response.on("close", () => {
      clearTimeout(heartbeat);
      this.#listeners = this.#listeners.filter((listener) => listener !== tell);
    });
  }

  #next(): Uint8Array {
    this.#hostile--;
    return serverPayload(this.#random);
  }

  #take(packet: Packet): Uint8Array | undefined {
    if (packet.kind === "chat") {
      this.#log.push(packet.octets);
      return encodeService({ type: "ack", seq: ++this.#seq, offset: this.#log.length });
    }
    if (packet.type === "rename") return encodeService({ type: "you", nick: "ana" });
    if (packet.type !== "hello") return undefined;
    // It keeps no sessions: each hello begins one, in a log that nobody has seen.
    this.#log = [];
    this.#seq = 0;
    const welcome = packetOf(welcomeFields({ turn: String(++this.#turn), log: `"honest-${this.#turn}"` }));
    return concatOctets([welcome, encodeService({ type: "roster", nicks: ["ana"], online: 1 })]);
  }
}

/** Real HTTP and WebSocket for many hosts, each under a path of its own. */
export class HostileServer {
  readonly hosts = new Map<string, Host>();
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #webSockets = new WebSocketServer({ noServer: true });

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("upgrade", (request, socket, head) => {
      const host = this.#hostOf(request);
      if (host === undefined) socket.destroy();
      else this.#webSockets.handleUpgrade(request, socket, head, (opened) => host.serveWebSocket(opened));
    });
  }

  /** Listens; gives the address under which the hosts are. */
  async open(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #hostOf(request: IncomingMessage): Host | undefined {
    return this.hosts.get((request.url ?? "").split("/")[1] ?? "");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const host = this.#hostOf(request);
      if (host === undefined) response.writeHead(404).end();
      else host.serve(request, Buffer.concat(pieces), response);
    });
  }
}
