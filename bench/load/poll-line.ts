import { Agent, type IncomingMessage, request } from "node:http";
import type { Line } from "./line.ts";
import type { Listener } from "./listener.ts";

/** A parked poll takes a connection, and each member has its own. */
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 10_000 });
/** How long a client waits that was answered 204, ms. Source: H16. */
const AFTER_204_MS = 250;

/** Long polling. */
export class PollLine implements Line {
  readonly #listener: Listener;
  #port = 0;
  #stalled = false;
  /** The poll that is out; another object for each life of the line. */
  #life: AbortController | undefined;
  #polling = false;
  onEnd: ((why: string) => void) | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  async hello(port: number): Promise<void> {
    this.#port = port;
    this.#life?.abort();
    const life = new AbortController();
    this.#life = life;
    const { turn } = this.#listener;
    const status = await this.#ask("POST", "/poll", { body: this.#listener.hello(), signal: life.signal });
    if (status !== 200 || this.#listener.turn === turn) throw new Error(`hello was answered ${status}`);
    void this.#poll(life);
  }

  async send(packets: Uint8Array, seq?: number): Promise<void> {
    const numbered = seq === undefined ? "" : `&seq=${seq}`;
    const path = `/poll?turn=${this.#listener.turn}${numbered}`;
    const status = await this.#ask("POST", path, { body: packets, authorised: true });
    if (status !== 200) this.#listener.fault(`a POST was answered ${status}`);
  }

  stalls(): void {
    this.#stalled = true;
  }

  listens(): void {
    this.#stalled = false;
    if (this.#life !== undefined && !this.#polling) void this.#poll(this.#life);
  }

  drop(): void {
    this.#life?.abort();
    this.#life = undefined;
  }

  /** The poll that is out breaks, and another is sent at once, as when a network changes. */
  breakPoll(): void {
    if (this.#life === undefined) return;
    this.#life.abort();
    this.#life = new AbortController();
    void this.#poll(this.#life);
  }

  async #poll(life: AbortController): Promise<void> {
    this.#polling = true;
    let why: string | undefined;
    while (why === undefined && !this.#stalled && this.#life === life) {
      const { offset, turn } = this.#listener;
      const asked = this.#ask("GET", `/poll?after=${offset}&turn=${turn}`, { authorised: true, signal: life.signal });
      const status = await asked.catch((error: Error) => error.message);
      if (status === 204) await new Promise((resolve) => setTimeout(resolve, AFTER_204_MS));
      else if (status !== 200) why = String(status);
    }
    this.#polling = false;
    if (why === undefined || this.#life !== life) return;
    this.#life = undefined;
    this.onEnd?.(why);
  }

  /** Gives the status, once all of the answer was taken. */
  #ask(method: string, path: string, { signal, ...question }: Asked): Promise<number> {
    const { body, authorised } = question;
    return new Promise((resolve, reject) => {
      const headers = {
        ...(authorised ? { authorization: `Bearer ${this.#listener.secret}` } : {}),
        ...(body === undefined ? {} : { "content-type": "text/plain; charset=utf-8" }),
      };
      const asked = request({ host: "127.0.0.1", port: this.#port, method, path, agent, headers, ...(signal ? { signal } : {}) });
      asked.once("error", (error: NodeJS.ErrnoException) => {
        // A connection that was kept for the next request may be closed by the other end just then; each request here may be asked twice. Source: H7, H15.
        const again = asked.reusedSocket && error.code === "ECONNRESET" && signal?.aborted !== true;
        if (again) resolve(this.#ask(method, path, { ...question, ...(signal ? { signal } : {}) }));
        else reject(error);
      });
      asked.once("response", (response: IncomingMessage) => {
        response.on("data", (piece: Buffer) => this.#listener.push(piece));
        response.once("error", reject);
        response.once("end", () => resolve(response.statusCode ?? 0));
      });
      asked.end(body);
    });
  }
}

type Asked = { readonly body?: Uint8Array; readonly authorised?: boolean; readonly signal?: AbortSignal };

/** Lets go of connections that are kept for the next request. */
export function hangUpPolls(): void {
  agent.destroy();
}
