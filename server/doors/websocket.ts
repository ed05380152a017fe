import type { Socket } from "node:net";
import websocket, { type WebsocketPluginOptions } from "@fastify/websocket";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import { CODES, type Refusal } from "../../shared/codes.ts";
import { MAX_INPUT_OCTETS } from "../../shared/limits.ts";
import { Conversation } from "../chat/conversation.ts";
import { type Hub, type HubLog, stoppingRefusal } from "../chat/hub.ts";
import { encodeError, refuse } from "../chat/replies.ts";
import type { Ending, Payload, StreamTransport } from "../chat/transport.ts";
import { type AllowedOrigins, checkOrigin } from "./origin.ts";
import { replyRefusal } from "./packets-reply.ts";
import { SocketWriter } from "./socket-writer.ts";
import { frameBinary } from "./websocket-frame.ts";

export const SUBPROTOCOL = "palabre.v1";
/** How long a peer may take to answer a close frame, ms. */
const CLOSE_TIMEOUT_MS = 1000;
const PIECE_OCTETS = 64 * 1024;
/** What ws closes by itself, by its close code: RFC 6455 is broken, text is not UTF-8, there is too much of it. */
const BROKEN: ReadonlyMap<number, Refusal> = new Map([
  [1002, refuse("malformed", "This is no WebSocket message.")],
  [1007, refuse("malformed", "The text is not UTF-8.")],
  [1008, refuse("too-large", "The message has too many pieces.")],
  [1009, refuse("too-large", "A message is at most 64 KiB.")],
]);

type DoorLog = HubLog & { debug: HubLog["info"] };

/** The open WebSockets, for the stop. */
export class WebSocketDoor {
  /** Those that carry packets. */
  readonly transports = new Set<WebSocketTransport>();
  /** Those, and the ones whose peer has not hung up yet. */
  readonly #webSockets = new Set<WebSocket>();
  readonly #hub: Hub;
  readonly #origins: AllowedOrigins;
  readonly #log: DoorLog;

  constructor(hub: Hub, origins: AllowedOrigins, log: DoorLog) {
    this.#hub = hub;
    this.#origins = origins;
    this.#log = log;
  }

  async register(app: FastifyInstance): Promise<void> {
    // The types do not know closeTimeout yet.
    const options: NonNullable<WebsocketPluginOptions["options"]> & { closeTimeout: number } = {
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_INPUT_OCTETS,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
      closeTimeout: CLOSE_TIMEOUT_MS,
    };
    await app.register(websocket, {
      options,
      // Closing is the stop's business, which does it with a code and a reason.
      preClose: (done) => done(),
      errorHandler: () => {}, // told by "close"
    });
    app.route({
      method: "GET",
      url: "/ws",
      exposeHeadRoute: false,
      preValidation: (request, reply, done) => {
        const refusal = checkOrigin(request, this.#origins) ?? (this.#hub.stopping ? stoppingRefusal() : undefined);
        if (refusal === undefined) return done();
        request.log.info({ code: refusal.code, address: request.ip }, "WebSocket refused");
        replyRefusal(reply, refusal);
      },
      handler: (_request, reply) => replyRefusal(reply, refuse("malformed", "This address speaks WebSocket.")),
      wsHandler: (socket, request) => this.#open(socket, request),
    });
  }

  /** Cuts off whoever has not gone. */
  destroy(): void {
    for (const webSocket of this.#webSockets) webSocket.terminate();
  }

  /** A transport's own word that it is closed, and why, where there is a code for it. */
  closed(transport: WebSocketTransport, refusal: Refusal | undefined): void {
    this.transports.delete(transport);
    if (refusal === undefined) return;
    const { address, nick } = transport;
    const fields = { code: refusal.code, address, ...(nick === undefined ? {} : { nick }) };
    // Pages open one before it is needed, and some people go without a word: nothing to worry about. Source: W5.
    if (refusal.code === "timeout" && nick === undefined) this.#log.debug(fields, "WebSocket closed");
    else this.#log.info(fields, "WebSocket closed");
  }

  // Nothing of the request is kept: it would stay in memory for as long as the connection.
  #open(webSocket: WebSocket, { raw, ip }: FastifyRequest): void {
    this.#webSockets.add(webSocket);
    webSocket.once("close", () => this.#webSockets.delete(webSocket));
    const transport = new WebSocketTransport(webSocket, raw.socket, ip ?? "", this);
    this.transports.add(transport);
    transport.serve(new Conversation(this.#hub, transport, transport.address));
  }
}

/** One WebSocket. Frames go to its TCP socket as they are, so that one frame serves everybody. */
export class WebSocketTransport implements StreamTransport {
  readonly kind = "websocket";
  readonly pieceOctets = PIECE_OCTETS;
  readonly #webSocket: WebSocket;
  readonly #writer: SocketWriter;
  readonly address: string;
  readonly #door: WebSocketDoor;
  #conversation: Conversation | undefined;
  #closed = false;

  constructor(webSocket: WebSocket, socket: Socket, address: string, door: WebSocketDoor) {
    this.#webSocket = webSocket;
    this.#writer = new SocketWriter(socket);
    this.address = address;
    this.#door = door;
  }

  /** Starts to read, for `conversation`. */
  serve(conversation: Conversation): void {
    this.#conversation = conversation;
    const webSocket = this.#webSocket;
    webSocket.on("message", (data) => this.#receive(data as Buffer));
    webSocket.on("close", () => this.#end());
    // ws closes by itself what breaks the WebSocket protocol or is too large. Our `error` has to be on its way before the close frame.
    const close = webSocket.close.bind(webSocket);
    webSocket.close = (code, reason) => {
      const refusal = this.#closed || code === undefined ? undefined : BROKEN.get(code);
      this.#end(refusal);
      if (refusal === undefined) close(code, reason);
      else close(CODES[refusal.code].close, refusal.code);
    };
  }

  get carriesSession(): boolean {
    return this.#conversation?.session !== undefined;
  }

  get nick(): string | undefined {
    return this.#conversation?.session?.nick;
  }

  get writable(): boolean {
    return !this.#closed && this.#writer.unwritten === 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Octets that the peer has not taken yet. */
  get unwritten(): number {
    return this.#writer.unwritten;
  }

  write(payload: Payload, then?: Payload): void {
    if (this.#closed) return;
    this.#writer.write(framed(payload), then === undefined ? undefined : framed(then));
  }

  whenWritable(run: () => void): void {
    if (!this.#closed) this.#writer.whenEmpty(run);
  }

  pause(): void {
    if (!this.#closed) this.#webSocket.pause();
  }

  resume(): void {
    if (!this.#closed) this.#webSocket.resume();
  }

  close(ending: Ending): void {
    if (this.#closed) return;
    if (ending.code === "left" || ending.code === "newer-poll") this.#closeWith(1000, "");
    else if (ending.code === "stopped") this.#closeWith(CODES.stopping.close, "stopping");
    else this.#closeWith(CODES[ending.code].close, ending.code, ending as Refusal);
  }

  #closeWith(code: number, reason: string, refusal?: Refusal): void {
    this.#end(refusal);
    this.#webSocket.resume(); // the peer's close frame is still to be read
    this.#webSocket.close(code, reason);
  }

  #receive(data: Buffer): void {
    if (this.#closed) return;
    this.#conversation?.receive(data, true);
  }

  /** The last thing that goes out is the `error`, where there is a refusal to tell. */
  #end(refusal?: Refusal): void {
    if (this.#closed) return;
    if (refusal !== undefined) this.#writer.write(frameBinary(encodeError(refusal)));
    this.#closed = true;
    this.#door.closed(this, refusal);
    this.#conversation?.closed();
  }
}

function framed(payload: Payload): Buffer {
  payload.framed ??= frameBinary(payload.octets);
  return payload.framed;
}
