import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { decode, encodeService, type Packet } from "../../shared/packet.ts";

/** What arrives at a server that does nothing by itself: each test says what is answered, and when. */
export class Arrivals<Item> {
  readonly #items: Item[] = [];
  readonly #waiting: ((item: Item) => void)[] = [];

  add(item: Item): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting(item);
  }

  next(): Promise<Item> {
    const item = this.#items.shift();
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item);
  }

  /** How many came that nobody asked for. */
  get count(): number {
    return this.#items.length;
  }
}

export class StubRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly authorization: string | undefined;
  readonly body: string;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, body: Buffer, response: ServerResponse) {
    const url = new URL(request.url ?? "", "http://stub");
    this.method = request.method ?? "";
    this.path = url.pathname;
    this.query = Object.fromEntries(url.searchParams);
    this.authorization = request.headers.authorization;
    this.body = body.toString();
    this.#response = response;
  }

  get fields(): Record<string, unknown> {
    return fieldsOf(Buffer.from(this.body))[0] ?? {};
  }

  /** Answers 200 with these packets. */
  says(...packets: Uint8Array[]): void {
    this.answers(200, Buffer.concat(packets));
  }

  answers(status: number, body: Uint8Array | string = "", headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, headers).end(body);
  }

  cut(): void {
    this.#response.socket?.destroy();
  }

  /** Resolves when the client has given it up. */
  async givenUp(): Promise<void> {
    if (!this.#response.closed) await once(this.#response, "close");
  }
}

export class StubSocket {
  readonly heard = new Arrivals<Record<string, unknown>>();
  readonly closed: Promise<unknown>;
  readonly #webSocket: WebSocket;

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket;
    this.closed = once(webSocket, "close");
    webSocket.on("message", (data) => {
      for (const fields of fieldsOf(data as Buffer)) this.heard.add(fields);
    });
  }

  says(...packets: Uint8Array[]): void {
    this.#webSocket.send(Buffer.concat(packets));
  }

  cut(): void {
    this.#webSocket.terminate();
  }

  hangsUp(): void {
    this.#webSocket.close(1000);
  }
}

/** Service packets as their fields, chat packets as what was said. */
function fieldsOf(octets: Uint8Array): Record<string, unknown>[] {
  return decode(octets).packets.map((packet: Packet) =>
    packet.kind === "service" ? { ...packet.fields } : { nick: packet.nick, said: packet.message },
  );
}

/** A server of real sockets that says nothing by itself, so that a test can say the oddest things at the oddest times. Under /chat, as behind a proxy. */
export class StubServer {
  readonly polls = new Arrivals<StubRequest>();
  readonly posts = new Arrivals<StubRequest>();
  readonly others = new Arrivals<StubRequest>();
  readonly sockets = new Arrivals<StubSocket>();
  readonly held = new Arrivals<{ letIn(): void; refuse(): void }>();
  /** What becomes of attempts to open a WebSocket. */
  webSocket: "open" | "refuse" | "hold" = "open";
  url = "";
  readonly #sockets = new Set<Duplex>();
  readonly #server = createServer((request, response) => void this.#take(request, response));
  readonly #webSockets = new WebSocketServer({ noServer: true });

  async open(): Promise<void> {
    this.#server.on("connection", (socket) => this.#sockets.add(socket));
    this.#server.on("upgrade", (request, socket, head) => {
      const letIn = () => this.#webSockets.handleUpgrade(request, socket, head, (opened) => this.sockets.add(new StubSocket(opened)));
      const refuse = () => void socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      if (this.webSocket === "open") letIn();
      else if (this.webSocket === "refuse") refuse();
      else this.held.add({ letIn, refuse });
    });
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/chat`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    const request = new StubRequest(incoming, Buffer.concat(pieces), response);
    const arrivals = request.path !== "/chat/poll" ? this.others : request.method === "GET" ? this.polls : this.posts;
    arrivals.add(request);
  }
}

/** `welcome` to an empty room, but for `fields`. */
export function welcome(fields: Record<string, unknown> = {}): Uint8Array {
  const limits = { nick: 15, message: 999, rate: { burst: 20, perSecond: 5 } };
  const place = { turn: 1, log: "log", offset: 0, at: 1_000, seq: 0, heartbeat: 25_000, online: 1 };
  return encodeService({ type: "welcome", version: 1, nick: "ana", room: "lobby", resumed: false, ...place, limits, ...fields });
}

export function service(type: string, fields: Record<string, unknown> = {}): Uint8Array {
  return encodeService({ type, ...fields });
}

export function error(code: string, retryAfter?: number): Uint8Array {
  return service("error", { code, message: "", ...(retryAfter === undefined ? {} : { retryAfter }) });
}

export const ROSTER = service("roster", { nicks: ["ana"], online: 1 });
