/** What the connection needs of the world. A page hands in the browser's own, a program Node's, a test what it likes. */
export interface Environment {
  readonly clock: ConnectionClock;
  /** Evenly spread over 0 ≤ x < 1, for jitter. */
  random(): number;
  /** Opens a WebSocket; absent where there is none. May throw where the URL is forbidden. */
  readonly connectWebSocket?: ((url: string, protocol: string) => WebSocketLike) | undefined;
  readonly fetch: FetchLike;
}

export interface ConnectionClock {
  /** Monotonic, ms. */
  now(): number;
  /** Ms since the epoch. */
  wall(): number;
  /** Calls `run` once, `delayMs` from now. Returns how to call it off. */
  after(delayMs: number, run: () => void): () => void;
}

/** The part of the WHATWG WebSocket that is used. */
export interface WebSocketLike {
  /** 1 where it is open already, as one that was opened beforehand: then `open` is not told. Whoever only ever makes new ones may leave it out. */
  readonly readyState?: number;
  binaryType: string;
  readonly bufferedAmount: number;
  send(octets: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
}

export type FetchRequest = {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Let the request outlive the page (`keepalive`): for a last word. */
  readonly keepalive?: boolean;
};

/** `status` is 0 where a browser tells nothing of it but that it is a redirect. Nothing follows one: no server of ours redirects. */
export type FetchAnswer = {
  readonly status: number;
  header(name: string): string | null;
  /** Of a very long one it may be the beginning only: too long for an answer of ours. */
  readonly body: Uint8Array;
};

/** One HTTP exchange, read to its end. `answer` rejects where there was none, and after `cancel()`. */
export type FetchExchange = { readonly answer: Promise<FetchAnswer>; cancel(): void };
export type FetchLike = (url: string, request: FetchRequest) => FetchExchange;
