import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import type { Refusal } from "../../shared/codes.ts";
import { MAX_POLL_OCTETS } from "../../shared/limits.ts";
import type { Ending, Payload, Transport } from "../chat/transport.ts";
import type { Offset } from "../engine/engine.ts";
import { PACKET_HEADERS, replyRaw, replyRefusal } from "./packets-reply.ts";

/** The operating system takes smaller answers at once. */
const LARGE_OCTETS = 16 * 1024;

type Parked = { readonly reply: FastifyReply; readonly after: Offset; readonly headers: readonly string[]; readonly onGone: () => void };

/** What carries a session that polls: writable while one of its requests is parked, which one write answers. */
export class PollTransport implements Transport {
  readonly kind = "long-poll";
  readonly pieceOctets = MAX_POLL_OCTETS;
  readonly #stopping: () => boolean;
  #parked: Parked | undefined;
  /** The last large answer, while the operating system has not taken all of it. */
  #unread: ServerResponse | undefined;

  /** While the server is `stopping`, an answer also ends its connection. */
  constructor(stopping: () => boolean) {
    this.#stopping = stopping;
  }

  get writable(): boolean {
    return this.#parked !== undefined;
  }

  /** Never: the next poll may always come. */
  get closed(): boolean {
    return false;
  }

  /** Keeps `reply` until there is something to say; an earlier one is let go with 204. `gone` is called when the peer hangs up. */
  park(reply: FastifyReply, after: Offset, headers: readonly string[], gone: () => void): void {
    this.close({ code: "newer-poll" });
    // It is asked for again from here on. Kept as well, unread answers would add up to as many as there are connections.
    this.#unread?.destroy();
    reply.hijack();
    const onGone = () => {
      this.#take();
      gone();
    };
    this.#parked = { reply, after, headers, onGone };
    reply.raw.once("close", onGone);
  }

  write(payload: Payload, then?: Payload): void {
    const parked = this.#take();
    if (parked === undefined) return;
    const body = then === undefined ? payload.octets : Buffer.concat([payload.octets, then.octets]);
    const offset = then?.last ?? payload.last ?? parked.after;
    const ending = this.#stopping() ? ["Connection", "close"] : [];
    if (body.length > LARGE_OCTETS) this.#remember(parked.reply.raw);
    replyRaw(parked.reply, 200, [...PACKET_HEADERS, "Palabre-Offset", String(offset), ...ending, ...parked.headers], body);
  }

  /** Nothing to do: the next poll says where it is, and asks by itself. */
  whenWritable(): void {}

  close(ending: Ending): void {
    const parked = this.#take();
    if (parked === undefined) return;
    if (ending.code === "left" || ending.code === "newer-poll" || ending.code === "stopped") {
      replyRaw(parked.reply, 204, [...PACKET_HEADERS, ...parked.headers]);
    } else replyRefusal(parked.reply, ending as Refusal, parked.headers);
  }

  #remember(answer: ServerResponse): void {
    this.#unread = answer;
    answer.once("close", () => {
      if (this.#unread === answer) this.#unread = undefined;
    });
  }

  #take(): Parked | undefined {
    const parked = this.#parked;
    this.#parked = undefined;
    if (parked !== undefined) parked.reply.raw.off("close", parked.onGone);
    return parked;
  }
}
