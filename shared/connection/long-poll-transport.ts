import type { Packet } from "../packet.ts";
import { isRoomPacket } from "../service.ts";
import type { SessionSecret } from "../session-secret.ts";
import { Alarm } from "./alarm.ts";
import { backoffMs } from "./backoff.ts";
import type { Environment, FetchAnswer } from "./environment.ts";
import { exchange } from "./exchange.ts";
import { readPollAnswer } from "./poll-answer.ts";
import { offsetAfter } from "./room-reader.ts";
import type { Ending, Transport, TransportListener } from "./transport.ts";

/** How long a POST may take, ms. */
const POST_WITHIN_MS = 15_000;
/** A poll is answered by the heartbeat; so much later it counts as lost. Source: S32. */
const LATE_MS = 10_000;
/** Before asking again where there was nothing to read. Source: H16. */
const PAUSE_MS = 250;
/** A poll that ends unanswered after this long was waiting as it should, and a proxy had enough of it. */
const PATIENT_MS = 5_000;
/** So often in a row a request is asked again; then the connection is. */
const TRIES = 3;

/** Where the session is, for the next request. */
export type PollPlace = { readonly turn: number; readonly offset: number; readonly heartbeatMs: number };

export type LongPollOptions = {
  readonly environment: Environment;
  /** The address of /poll. */
  readonly url: string;
  readonly secret: SessionSecret;
  readonly place: () => PollPlace;
};

type Posted = { readonly query: string; readonly octets: Uint8Array<ArrayBuffer>; readonly kind: "chats" | "service" | "leave" };

/** Packets in the bodies of requests and answers: one GET that waits, and one POST at a time. Source: H1 to H16. */
export class LongPollTransport implements Transport {
  readonly kind = "long-poll";
  readonly #options: LongPollOptions;
  readonly #listener: TransportListener;
  readonly #pause: Alarm;
  readonly #postPause: Alarm;
  readonly #waiting: Posted[] = [];
  #callOffGet: (() => void) | undefined;
  #callOffPost: (() => void) | undefined;
  #posted: Posted | undefined;
  #leaving = false;
  #failures = 0;
  #closed = false;

  constructor(options: LongPollOptions, listener: TransportListener) {
    this.#options = options;
    this.#listener = listener;
    this.#pause = new Alarm(options.environment.clock);
    this.#postPause = new Alarm(options.environment.clock);
  }

  get ready(): boolean {
    return !this.#closed && this.#posted === undefined;
  }

  start(): void {
    this.#listener.opened();
  }

  hello(octets: Uint8Array<ArrayBuffer>): void {
    this.#stopAsking();
    const url = this.#options.url;
    // Without Authorization: `hello` says the secret itself.
    const request = { method: "POST", headers: { "Content-Type": PACKETS }, body: octets } as const;
    this.#callOffGet = exchange(this.#options.environment, url, request, POST_WITHIN_MS, (answer) => this.#welcomed(answer));
  }

  #welcomed(answer: FetchAnswer | undefined): void {
    const read = readPollAnswer(answer);
    if (read.kind === "refused") return this.#end(read);
    if (read.kind === "none") return this.#end({ kind: read.why });
    if (read.kind !== "packets" || !isWhole(answer, read.packets, 0)) return this.#end({ kind: "lost" });
    this.#listener.received(read.packets);
    this.#ask();
  }

  #ask(): void {
    if (this.#closed) return;
    const { turn, offset, heartbeatMs } = this.#options.place();
    const startedMs = this.#now();
    const withinMs = heartbeatMs + LATE_MS;
    const url = `${this.#options.url}?after=${offset}&turn=${turn}`;
    const request = { method: "GET", headers: { Authorization: `Bearer ${this.#options.secret}` } } as const;
    this.#callOffGet = exchange(this.#options.environment, url, request, withinMs, (answer) => {
      const tookMs = this.#now() - startedMs;
      if (answer === undefined && tookMs >= withinMs) this.#end({ kind: "silent" });
      else this.#answered(answer, offset, tookMs);
    });
  }

  #answered(answer: FetchAnswer | undefined, after: number, tookMs: number): void {
    const read = readPollAnswer(answer);
    if (read.kind === "refused") return this.#end(read);
    if (read.kind === "none") return this.#unanswered(tookMs, read.why);
    if (read.kind === "packets" && !isWhole(answer, read.packets, after)) return this.#unanswered(tookMs, "lost");
    this.#failures = 0;
    if (read.kind === "empty") return this.#askIn(PAUSE_MS);
    this.#listener.received(read.packets, after);
    // Where there was nothing new, and yet at once, something between here and there gives old answers.
    if (tookMs >= PAUSE_MS || read.packets.some(isRoomPacket)) this.#ask();
    else this.#askIn(PAUSE_MS);
  }

  #unanswered(tookMs: number, why: "lost" | "intercepted"): void {
    if (tookMs >= PATIENT_MS) this.#failures = 0;
    if (++this.#failures >= TRIES) return this.#end({ kind: why });
    this.#askIn(PAUSE_MS + backoffMs(this.#failures, this.#options.environment.random()));
  }

  #askIn(delayMs: number): void {
    if (!this.#closed) this.#pause.set(delayMs, () => this.#ask());
  }

  refresh(): void {
    if (this.#callOffGet === undefined) return;
    this.#stopAsking();
    this.#failures = 0;
    this.#ask();
    // What is being said may be lost as well.
    if (this.#posted === undefined) return;
    this.#callOffPost?.();
    this.#postPause.clear();
    this.#send(this.#posted, 1);
  }

  #stopAsking(): void {
    this.#callOffGet?.();
    this.#callOffGet = undefined;
    this.#pause.clear();
  }

  say(octets: Uint8Array<ArrayBuffer>, seq: number): void {
    this.#post({ kind: "chats", query: `?seq=${seq}&turn=${this.#options.place().turn}`, octets });
  }

  serve(octets: Uint8Array<ArrayBuffer>): void {
    this.#post({ kind: "service", query: `?turn=${this.#options.place().turn}`, octets });
  }

  leave(octets: Uint8Array<ArrayBuffer>): void {
    // Who leaves has heard that what did not get through is lost: it must not be tried again.
    this.#leaving = true;
    this.#waiting.length = 0;
    if (this.#postPause.isSet) {
      this.#postPause.clear();
      this.#posted = undefined;
    }
    this.#post({ kind: "leave", query: `?turn=${this.#options.place().turn}`, octets });
  }

  #post(posted: Posted): void {
    if (this.#closed) return;
    this.#waiting.push(posted);
    if (this.#posted === undefined) this.#postNext();
  }

  #postNext(): void {
    this.#posted = this.#waiting.shift();
    if (this.#posted !== undefined) this.#send(this.#posted, 1);
  }

  /** Sends the same octets until they are answered: their numbers keep them from being said twice. Source: H7. */
  #send(posted: Posted, attempt: number): void {
    const { environment, url, secret } = this.#options;
    const startedMs = this.#now();
    const headers = { "Content-Type": PACKETS, Authorization: `Bearer ${secret}` };
    const request = { method: "POST", headers, body: posted.octets } as const;
    this.#callOffPost = exchange(environment, url + posted.query, request, POST_WITHIN_MS, (answer) => {
      const read = readPollAnswer(answer);
      if (read.kind === "refused") return this.#end(read);
      if (posted.kind === "leave" && read.kind !== "none") return this.#end({ kind: "lost" });
      const answered = read.kind === "packets" ? !read.packets.some(isRoomPacket) : read.kind === "empty" && posted.kind !== "chats";
      if (!answered) {
        if (this.#leaving && posted.kind !== "leave") return this.#postNext();
        if (attempt >= TRIES) return this.#end({ kind: read.kind === "none" ? read.why : "lost" });
        this.#postPause.set(backoffMs(attempt + 1, environment.random()), () => this.#send(posted, attempt + 1));
        return;
      }
      if (read.kind === "packets") this.#listener.received(read.packets);
      if (this.#closed) return;
      this.#postNext();
      if (this.#posted === undefined) this.#listener.ready(this.#now() - startedMs);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopAsking();
    this.#callOffPost?.();
    this.#postPause.clear();
    this.#waiting.length = 0;
  }

  #end(ending: Ending): void {
    if (this.#closed) return;
    this.close();
    this.#listener.closed(ending);
  }

  #now(): number {
    return this.#options.environment.clock.now();
  }
}

const PACKETS = "text/plain; charset=utf-8";

/** True where the answer holds all that it says it holds. A proxy that cuts bodies short is found out here. Source: H3. */
function isWhole(answer: FetchAnswer | undefined, packets: readonly Packet[], after: number): boolean {
  const told = answer?.header("Palabre-Offset") ?? null;
  return told === null || told === String(offsetAfter(packets, after));
}
