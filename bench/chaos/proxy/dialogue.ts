import type { Random } from "../random.ts";
import type { Asked } from "./errand.ts";
import { MessageDropper } from "./message-dropper.ts";
import { type Head, MessageReader, statusOf } from "./message-reader.ts";
import { type Cut, planRequest, type RequestPlan } from "./plan.ts";
import type { Fault, Profile } from "./profile.ts";

/** A longer body than this is passed on as it comes, whatever was planned. */
const MAX_BODY_OCTETS = 128 * 1024;
/** So much is taken from a client that does not wait for its answer. */
const MAX_AHEAD_OCTETS = 64 * 1024;

/** What a dialogue can do about the connection that it is on, and beside it. */
export type DialoguePort = {
  /** No more faults. */
  readonly calm: boolean;
  toServer(octets: Buffer): void;
  toClient(octets: Buffer): void;
  /** FIN to the client, behind all that it was sent. */
  endClient(): void;
  cut(by: Cut): void;
  /** Asks a server on another connection. */
  ask(request: Buffer, sent: () => void): Asked;
  /** Resolves after `ms`, at once when it gets calm, and never when the proxy closes. */
  hold(ms: number): Promise<void>;
  /** There is room for more from the client. */
  room(): void;
  happened(fault: Fault): void;
};

type Treatment = Exclude<RequestPlan, { kind: "pass" }>;

/** The HTTP on one connection, and the WebSocket that it may become: what is lost, repeated, held back or dropped in it. */
export class Dialogue {
  readonly #profile: Profile;
  readonly #random: Random;
  readonly #port: DialoguePort;
  readonly #requests = MessageReader.ofRequests();
  readonly #answers: MessageReader;
  readonly #up: MessageDropper;
  readonly #down: MessageDropper;
  /** The methods of requests that the server of this connection has not answered. */
  readonly #asked: string[] = [];
  readonly #errands = new Set<Asked>();
  #gathered: { method: "GET" | "POST"; plan: Treatment; pieces: Buffer[] } | undefined;
  #polls = 0;
  #state: "http" | "upgrading" | "frames" | "plain" = "http";
  /** A request is with the proxy itself: what the client sends next waits, and so does the end of an idle server. */
  #busy = false;
  #serverEnded = false;
  #clientGone = false;

  constructor(profile: Profile, random: Random, port: DialoguePort) {
    this.#profile = profile;
    this.#random = random;
    this.#port = port;
    this.#answers = MessageReader.ofAnswers(() => this.#asked[0] ?? "GET");
    this.#up = this.#dropper("message-dropped-up", profile.droppedUp);
    this.#down = this.#dropper("message-dropped-down", profile.droppedDown);
  }

  /** Nothing more should be taken from the client for now. */
  get full(): boolean {
    return this.#requests.waitingOctets > MAX_AHEAD_OCTETS;
  }

  fromClient(octets: Buffer): void {
    if (this.#state === "frames") return this.#port.toServer(this.#up.pass(octets));
    if (this.#state === "plain") return this.#port.toServer(octets);
    this.#requests.push(octets);
    this.#readRequests();
  }

  fromServer(octets: Buffer): void {
    if (this.#state === "frames") return this.#port.toClient(this.#down.pass(octets));
    this.#answers.push(octets);
    for (let part = this.#answers.next(); part !== undefined; part = this.#answers.next()) {
      this.#port.toClient(part.octets);
      if (part.kind === "plain") this.#goPlain();
      else if (part.kind === "head" && statusOf(part.head) < 200) {
        if (statusOf(part.head) === 101) return this.#upgraded(part.head);
      } else if (part.last) this.#answered();
    }
  }

  /** The client has nothing more to say. False where it was waiting for the proxy itself, and so is gone. */
  clientEnded(): boolean {
    return !this.#busy;
  }

  /** The server has nothing more to say on this connection. */
  serverEnded(): void {
    this.#serverEnded = true;
    if (!this.#busy) this.#port.endClient();
  }

  /** Nobody waits for what is still to come. */
  clientGone(): void {
    this.#clientGone = true;
    for (const errand of this.#errands) errand.cancel();
  }

  #dropper(fault: Fault, dropped: Profile["droppedDown"]): MessageDropper {
    const random = this.#random.fork(fault);
    let messages = 0;
    const drops = (): boolean => {
      messages++;
      if (dropped === undefined) return false;
      return random.chance(dropped.chance) && messages > (dropped.spared ?? 0) && !this.#port.calm;
    };
    return new MessageDropper(drops, () => this.#port.happened(fault));
  }

  #readRequests(): void {
    while (!this.#busy && this.#state === "http") {
      const part = this.#requests.next();
      if (part === undefined) return;
      if (part.kind === "plain") {
        this.#port.toServer(part.octets);
        this.#goPlain();
        return;
      }
      if (part.kind === "head") this.#begin(part.head, part.octets, part.bodyOctets);
      else this.#take(part.octets);
      if (part.last) this.#end();
    }
  }

  #begin(head: Head, octets: Buffer, bodyOctets: number): void {
    const [method = "", address = ""] = head.first.split(" ");
    const isPoll = (method === "GET" || method === "POST") && /(^|\/)poll(\?|$)/.test(address);
    if (isPoll && !this.#port.calm && bodyOctets <= MAX_BODY_OCTETS && this.#asked.length === 0) {
      const plan = planRequest(this.#random.fork(`request ${++this.#polls}`), this.#profile, method);
      if (plan.kind !== "pass") {
        this.#gathered = { method, plan, pieces: [octets] };
        return;
      }
    }
    this.#asked.push(method);
    this.#port.toServer(octets);
    if (head.headers.has("upgrade") && bodyOctets === 0) this.#state = "upgrading";
  }

  #take(octets: Buffer): void {
    if (this.#gathered === undefined) this.#port.toServer(octets);
    else this.#gathered.pieces.push(octets);
  }

  #end(): void {
    const gathered = this.#gathered;
    if (gathered === undefined) return;
    this.#gathered = undefined;
    this.#busy = true;
    void this.#treat(gathered.method, Buffer.concat(gathered.pieces), gathered.plan).then((answer) => this.#treated(answer));
  }

  /** The answer that the client is to have; undefined where it is to be cut, or is gone. */
  async #treat(method: "GET" | "POST", request: Buffer, plan: Treatment): Promise<Buffer | undefined> {
    switch (plan.kind) {
      case "held": {
        if (plan.client !== "wait") this.#port.cut(plan.client);
        await this.#port.hold(plan.forMs);
        return this.#ask(method, request, () => this.#port.happened("post-held")).answer;
      }
      case "repeated":
        return this.#repeat(method, request, plan);
      case "answer-lost": {
        const answer = await this.#ask(method, request).answer;
        if (answer === undefined || this.#port.calm || this.#clientGone) return answer;
        this.#port.happened(method === "GET" ? "get-answer-lost" : "post-answer-lost");
        this.#port.cut(plan.by);
        return undefined;
      }
    }
  }

  async #repeat(method: "GET" | "POST", request: Buffer, plan: Treatment & { kind: "repeated" }): Promise<Buffer | undefined> {
    const first = this.#ask(method, request);
    if (plan.how === "one-by-one") {
      const answer = await first.answer;
      if (this.#port.calm || (this.#clientGone && method === "GET")) return answer;
    }
    const second = this.#ask(method, request, () => this.#port.happened(method === "GET" ? "get-repeated" : "post-repeated"));
    if (plan.how === "one-by-one") await second.answer;
    const [given, other] = plan.gives === "first" ? [first, second] : [second, first];
    return (await given.answer) ?? other.answer;
  }

  /** A GET that nobody waits for is called off; a POST is on its way, come what may. */
  #ask(method: "GET" | "POST", request: Buffer, sent: () => void = () => {}): Asked {
    const errand = this.#port.ask(request, sent);
    if (method === "POST") return errand;
    this.#errands.add(errand);
    void errand.answer.then(() => this.#errands.delete(errand));
    if (this.#clientGone) errand.cancel();
    return errand;
  }

  #treated(answer: Buffer | undefined): void {
    for (const errand of this.#errands) errand.cancel();
    if (this.#clientGone) return;
    if (answer === undefined) return this.#port.cut("rst");
    this.#port.toClient(answer);
    this.#busy = false;
    const head = answer.toString("latin1", 0, answer.indexOf("\r\n\r\n") + 2);
    if (this.#serverEnded || /\r\nconnection: *close\r\n/i.test(head)) return this.#port.endClient();
    this.#readRequests();
    this.#port.room();
  }

  #answered(): void {
    this.#asked.shift();
    if (this.#state !== "upgrading") return;
    if (this.#asked.length > 0) return;
    this.#state = "http";
    this.#readRequests();
  }

  #upgraded({ headers }: Head): void {
    this.#asked.length = 0;
    if (headers.get("upgrade")?.toLowerCase() !== "websocket") return this.#goPlain();
    this.#state = "frames";
    const down = this.#answers.takeRest();
    if (down.length > 0) this.fromServer(down);
    const up = this.#requests.takeRest();
    if (up.length > 0) this.fromClient(up);
  }

  #goPlain(): void {
    this.#state = "plain";
    const up = this.#requests.takeRest();
    if (up.length > 0) this.#port.toServer(up);
  }
}
