import { randomBytes } from "node:crypto";
import { WebSocket } from "ws";
import type { AnyServer } from "./server.ts";

/** A chat packet as it travelled. */
export type Said = { readonly nick: string; readonly text: string };

type Service = { readonly type: string; readonly [field: string]: unknown };

/** Somebody who has no page: a WebSocket and the packets of docs/protocol.md, written by hand. Fills a room quickly, and sees what really travels. */
export class Talker {
  readonly nick: string;
  readonly #socket: WebSocket;
  /** Every chat packet since it came in, the room's last ones included, in order. */
  readonly heard: Said[] = [];
  #sent = 0;
  #settled = 0;
  #isIn = false;
  #fault: Error | undefined;
  readonly #wanting = new Set<() => void>();

  private constructor(nick: string, socket: WebSocket) {
    this.nick = nick;
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#reads(data));
    socket.on("error", (error) => this.#fails(error));
    socket.on("close", () => this.#fails(new Error(`${nick}'s connection was closed`)));
  }

  static async joins(server: Pick<AnyServer, "url">, nick: string, room = "lobby"): Promise<Talker> {
    const socket = new WebSocket(`${server.url.replace(/^http/, "ws")}/ws`);
    const talker = new Talker(nick, socket);
    socket.on("open", () => talker.#tells({ type: "hello", session: randomBytes(16).toString("base64url"), nick, room }));
    await talker.#until("to come in", () => talker.#isIn);
    return talker;
  }

  /** Says these one after the other. Resolves when all of them are in the log. */
  async says(...texts: string[]): Promise<void> {
    // A frame takes 64 KiB: some fifty of the longest packets.
    for (let at = 0; at < texts.length; at += 50) {
      const packets = texts.slice(at, at + 50).map((text) => packet(this.nick, text));
      this.#sent += packets.length;
      this.#socket.send(Buffer.concat(packets));
    }
    await this.#until("to be heard", () => this.#settled >= this.#sent);
  }

  /** Resolves with what `nick` said, when that is so many messages. */
  async hears(nick: string, count: number): Promise<string[]> {
    const texts = () => this.heard.filter((said) => said.nick === nick).map((said) => said.text);
    await this.#until(`to hear ${nick} ${count} times`, () => texts().length >= count);
    return texts();
  }

  /** Takes leave, and resolves when the server has let go. */
  async leaves(): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#tells({ type: "leave" });
    await closed;
  }

  /** Lets go without a word, as at the end of a story. */
  drops(): void {
    this.#socket.terminate();
  }

  #tells(service: Service): void {
    this.#socket.send(packet("", JSON.stringify(service)));
  }

  #reads(data: Buffer): void {
    for (let at = 0; at < data.length; ) {
      const nickEnd = at + 5 + Number(data.toString("latin1", at, at + 2));
      const end = nickEnd + Number(data.toString("latin1", at + 2, at + 5));
      const nick = data.toString("utf8", at + 5, nickEnd);
      const text = data.toString("utf8", nickEnd, end);
      if (nick === "") this.#obeys(JSON.parse(text) as Service);
      else this.heard.push({ nick, text });
      at = end;
    }
    for (const look of this.#wanting) look();
  }

  #obeys(service: Service): void {
    if (service.type === "welcome") this.#isIn = true;
    if (service.type === "ack") this.#settled = Number(service.seq);
    if (service.type === "ping") this.#tells({ type: "pong" });
    if (service.type === "refused" || service.type === "error") this.#fails(new Error(`${this.nick} was told ${JSON.stringify(service)}`));
  }

  #fails(error: Error): void {
    this.#fault ??= error;
    for (const look of this.#wanting) look();
  }

  async #until(what: string, holds: () => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(deadline);
        this.#wanting.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = (): void => {
        if (holds()) settle();
        else if (this.#fault !== undefined) settle(this.#fault);
      };
      const deadline = setTimeout(() => settle(new Error(`${this.nick} waited in vain ${what}`)), 15_000);
      this.#wanting.add(look);
      look();
    });
  }
}

function packet(nick: string, text: string): Buffer {
  const name = Buffer.from(nick);
  const message = Buffer.from(text);
  const header = String(name.length).padStart(2, "0") + String(message.length).padStart(3, "0");
  return Buffer.concat([Buffer.from(header), name, message]);
}
