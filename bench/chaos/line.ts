import { connect, type Socket } from "node:net";
import WebSocket from "ws";
import { ask } from "../../server/testing/ask.ts";
import { decode, encodeService, type Packet, PacketDecoder } from "../../shared/packet.ts";
import type { LineKind } from "./recorder.ts";

export interface LineListener {
  /** `hello` may be said. */
  opened(): void;
  /** `after`: it was asked for as what comes after that offset. */
  received(packets: readonly Packet[], after?: number): void;
  /** It is gone. Told once, and not after `close`. */
  closed(why: string): void;
}

/** What a request of a poll has to say. */
export type Place = { readonly session: string; readonly turn: number; readonly offset: number };

/** One transport as it is on the wire, with nothing tried again. */
export interface Line {
  readonly kind: LineKind;
  /** False while it can take no chat packets: the answer to the last ones is not there yet. */
  readonly ready: boolean;
  send(octets: Uint8Array): void;
  /** Chat packets, the first one numbered `seq`. */
  say(octets: Uint8Array, seq: number): void;
  close(): void;
}

const OPEN_WITHIN_MS = 10_000;

export function openLine(kind: LineKind, port: number, place: () => Place, listener: LineListener): Line {
  if (kind === "websocket") return new WebSocketLine(port, listener);
  return kind === "tcp" ? new TcpLine(port, listener) : new PollLine(port, place, listener);
}

class WebSocketLine implements Line {
  readonly kind = "websocket";
  readonly ready = true;
  readonly #socket: WebSocket;
  #closed = false;

  constructor(port: number, listener: LineListener) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, "palabre.v1", { perMessageDeflate: false, handshakeTimeout: OPEN_WITHIN_MS });
    this.#socket = socket;
    socket.on("open", () => this.#closed || listener.opened());
    socket.on("message", (octets: Buffer) => {
      if (this.#closed) return;
      const decoded = decode(octets);
      listener.received(decoded.packets);
      if (decoded.ok && decoded.rest.length === 0) return;
      this.close();
      listener.closed("malformed");
    });
    socket.on("error", () => {}); // `close` follows
    socket.on("close", (code) => {
      if (this.#closed) return;
      this.#closed = true;
      listener.closed(`closed ${code}`);
    });
  }

  send(octets: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(octets);
  }

  say(octets: Uint8Array): void {
    this.send(octets);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.terminate();
  }
}

class TcpLine implements Line {
  readonly kind = "tcp";
  readonly ready = true;
  readonly #socket: Socket;
  #closed = false;

  constructor(port: number, listener: LineListener) {
    const socket = connect(port, "127.0.0.1");
    const decoder = new PacketDecoder();
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("connect", () => this.#closed || listener.opened());
    socket.on("data", (octets) => {
      if (this.#closed) return;
      const decoded = decoder.push(octets);
      if (decoded.packets.length > 0) listener.received(decoded.packets);
      if (!decoded.ok) socket.destroy();
    });
    socket.on("error", () => {}); // `close` follows
    socket.on("close", () => {
      if (this.#closed) return;
      this.#closed = true;
      listener.closed("closed");
    });
  }

  send(octets: Uint8Array): void {
    if (!this.#closed) this.#socket.write(octets);
  }

  say(octets: Uint8Array): void {
    this.send(octets);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
  }
}

/** One GET that waits, and one POST at a time. What is not answered ends it: `hello` is said again. */
class PollLine implements Line {
  readonly kind = "long-poll";
  readonly #port: number;
  readonly #place: () => Place;
  readonly #listener: LineListener;
  readonly #abort = new AbortController();
  #posting = false;
  #closed = false;

  constructor(port: number, place: () => Place, listener: LineListener) {
    this.#port = port;
    this.#place = place;
    this.#listener = listener;
    queueMicrotask(() => this.#closed || listener.opened());
  }

  get ready(): boolean {
    return !this.#posting;
  }

  send(octets: Uint8Array): void {
    const [packet] = decode(octets).packets;
    if (packet?.kind !== "service") return;
    if (packet.type === "hello") void this.#hello(octets);
    else if (packet.type !== "pong") void this.#post(octets, "");
  }

  say(octets: Uint8Array, seq: number): void {
    void this.#post(octets, `&seq=${seq}`);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort();
  }

  async #hello(body: Uint8Array): Promise<void> {
    const answer = await this.#ask("POST", "/poll", { body });
    if (answer === undefined) return this.#end("no answer to hello");
    this.#listener.received(answer.packets);
    if (answer.status !== 200) return this.#end(`hello ${answer.status}`);
    while (!this.#closed) {
      const { turn, offset, session } = this.#place();
      const polled = await this.#ask("GET", `/poll?after=${offset}&turn=${turn}`, { session });
      if (this.#closed) return;
      // One that a proxy repeated ended this one: asking again is all it takes. Source: H16.
      if (polled?.status === 204) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        continue;
      }
      if (polled === undefined) return this.#end("no answer to a poll");
      this.#listener.received(polled.packets, offset);
      if (polled.status !== 200) return this.#end(`poll ${polled.status}`);
    }
  }

  async #post(body: Uint8Array, query: string): Promise<void> {
    const { turn, session } = this.#place();
    this.#posting = true;
    const answer = await this.#ask("POST", `/poll?turn=${turn}${query}`, { session, body });
    this.#posting = false;
    if (answer === undefined) return this.#end("no answer to a POST");
    this.#listener.received(answer.packets);
    if (answer.status !== 200) this.#end(`POST ${answer.status}`);
  }

  async #ask(method: string, path: string, question: { session?: string; body?: Uint8Array }) {
    const { signal } = this.#abort;
    const late = AbortSignal.timeout(OPEN_WITHIN_MS * 2);
    try {
      const { status, octets } = await ask({ port: this.#port }, method, path, { ...question, signal: AbortSignal.any([signal, late]) });
      const decoded = decode(octets);
      if (this.#closed || !decoded.ok || decoded.rest.length > 0) return undefined;
      return { status, packets: decoded.packets };
    } catch {
      return undefined;
    }
  }

  #end(why: string): void {
    if (this.#closed) return;
    this.close();
    this.#listener.closed(why);
  }
}

export const PONG = encodeService({ type: "pong" });
