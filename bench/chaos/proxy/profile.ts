/** Whole numbers, both ends included; one of them is drawn each time. */
export type Range = readonly [from: number, to: number];

/** `up`: from the client to the server. `down`: from the server to the client. */
export type Direction = "up" | "down";

/** When something sudden happens to a connection: after so many octets in one direction (drawn where none is named), or so long after its beginning. */
export type Moment = { readonly octets: Range; readonly direction?: Direction } | { readonly ms: Range };

/** `chance` is from 0 to 1; `per connection` says that it is drawn once in each, else each time that the thing comes along. */
export type Profile = {
  /** Per connection. It ends, wherever it is: by RST, or by FIN and then nothing. Default `by`: drawn. */
  readonly cut?: { readonly chance: number; readonly after: Moment; readonly by?: "rst" | "fin" };
  /**
   * Per connection. From the moment on nothing gets through. The side that is `gone` is cut, the other one is told nothing and talks to nobody for `forMs`; then it is cut
   * too. With `network` both are told nothing. Default `gone`: drawn.
   */
  readonly halfOpen?: {
    readonly chance: number;
    readonly after: Moment;
    readonly gone?: "client" | "server" | "network";
    readonly forMs: Range;
  };
  /** Per connection. What passes is held for a time that is drawn anew for each piece; order is kept. */
  readonly delay?: { readonly chance: number; readonly ms: Range; readonly direction?: Direction };
  /** Per connection. So many octets a second. */
  readonly throttle?: { readonly chance: number; readonly octetsPerSecond: Range; readonly direction?: Direction };
  /** Per connection. What passes goes on in pieces of so many octets; only the first 16 KiB in each direction, since each piece costs a system call. */
  readonly rechunk?: { readonly chance: number; readonly octets: Range; readonly direction?: Direction };
  /** Per connection. What comes within so many ms goes on in one write. */
  readonly join?: { readonly chance: number; readonly ms: Range; readonly direction?: Direction };
  /** Per GET or POST to /poll. The server writes its answer whole, and then the client is cut instead of handed it. Default `of`: both. */
  readonly answerLost?: { readonly chance: number; readonly of?: "GET" | "POST" };
  /**
   * Per GET or POST to /poll. The server is asked twice, at once or one after the other, on two connections (where there are several targets: of two servers, perhaps); the client is
   * given one answer, and which one is drawn. Default `of`: both.
   */
  readonly repeated?: {
    readonly chance: number;
    readonly of?: "GET" | "POST";
    readonly how?: "at-once" | "one-by-one";
    readonly gives?: "first" | "second";
  };
  /**
   * Per POST to /poll. It is kept for so long before the server has it, whether or not the client is still there then. With `cut` the client is cut at once, so that it comes back another
   * way while its POST is still on its way; with `wait` it has to give up by itself. Default `client`: drawn.
   */
  readonly held?: { readonly chance: number; readonly forMs: Range; readonly client?: "cut" | "wait" };
  /** Per message (text or binary, whole) of a WebSocket, from server to client: it vanishes. The first `spared` of each connection do not (default 0). */
  readonly droppedDown?: { readonly chance: number; readonly spared?: number };
  /**
   * The same, from client to server. Beyond what the protocol promises to survive, so never part of a run that demands the promise: chat packets on a stream are numbered by counting
   * (S14), and S33 counts only what the server sent. When packet 2 of 3 vanishes, the server takes the third for number 2 and says `ack` 2 for it. A client could notice only by looking at
   * the packet at `ack.offset` (S19: it is there by then): it is not the one that went out under that number. When the last one vanishes there is nothing but an `ack` that never comes,
   * and `welcome.seq`, the next time, mends it. A vanished `hello` or `pong` is mended by the deadlines (W5, S32).
   */
  readonly droppedUp?: { readonly chance: number; readonly spared?: number };
};

/** Everything passes as it is. */
export const CALM: Profile = {};

/** What happened, as it is counted: once for each connection, request or message that it happened to. */
export const FAULTS = [
  "cut-by-rst",
  "cut-by-fin",
  "half-open-client-gone",
  "half-open-server-gone",
  "half-open-network-gone",
  "delay",
  "throttle",
  "rechunk",
  "join",
  "get-answer-lost",
  "post-answer-lost",
  "get-repeated",
  "post-repeated",
  "post-held",
  "message-dropped-down",
  "message-dropped-up",
] as const;
export type Fault = (typeof FAULTS)[number];
