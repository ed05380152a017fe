import { encodeUtf8 } from "../octets.ts";
import { decode } from "../packet.ts";
import type { Environment, WebSocketLike } from "./environment.ts";
import type { Transport, TransportListener } from "./transport.ts";

export const SUBPROTOCOL = "palabre.v1";
/** Of `readyState`. */
const OPEN = 1;

/** Packets in the messages of one WebSocket. Source: W1 to W3. */
export class WebSocketTransport implements Transport {
  readonly kind = "websocket";
  readonly #environment: Environment;
  readonly #url: string;
  readonly #listener: TransportListener;
  #webSocket: WebSocketLike | undefined;
  #opened = false;
  #closed = false;
  /** It brought packets: what is at the other end is the server. */
  #heard = false;

  /** `url` begins with ws: or wss:. */
  constructor(environment: Environment, url: string, listener: TransportListener) {
    this.#environment = environment;
    this.#url = url;
    this.#listener = listener;
  }

  get ready(): boolean {
    return this.#opened && !this.#closed;
  }

  start(): void {
    let webSocket: WebSocketLike | undefined;
    try {
      webSocket = this.#environment.connectWebSocket?.(this.#url, SUBPROTOCOL);
    } catch {
      // Forbidden here: as good as none.
    }
    if (webSocket === undefined) return this.#end("lost");
    this.#webSocket = webSocket;
    webSocket.binaryType = "arraybuffer";
    webSocket.onopen = () => this.#open(false);
    webSocket.onmessage = ({ data }) => this.#receive(data);
    webSocket.onclose = () => this.#end("lost");
    webSocket.onerror = () => {}; // `close` follows
    if (webSocket.readyState === OPEN) this.#open(true);
  }

  #open(warm: boolean): void {
    if (this.#closed || this.#opened) return;
    this.#opened = true;
    this.#listener.opened(warm);
  }

  hello(octets: Uint8Array<ArrayBuffer>): void {
    this.#send(octets);
  }

  say(octets: Uint8Array<ArrayBuffer>): void {
    this.#send(octets);
  }

  serve(octets: Uint8Array<ArrayBuffer>): void {
    this.#send(octets);
  }

  leave(octets: Uint8Array<ArrayBuffer>): void {
    this.#send(octets);
  }

  refresh(): void {}

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const webSocket = this.#webSocket;
    if (webSocket === undefined) return;
    webSocket.onopen = null;
    webSocket.onmessage = null;
    webSocket.onclose = null;
    try {
      webSocket.close();
    } catch {
      // It was never open.
    }
  }

  #send(octets: Uint8Array<ArrayBuffer>): void {
    if (!this.ready) return;
    try {
      this.#webSocket?.send(octets);
    } catch {
      // It is closing: `close` follows.
    }
  }

  #receive(data: unknown): void {
    if (this.#closed) return;
    const octets = toOctets(data);
    const decoded = octets === undefined ? undefined : decode(octets);
    if (decoded !== undefined && decoded.packets.length > 0) {
      this.#heard = true;
      this.#listener.received(decoded.packets);
    }
    if (!decoded?.ok) this.#end(this.#heard ? "malformed" : "intercepted");
    else if (decoded.rest.length > 0) this.#end("malformed");
  }

  #end(kind: "lost" | "intercepted" | "malformed"): void {
    if (this.#closed) return;
    this.close();
    this.#listener.closed({ kind });
  }
}

function toOctets(data: unknown): Uint8Array | undefined {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (data instanceof Uint8Array) return data;
  return typeof data === "string" ? encodeUtf8(data) : undefined;
}
