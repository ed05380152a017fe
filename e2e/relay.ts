import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Flow, type Terms } from "./relay-flow.ts";

/** What becomes of a request to upgrade to WebSocket: `swallow` takes it and never answers, `hold` keeps it until it may pass. */
export type Upgrades = "pass" | "refuse" | "swallow" | "hold";

type Line = { readonly browser: Socket; server: Socket | undefined; kind: "page" | "talk" | "websocket" };

const REFUSAL = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/** A network between browsers and a server, octet by octet, which a story breaks. What it does to the talk, it does not do to the page's files. */
export class Relay {
  /** Where the server listens at the moment. */
  target: number;
  /** `down`: nobody gets through, not even to the page. */
  link: "up" | "down" = "up";
  upgrades: Upgrades = "pass";
  /** What becomes of the talk, on its way to the server and back. Let it pass again with `mend`. */
  readonly toServer: Terms = { way: "pass", delayMs: 0, rewrite: undefined };
  readonly toBrowser: Terms = { way: "pass", delayMs: 0, rewrite: undefined };
  /** How many requests of the talk have come, WebSockets included. */
  requests = 0;
  url = "";
  readonly #lines = new Set<Line>();
  readonly #flows = new Set<Flow>();
  #held: (() => void)[] = [];
  readonly #server = createServer((browser) => this.#take(browser));

  private constructor(target: number) {
    this.target = target;
  }

  static async to(url: string): Promise<Relay> {
    const relay = new Relay(Number(new URL(url).port));
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    relay.url = `http://127.0.0.1:${(relay.#server.address() as AddressInfo).port}`;
    return relay;
  }

  /** How many WebSockets are there. */
  get webSockets(): number {
    return [...this.#lines].filter(({ kind }) => kind === "websocket").length;
  }

  /** The talk disappears both ways, without a word. New connections open, and are silent as well. */
  swallow(): void {
    this.toServer.way = "lose";
    this.toBrowser.way = "lose";
  }

  /** From now on all passes, and what was held goes on. What lost something stays as it is: only a new connection helps. */
  mend(): void {
    this.link = "up";
    this.upgrades = "pass";
    for (const terms of [this.toServer, this.toBrowser]) Object.assign(terms, { way: "pass", delayMs: 0, rewrite: undefined });
    for (const flow of this.#flows) flow.go();
    for (const go of this.#held.splice(0)) go();
  }

  /** Destroys every connection, or every WebSocket, with whatever is on its way. */
  cut(only?: "websocket"): void {
    for (const line of this.#lines) if (only === undefined || line.kind === only) this.#destroy(line);
  }

  /** The link goes down. */
  breaks(): void {
    this.link = "down";
    this.cut();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, "close");
  }

  #take(browser: Socket): void {
    browser.on("error", () => {}); // told by "close"
    if (this.link === "down") return void browser.destroy();
    const line: Line = { browser, server: undefined, kind: "page" };
    this.#lines.add(line);
    browser.once("close", () => {
      this.#lines.delete(line);
      line.server?.destroy();
    });
    browser.setNoDelay(true);
    browser.once("data", (first: Buffer) => {
      browser.pause();
      this.#classify(line, first);
      const go = () => this.#connect(line, first);
      if (line.kind !== "websocket" || this.upgrades === "pass") go();
      else if (this.upgrades === "refuse") browser.end(REFUSAL);
      else if (this.upgrades === "hold") this.#held.push(go);
      else browser.resume();
    });
  }

  #connect(line: Line, first: Buffer): void {
    const { browser } = line;
    if (browser.destroyed) return;
    const server = connect(this.target, "127.0.0.1");
    line.server = server;
    server.on("error", () => {}); // told by "close"
    server.setNoDelay(true);
    const up = this.#flow(() => this.#terms(line, this.toServer), server);
    const down = this.#flow(() => this.#terms(line, this.toBrowser), browser);
    const pass = (octets: Buffer) => {
      this.#classify(line, octets);
      up.push(octets);
    };
    pass(first);
    browser.on("data", pass);
    browser.resume();
    server.on("data", (octets) => down.push(octets));
    // An end travels the same way as all else: behind a link that is silent nobody hears of it.
    server.once("close", () => down.end());
    browser.once("close", () => {
      for (const flow of [up, down]) this.#flows.delete(flow);
    });
  }

  #flow(terms: () => Terms, to: Socket): Flow {
    const flow = new Flow(terms, to);
    this.#flows.add(flow);
    return flow;
  }

  #terms(line: Line, terms: Terms): Terms {
    return line.kind === "page" ? { way: "pass", delayMs: 0, rewrite: undefined } : terms;
  }

  /** One connection carries one request after the other: each begins a piece. */
  #classify(line: Line, octets: Buffer): void {
    const [, path] = /^(?:GET|POST) (\/[^ ?]*)\S* HTTP\/1\.1\r\n/.exec(octets.subarray(0, 1000).toString("latin1")) ?? [];
    if (path === undefined || line.kind === "websocket") return;
    if (path === "/ws") line.kind = "websocket";
    else line.kind = path === "/poll" || path === "/history" ? "talk" : "page";
    if (line.kind !== "page") this.requests++;
  }

  #destroy({ browser, server }: Line): void {
    server?.destroy();
    browser.destroy();
  }
}
