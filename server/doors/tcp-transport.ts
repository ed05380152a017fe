import type { Socket } from "node:net";
import type { Refusal } from "../../shared/codes.ts";
import { concatOctets } from "../../shared/octets.ts";
import { decodeAt } from "../../shared/packet.ts";
import { parseClientService } from "../../shared/service.ts";
import { Conversation } from "../chat/conversation.ts";
import type { Hub } from "../chat/hub.ts";
import { Posts } from "../chat/posts.ts";
import { encodeError, isRefusal } from "../chat/replies.ts";
import type { Ending, Payload, StreamTransport } from "../chat/transport.ts";
import { SocketWriter } from "./socket-writer.ts";

/** How long a peer may take to hear the last words and to hang up, ms. */
const HANG_UP_WITHIN_MS = 5000;
const PIECE_OCTETS = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** What a connection tells the door that it came through. */
export interface TcpListener {
  /** It is a session's from now on. */
  admitted(transport: TcpTransport): void;
  /** It is one of posts, and the first is in the log. */
  posted(transport: TcpTransport, nick: string): void;
  refusedPost(transport: TcpTransport, refusal: Refusal): void;
  /** Nothing more goes either way but what is on its way; `refusal` says why, where there is a code for it. */
  closed(transport: TcpTransport, refusal: Refusal | undefined): void;
  /** The socket is gone. */
  gone(transport: TcpTransport): void;
}

/** One TCP connection: packets as they are, either way. The first one decides whether it is a session's or one of posts. Source: T2, T3. */
export class TcpTransport implements StreamTransport {
  readonly kind = "tcp";
  readonly pieceOctets = PIECE_OCTETS;
  readonly address: string;
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  readonly #hub: Hub;
  readonly #listener: TcpListener;
  readonly #conversation: Conversation;
  #posts: Posts | undefined;
  #decided = false;
  #admitted = false;
  /** What came before the first packet was whole. */
  #begun: Uint8Array = NOTHING;
  #closed = false;
  #callOffHangUp: (() => void) | undefined;

  /** Starts to read. */
  constructor(socket: Socket, address: string, hub: Hub, listener: TcpListener) {
    this.#socket = socket;
    this.#writer = new SocketWriter(socket);
    this.address = address;
    this.#hub = hub;
    this.#listener = listener;
    this.#conversation = new Conversation(hub, this, address);
    socket.on("data", (octets: Buffer) => this.#receive(octets));
    socket.on("end", () => this.#ended());
    socket.on("error", () => {}); // told by "close"
    socket.on("close", () => {
      this.#callOffHangUp?.();
      this.#end(undefined);
      listener.gone(this);
    });
  }

  get carriesSession(): boolean {
    return this.#conversation.session !== undefined;
  }

  get nick(): string | undefined {
    return this.#conversation.session?.nick;
  }

  get writable(): boolean {
    return !this.#closed && this.#writer.unwritten === 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** True when the peer has taken all that there is for it: what was written, and the answers to its posts. */
  get emptied(): boolean {
    return this.#socket.destroyed || (this.#writer.unwritten === 0 && this.#posts?.settled !== false);
  }

  write(payload: Payload, then?: Payload): void {
    if (this.#closed) return;
    if (this.#posts === undefined && !this.#admitted) {
      this.#admitted = true;
      this.#listener.admitted(this);
    }
    this.#writer.write(payload.octets, then?.octets);
  }

  whenWritable(run: () => void): void {
    if (!this.#closed) this.#writer.whenEmpty(run);
  }

  pause(): void {
    if (!this.#closed) this.#socket.pause();
  }

  resume(): void {
    if (!this.#closed) this.#socket.resume();
  }

  close(ending: Ending): void {
    this.#end(isRefusal(ending) ? ending : undefined);
  }

  /** The server stops: posts that were taken in are answered first. Source: D2, D3. */
  stop(refusal: Refusal): void {
    if (this.#posts === undefined) this.close(refusal);
    else this.#posts.close(refusal);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(octets: Buffer): void {
    if (this.#closed) return;
    if (!this.#decided) this.#decide(octets);
    else if (this.#posts === undefined) this.#conversation.receive(octets, false);
    else this.#posts.receive(octets);
  }

  /** The first packet says what this is: a chat packet, that it is one of posts. Those of unknown types are ignored here too. Source: T2, P6. */
  #decide(octets: Uint8Array): void {
    const begun = this.#begun.length === 0 ? octets : concatOctets([this.#begun, octets]);
    let at = 0;
    let first = decodeAt(begun, at);
    while (typeof first === "object" && first.kind === "service" && parseClientService(first).kind === "ignored") {
      at += first.octets.length;
      first = decodeAt(begun, at);
    }
    if (first === undefined) {
      // A copy: half a packet must not keep the whole piece in memory.
      this.#begun = new Uint8Array(begun.subarray(at));
      return;
    }
    this.#decided = true;
    this.#begun = NOTHING;
    if (typeof first === "object" && first.kind === "chat") {
      this.#conversation.closed(); // it waits for no hello any more
      this.#posts = new Posts(this.#hub, this, this.address, {
        began: (nick) => this.#listener.posted(this, nick),
        refused: (refusal) => this.#listener.refusedPost(this, refusal),
      });
      this.#posts.receive(begun.subarray(at));
    } else this.#conversation.receive(begun.subarray(at), false);
  }

  /** The peer says nothing more. What it said is answered before this end hangs up too: scripts send and listen until then. Source: T4. */
  #ended(): void {
    if (this.#closed) return;
    if (this.#posts !== undefined) return this.#posts.ended();
    if (this.#begun.length > 0) this.#conversation.receive(this.#begun, false);
    this.#conversation.ended();
  }

  /** The last thing that goes out is the `error`, where there is a refusal to tell. */
  #end(refusal: Refusal | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const socket = this.#socket;
    if (!socket.destroyed) {
      socket.end(refusal === undefined ? NOTHING : encodeError(refusal));
      // What the peer still sends is thrown away: left unread, it would turn the last words into a reset.
      socket.resume();
      this.#callOffHangUp = this.#hub.clock.after(HANG_UP_WITHIN_MS, () => socket.destroy());
    }
    this.#listener.closed(this, refusal);
    this.#conversation.closed();
    this.#posts?.closed();
  }
}
