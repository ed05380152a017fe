import type { Socket } from "node:net";
import { MessageReader, statusOf } from "./message-reader.ts";

/** Nobody waits longer for an answer. */
const ANSWER_WITHIN_MS = 60_000;
const MAX_ANSWER_OCTETS = 2 * 1024 * 1024;

/** A question that was put to a server. */
export type Asked = {
  /** The answer as it came, whole; undefined where none came. */
  readonly answer: Promise<Buffer | undefined>;
  cancel(): void;
};

/** One request on a connection of its own, as a proxy makes it. */
export class Errand implements Asked {
  readonly answer: Promise<Buffer | undefined>;
  readonly #server: Socket;
  readonly #answers = MessageReader.ofAnswers(() => this.#method);
  readonly #method: string;
  readonly #pieces: Buffer[] = [];
  #octets = 0;
  #plain = false;
  #settle: (answer: Buffer | undefined) => void = () => {};

  /** `server` is still connecting. `sent` is called when the request, whole, is on its way to a server that took the connection. */
  constructor(server: Socket, request: Buffer, sent: () => void) {
    this.#server = server;
    this.#method = request.toString("latin1", 0, 8).split(" ", 1)[0] ?? "";
    this.answer = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const timer = setTimeout(() => this.cancel(), ANSWER_WITHIN_MS);
    server.once("connect", () => {
      server.write(request, (fault) => {
        if (!fault) sent();
      });
    });
    server.on("data", (octets: Buffer) => this.#read(octets));
    server.once("end", () => this.#settle(this.#plain ? Buffer.concat(this.#pieces) : undefined));
    server.once("close", () => {
      clearTimeout(timer);
      this.#settle(undefined);
    });
  }

  cancel(): void {
    this.#server.destroy();
  }

  #read(octets: Buffer): void {
    this.#octets += octets.length;
    if (this.#octets > MAX_ANSWER_OCTETS) return this.cancel();
    this.#answers.push(octets);
    for (let part = this.#answers.next(); part !== undefined; part = this.#answers.next()) {
      this.#pieces.push(part.octets);
      if (part.kind === "plain") this.#plain = true;
      else if (part.last && !(part.kind === "head" && statusOf(part.head) < 200)) {
        this.#settle(Buffer.concat(this.#pieces));
        return this.cancel();
      }
    }
  }
}
