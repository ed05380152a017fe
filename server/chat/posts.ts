import type { Refusal } from "../../shared/codes.ts";
import type { ChatPacket, Packet, ServicePacket } from "../../shared/packet.ts";
import { parseClientService } from "../../shared/service.ts";
import type { Offset } from "../engine/engine.ts";
import { type Hub, stoppingPacket } from "./hub.ts";
import { Inbox } from "./inbox.ts";
import { encodeAck, encodeRefused, isRefusal, refuse } from "./replies.ts";
import { type Ending, Payload, type StreamTransport } from "./transport.ts";

/** Posts of one connection that are on their way into the log, or answered and not written: more wait at the sender's end. */
const MAX_IN_FLIGHT = 64;

/** The answer to one post; empty until there is one. */
type Slot = { octets: Uint8Array | undefined };

/** Who wants to know what becomes of posts, to write it down. */
export type PostsListener = {
  /** The first one of this connection is in the log. */
  began(nick: string): void;
  refused(refusal: Refusal): void;
};

/** What a connection of posts says: each chat packet is in the room or refused, and answered, in the order sent. Source: T3 to T5. */
export class Posts {
  readonly #hub: Hub;
  readonly #transport: StreamTransport;
  readonly #address: string;
  readonly #listener: PostsListener;
  readonly #inbox = new Inbox();
  /** One for each post that was taken and whose answer is not written, oldest first. */
  readonly #slots: Slot[] = [];
  #seq = 0;
  #began = false;
  #paused = false;
  #writing = false;
  /** Set when nothing more is taken: how it ends as soon as all that was taken is answered. */
  #ending: Ending | undefined;
  #peerEnded = false;

  constructor(hub: Hub, transport: StreamTransport, address: string, listener: PostsListener) {
    this.#hub = hub;
    this.#transport = transport;
    this.#address = address;
    this.#listener = listener;
  }

  /** True when every post that was taken is answered. */
  get settled(): boolean {
    return this.#slots.length === 0;
  }

  /** Takes a piece of the stream. After a fault nothing more is read. */
  receive(octets: Uint8Array): void {
    if (this.#ending !== undefined) return;
    this.#inbox.push(octets, false);
    this.#goOn();
  }

  /** The peer says nothing more, and may still listen: what it said is answered first. Source: T4. */
  ended(): void {
    this.#peerEnded = true;
    this.#inbox.end();
    this.#goOn();
  }

  /** Takes nothing more, answers what was taken, and closes. Source: D2, D3. */
  close(ending: Ending): void {
    this.#ending ??= ending;
    this.#inbox.clear();
    this.#goOn();
  }

  /** The transport is gone: nobody hears the answers. */
  closed(): void {
    this.#ending ??= { code: "left" };
    this.#inbox.clear();
  }

  /** Takes what waits, in its order, as far as there is room for it; and ends, when that is due. */
  #goOn(): void {
    while (!this.#full) {
      const next = this.#inbox.take();
      if (next === undefined) {
        if (this.#peerEnded) this.#ending ??= { code: "left" };
        break;
      }
      if (typeof next === "string") this.#stop(refuse("malformed", next));
      else this.#take(next);
    }
    if (this.#ending !== undefined && this.#slots.length === 0) return this.#finish(this.#ending);
    this.#holdBack();
  }

  #take(packet: Packet): void {
    if (packet.kind === "chat") this.#post(packet);
    else this.#takeService(packet);
  }

  #takeService(packet: ServicePacket): void {
    const parsed = parseClientService(packet);
    if (parsed.kind === "malformed") this.#stop(refuse("malformed", parsed.why));
    else if (parsed.kind === "service")
      this.#stop(refuse("hello-first", "This connection is one of posts. Say hello first, on another one."));
  }

  #post(packet: ChatPacket): void {
    const seq = ++this.#seq;
    const slot: Slot = { octets: undefined };
    this.#slots.push(slot);
    // A copy: while it is on its way it must not keep the whole piece in memory in which it came.
    const posted = this.#hub.post({ ...packet, octets: new Uint8Array(packet.octets) }, this.#address).catch((cause) => {
      this.#hub.failed(cause);
      return refuse("internal", "That could not be done. Come back in a moment.", 1000);
    });
    void posted.then((outcome) => {
      slot.octets = isRefusal(outcome) ? encodeRefused({ ...outcome, seq }) : encodeAck(seq, outcome.offset);
      this.#tell(packet.nick, outcome);
      if (this.#slots[0] === slot) this.#writeSoon();
    });
  }

  #tell(nick: string, outcome: { offset: Offset } | Refusal): void {
    if (isRefusal(outcome)) return this.#listener.refused(outcome);
    if (this.#began) return;
    this.#began = true;
    this.#listener.began(nick);
  }

  /** What is answered together goes out together. */
  #writeSoon(): void {
    if (this.#writing) return;
    this.#writing = true;
    this.#hub.clock.soon(this.#write);
  }

  readonly #write = (): void => {
    this.#writing = false;
    if (this.#transport.closed) return;
    const waiting = this.#slots.findIndex(({ octets }) => octets === undefined);
    const answers = this.#slots.splice(0, waiting < 0 ? this.#slots.length : waiting);
    if (answers.length > 0) this.#transport.write(new Payload(Buffer.concat(answers.map(({ octets }) => octets as Uint8Array))));
    // Who does not take the answers is read no further.
    if (!this.#transport.writable && this.#ending === undefined) this.#transport.whenWritable(() => this.#goOn());
    this.#goOn();
  };

  /** Nothing behind this is read. */
  #stop(ending: Ending): void {
    this.#ending ??= ending;
    this.#inbox.clear();
  }

  #finish(ending: Ending): void {
    if (ending.code !== "stopping") return this.#transport.close(ending);
    this.#transport.write(new Payload(Buffer.from(stoppingPacket("shutdown"))));
    this.#transport.close({ code: "stopped" });
  }

  #holdBack(): void {
    const full = this.#full && this.#ending === undefined;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#transport.pause();
    else this.#transport.resume();
  }

  get #full(): boolean {
    const mayWait = this.#hub.backlog.full ? 1 : MAX_IN_FLIGHT;
    return this.#slots.length >= mayWait || !this.#transport.writable;
  }
}
