import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Refusal } from "../../shared/codes.ts";
import type { ChatPacket } from "../../shared/packet.ts";
import type { Hello, Leave } from "../../shared/service.ts";
import { type Hub, stoppingPacket, stoppingRefusal } from "../chat/hub.ts";
import { encodeAck, encodeRefused, encodeRenameRefused, encodeReply, isRefusal, refuse } from "../chat/replies.ts";
import type { Session } from "../chat/session.ts";
import type { Offset } from "../engine/engine.ts";
import { secretOf } from "./authorised.ts";
import { type AllowedOrigins, checkOrigin, corsHeaders, preflightHeaders } from "./origin.ts";
import { PACKET_HEADERS, replyRaw, replyRefusal } from "./packets-reply.ts";
import { type Answers, findAnswer, PollAnswer } from "./poll-answer.ts";
import { type PollBody, type PollQuery, readBody, readQuery } from "./poll-request.ts";
import { PollTransport } from "./poll-transport.ts";

/** POSTs of one session that wait for the one before; clients keep one in flight. */
const MAX_WAITING_POSTS = 8;
/** A POST cannot be held back as a stream can: it is to come again. */
const BACKLOG_RETRY_MS = 1000;
const NOTHING = new Uint8Array(0);

/** What polling keeps of a session beside the session itself. */
type Seat = { readonly transport: PollTransport; last: Promise<void>; waiting: number; answers: Answers | undefined };

/** `/poll`: packets in the bodies of requests and answers. */
export class LongPollDoor {
  readonly #hub: Hub;
  readonly #origins: AllowedOrigins;
  readonly #seats = new WeakMap<Session, Seat>();

  constructor(hub: Hub, origins: AllowedOrigins) {
    this.#hub = hub;
    this.#origins = origins;
  }

  register(app: FastifyInstance): void {
    app.route({ method: "GET", url: "/poll", exposeHeadRoute: false, handler: (request, reply) => this.#get(request, reply) });
    app.route({ method: "POST", url: "/poll", handler: (request, reply) => this.#post(request, reply) });
    app.route({
      method: ["OPTIONS", "HEAD", "PUT", "PATCH", "DELETE"],
      url: "/poll",
      handler: (request, reply) => refuseMethod(request, reply, this.#origins, "GET, POST"),
    });
  }

  async #get(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const headers = corsHeaders(request, this.#origins);
    const secret = secretOf(request);
    if (isRefusal(secret)) return this.#refuse(request, reply, secret, headers);
    const query = readQuery(request.query);
    if (isRefusal(query)) return this.#refuse(request, reply, query, headers);
    const { after, turn } = query;
    if (after === undefined) return this.#refuse(request, reply, refuse("malformed", "after says which offset you have."), headers);
    const session = this.#here(secret, turn) ?? (await this.#hub.attend(secret, { turn, polls: true }, request.ip));
    const refusal = isRefusal(session) ? session : this.#mayPoll(session, query);
    const stopping = refusal === undefined ? this.#hub.stopping : refusal.code === "stopping";
    if (stopping) {
      const place = ["Palabre-Offset", String(after), "Connection", "close"];
      return replyRaw(reply, 200, [...PACKET_HEADERS, ...place, ...headers], stoppingPacket("shutdown"));
    }
    if (isRefusal(session) || refusal !== undefined) return this.#refuse(request, reply, refusal as Refusal, headers);
    if (session.visiting) return replyRaw(reply, 204, [...PACKET_HEADERS, ...headers]); // a newer poll came at another node
    const { room } = session;
    if (after > room.log.last) {
      // Another node may have shown them more.
      await this.#hub.catchUp(room.name);
      if (after <= room.log.last) return this.#get(request, reply);
      return this.#refuse(request, reply, refuse("unknown-session", "The room has not come so far. Say hello again."), headers);
    }
    // The peer hung up before anybody could listen for it.
    if (reply.raw.destroyed) return void reply.hijack();
    const { transport } = this.#seat(session);
    if (session.transport !== transport) room.pollsOn(session, transport);
    transport.park(reply, after, headers, () => room.lost(session, transport));
    room.parked(session, after);
  }

  async #post(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const headers = corsHeaders(request, this.#origins);
    const refusal = checkOrigin(request, this.#origins);
    if (refusal !== undefined) return this.#refuse(request, reply, refusal, headers);
    const body = readBody(request.body);
    if (isRefusal(body)) return this.#refuse(request, reply, body, headers);
    const query = readQuery(request.query);
    if (body.kind === "last-word") return this.#lastWord(body.leave, query, reply, headers);
    if (isRefusal(query)) return this.#refuse(request, reply, query, headers);
    if (this.#hub.stopping) return this.#refuse(request, reply, stoppingRefusal(), headers);
    if (body.kind === "hello") return this.#hello(body.hello, request, reply, headers);
    const secret = secretOf(request);
    const session = isRefusal(secret) ? secret : (this.#here(secret, query.turn) ?? (await this.#hub.visit(secret, query.turn)));
    if (isRefusal(session)) return this.#refuse(request, reply, session, headers);
    if (body.kind === "chats" && query.seq === undefined) {
      return this.#refuse(request, reply, refuse("malformed", "seq says the number of the first chat packet."), headers);
    }
    const answer = await this.#inTurn(session, () => this.#take(session, body, query));
    if (isRefusal(answer)) return this.#refuse(request, reply, answer, headers);
    replyRaw(reply, 200, [...PACKET_HEADERS, "Palabre-Offset", String(session.cursor), ...headers], answer);
  }

  async #hello(hello: Hello, request: FastifyRequest, reply: FastifyReply, headers: string[]): Promise<void> {
    const transport = this.#transport();
    transport.park(reply, 0, headers, () => {});
    const session = await this.#hub.hello(hello, transport, request.ip ?? "");
    // Refused, or it went on elsewhere while it was worked on: then this answer is still to be given.
    if (isRefusal(session)) return transport.close(session);
    this.#seats.set(session, newSeat(transport));
  }

  /** What a closing page says. It cannot hear the answer, so there is only one. One of an earlier turn's page ends nothing. Source: H10, H11. */
  async #lastWord(leave: Leave, query: PollQuery | Refusal, reply: FastifyReply, headers: string[]): Promise<void> {
    if (leave.session !== undefined && !isRefusal(query) && !this.#hub.stopping) {
      await this.#hub.farewell(leave.session, leave, query.turn).catch((cause) => this.#hub.failed(cause));
    }
    replyRaw(reply, 204, [...PACKET_HEADERS, ...headers]);
  }

  async #take(session: Session, body: PollBody & { kind: "chats" | "service" }, query: PollQuery): Promise<Uint8Array | Refusal> {
    const unknown = session.visiting ? await this.#hub.refresh(session) : undefined;
    const refusal = this.#hub.stopping ? stoppingRefusal() : (unknown ?? this.#mayPoll(session, query));
    if (refusal !== undefined) return refusal;
    for (let ignored = 0; ignored < body.ignored; ignored++) session.room.speech.spend(session);
    return body.kind === "chats" ? this.#say(session, body.chats, query.seq as number) : this.#serve(session, body.service);
  }

  async #say(session: Session, chats: readonly ChatPacket[], firstSeq: number): Promise<Uint8Array | Refusal> {
    // Another node may have dealt with those between.
    if (firstSeq > session.queuedSeq + 1) await this.#hub.refresh(session);
    const dealtWith = session.queuedSeq;
    if (firstSeq > dealtWith + 1) return refuse("seq-gap", `The next number is ${dealtWith + 1}.`);
    const isNew = firstSeq + chats.length - 1 > dealtWith;
    if (isNew && this.#hub.backlog.full) return refuse("rate-limited", "The server cannot keep up for the moment.", BACKLOG_RETRY_MS);
    const seat = this.#seat(session);
    const answer = new PollAnswer(firstSeq);
    let seq = firstSeq;
    for (const packet of chats) {
      if (seq <= dealtWith) answer.put(seat.answers && findAnswer(seat.answers, seq));
      else {
        answer.expect();
        session.room.speech.say(session, packet, answer, answer);
      }
      seq++;
    }
    const refusal = await answer.settled();
    if (refusal !== undefined) {
      session.queuedSeq = session.seq;
      return refusal;
    }
    let offsets: ReadonlyMap<number, Offset> = new Map();
    if (answer.repeated) {
      // Another node dealt with some of it, and may have refused it.
      await this.#hub.refresh(session);
      offsets = await this.#hub.offsets(session);
    }
    seat.answers = answer.answers((number) => this.#again(session, number, offsets.get(number)));
    return seat.answers.body;
  }

  /** A number that was not in this node's last answer: where it is in the log may be remembered all the same. Source: H7. */
  #again(session: Session, seq: number, offset: Offset | undefined): Uint8Array {
    const refusal = session.refusals.find((candidate) => candidate.seq === seq);
    return refusal === undefined ? encodeAck(seq, offset) : encodeRefused(refusal);
  }

  async #serve(session: Session, service: (PollBody & { kind: "service" })["service"]): Promise<Uint8Array | Refusal> {
    if (service?.type === "leave") await this.#hub.leave(session, service.linger);
    if (service?.type !== "rename") return NOTHING;
    const renamed = await session.room.speech.rename(session, service.nick);
    if (!isRefusal(renamed)) return encodeReply({ type: "you", nick: renamed.nick });
    // It may have been kept all the same: whoever asked says hello again, and is told the name.
    return renamed.code === "internal" ? renamed : encodeRenameRefused(renamed);
  }

  /** The session, where this node looks after it; not where whoever asks knows of a later turn than this node does. */
  #here(secret: string, turn: number | undefined): Session | undefined {
    const session = this.#hub.session(secret);
    return session !== undefined && turn !== undefined && turn > session.turn ? undefined : session;
  }

  /** Overlapping POSTs of a session are taken one after the other. */
  async #inTurn<Result>(session: Session, run: () => Promise<Result>): Promise<Result | Refusal> {
    const seat = this.#seat(session);
    if (seat.waiting >= MAX_WAITING_POSTS) return refuse("rate-limited", "Wait for the answer to one POST before the next.", 1000);
    seat.waiting++;
    const turn = seat.last.then(run);
    seat.last = turn.then(
      () => {},
      () => {},
    );
    try {
      return await turn;
    } finally {
      seat.waiting--;
    }
  }

  #transport(): PollTransport {
    return new PollTransport(() => this.#hub.stopping);
  }

  #seat(session: Session): Seat {
    let seat = this.#seats.get(session);
    if (seat === undefined) {
      seat = newSeat(this.#transport());
      this.#seats.set(session, seat);
    }
    return seat;
  }

  /** Only the newest turn of a session that polls may ask, and only as long as it lasts. Source: S7, H11. */
  #mayPoll(session: Session, { turn }: PollQuery): Refusal | undefined {
    if (session.gone) return refuse("unknown-session", "The session has ended. Say hello again.");
    const current = turn === undefined || turn === session.turn;
    if (!current || session.carrier === "stream" || session.entering > 0) return refuse("replaced", "The session went on elsewhere.");
    return undefined;
  }

  #refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal, headers: readonly string[]): void {
    request.log.info({ code: refusal.code, address: request.ip, method: request.method }, "poll refused");
    replyRefusal(reply, refusal, headers);
  }
}

function newSeat(transport: PollTransport): Seat {
  return { transport, last: Promise.resolve(), waiting: 0, answers: undefined };
}

/** A method that an address does not have. A preflight of an allowed origin is answered. */
export function refuseMethod(request: FastifyRequest, reply: FastifyReply, origins: AllowedOrigins, allow: string): void {
  const preflight = request.method === "OPTIONS" ? preflightHeaders(request, origins) : [];
  if (preflight.length > 0) return replyRaw(reply, 204, preflight);
  replyRaw(reply, 405, ["Allow", allow, "Cache-Control", "no-store"]);
}
