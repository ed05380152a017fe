import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Something went one way on one of the connections. */
export type Passage = { readonly line: number; readonly from: "browser" | "server"; readonly octets: Buffer };

type Line = { readonly number: number; readonly browser: Socket; readonly server: Socket; isWebSocket: boolean; lost: boolean };

/**
 * Stands between browser and server, and counts how often the browser has to wait for what it sent. All that it sends before the next answer is one
 * such turn, and so is the opening of a connection that it then uses. It may take so many of them; what it sends after that is held.
 */
export class TurnRelay {
  /** All that passed since `count`, in its order. */
  passages: Passage[] = [];
  /** How many turns the browser took since `count`. */
  turns = 0;
  url = "";
  readonly #target: number;
  readonly #lines = new Set<Line>();
  readonly #held: (() => void)[] = [];
  readonly #server = createServer((browser) => this.#take(browser));
  #allowed = Number.POSITIVE_INFINITY;
  /** Nothing came from the server since the browser last sent something. */
  #inTurn = false;
  #count = 0;
  #opened = 0;
  /** How many WebSockets were opened. */
  upgrades = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  static async before(url: string): Promise<TurnRelay> {
    const relay = new TurnRelay(Number(new URL(url).port));
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    relay.url = `http://127.0.0.1:${(relay.#server.address() as AddressInfo).port}`;
    return relay;
  }

  /** Counts from here on, and lets the browser take so many turns. */
  count(allowed = Number.POSITIVE_INFINITY): void {
    this.#count++;
    this.#allowed = allowed;
    this.#inTurn = false;
    this.turns = 0;
    this.passages = [];
  }

  /** Lets go what was held. */
  release(): void {
    this.#allowed = Number.POSITIVE_INFINITY;
    for (const go of this.#held.splice(0)) go();
  }

  /** How many WebSockets are open now. */
  get webSockets(): number {
    return [...this.#lines].filter(({ isWebSocket }) => isWebSocket).length;
  }

  /** The WebSockets that are open are cut. */
  cutWebSockets(): void {
    for (const { browser, isWebSocket } of this.#lines) if (isWebSocket) browser.destroy();
  }

  /** Nothing passes any more on the WebSockets that are open, and nobody is told. */
  loseWebSockets(): void {
    for (const line of this.#lines) if (line.isWebSocket) line.lost = true;
  }

  /** What passed, for people. */
  toString(): string {
    const lines = this.passages.map(({ line, from, octets }) => {
      return `${line} from ${from}: ${octets.length} octets, ${JSON.stringify(octets.subarray(0, 60).toString("latin1"))}`;
    });
    return [`${this.turns} turns`, ...lines].join("\n");
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const { browser } of this.#lines) browser.destroy();
    await once(this.#server, "close");
  }

  #take(browser: Socket): void {
    const server = connect(this.#target, "127.0.0.1");
    const line: Line = { number: ++this.#opened, browser, server, isWebSocket: false, lost: false };
    // Opened before one began to count, it costs nothing any more.
    const openedIn = this.#count;
    let used = false;
    this.#lines.add(line);
    for (const socket of [browser, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => {}); // told by "close"
    }
    browser.on("data", (octets: Buffer) => {
      const opens = !used && openedIn === this.#count;
      used = true;
      if (opens) this.#turn(() => this.#answered());
      this.#turn(() => this.#pass(line, "browser", octets));
    });
    server.on("data", (octets: Buffer) => {
      if (octets.subarray(0, 12).toString("latin1") === "HTTP/1.1 101") {
        line.isWebSocket = true;
        this.upgrades++;
      }
      this.#answered();
      this.#pass(line, "server", octets);
    });
    server.once("close", () => {
      if (!line.lost) browser.destroy();
    });
    browser.once("close", () => {
      this.#lines.delete(line);
      server.destroy();
    });
  }

  #answered(): void {
    this.#inTurn = false;
  }

  /** Does it as a part of the browser's turn, or when it may take another one. */
  #turn(run: () => void): void {
    if (!this.#inTurn) {
      if (this.turns >= this.#allowed) return void this.#held.push(() => this.#turn(run));
      this.#inTurn = true;
      this.turns++;
    }
    run();
  }

  #pass(line: Line, from: "browser" | "server", octets: Buffer): void {
    if (line.lost) return;
    this.passages.push({ line: line.number, from, octets });
    (from === "browser" ? line.server : line.browser).write(octets);
  }
}
