import WebSocket from "ws";
import { type Told, urlOf, within } from "./ask.ts";
import { type HelloFields, Member, service } from "./member.ts";

/** A member by WebSocket. */
export class WebSocketMember extends Member {
  #socket: WebSocket | undefined;
  /** False: hears `ping` and says nothing, as one whose connection is dead. */
  answersPings = true;

  /** A connection on which nothing is said yet. */
  async opens(): Promise<WebSocket> {
    const url = urlOf(this.house, "/ws").href.replace(/^http/, "ws");
    const socket = new WebSocket(url, "palabre.v1", { perMessageDeflate: false });
    this.#socket = socket;
    this.end = undefined;
    socket.on("message", (octets: Buffer) => {
      if (this.#socket !== socket) return;
      const before = this.told.length;
      this.hear(octets);
      if (!this.answersPings) return;
      for (const { type } of this.told.slice(before)) if (type === "ping") socket.send(service({ type: "pong" }));
    });
    socket.on("close", (code) => {
      if (this.#socket === socket) this.finish(code);
    });
    const opened = new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.on("error", reject);
    });
    await within(opened, "a WebSocket");
    return socket;
  }

  get socket(): WebSocket {
    if (this.#socket === undefined) throw new Error(`${this.nick} has no connection`);
    return this.#socket;
  }

  /** On the connection that is open; on a new one where there is none. */
  async says(fields: HelloFields): Promise<Told> {
    const socket = this.#socket?.readyState === WebSocket.OPEN ? this.#socket : await this.opens();
    this.forgets();
    socket.send(service({ type: "hello", session: this.session, ...fields }));
    return this.next("welcome", "error");
  }

  async sends(...packets: Uint8Array[]): Promise<void> {
    for (const packet of packets) if (packet[0] !== 0x30 || packet[1] !== 0x30) this.seq++;
    this.socket.send(Buffer.concat(packets));
  }

  drops(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
  }
}
