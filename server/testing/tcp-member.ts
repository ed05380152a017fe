import { connect, type Socket } from "node:net";
import { PacketDecoder } from "../../shared/packet.ts";
import { type Address, type Told, within } from "./ask.ts";
import { type HelloFields, Member, service } from "./member.ts";

/** Where a server is, for those who come by raw TCP. */
export type TcpAddress = Address & { readonly tcpHost?: string; readonly tcpPort: number | undefined };

/** A member by raw TCP; or somebody who posts. Its `end` has the number 0: there is none. */
export class TcpMember extends Member {
  readonly #tcpHost: string;
  readonly #tcpPort: number | undefined;
  #socket: Socket | undefined;
  /** False: hears `ping` and says nothing, as one whose connection is dead. */
  answersPings = true;

  constructor(house: TcpAddress, nick: string, room: string, session?: string) {
    super(house, nick, room, session);
    this.#tcpHost = house.tcpHost ?? "127.0.0.1";
    this.#tcpPort = house.tcpPort;
  }

  /** A connection on which nothing is said yet. */
  async opens(): Promise<Socket> {
    const socket = connect({ port: this.#tcpPort as number, host: this.#tcpHost, noDelay: true, allowHalfOpen: true });
    this.#socket = socket;
    this.end = undefined;
    const decoder = new PacketDecoder();
    let isWhole = true;
    socket.on("data", (octets: Buffer) => {
      if (this.#socket !== socket) return;
      const decoded = decoder.push(octets);
      isWhole = decoded.ok && decoded.rest.length === 0;
      if (!decoded.ok) this.fault(`what came is no packet: ${decoded.fault}`);
      if (decoded.packets.length > 0) this.hear(Buffer.concat(decoded.packets.map((packet) => packet.octets)));
      if (!this.answersPings || socket.writableEnded) return;
      for (const packet of decoded.packets)
        if (packet.kind === "service" && packet.type === "ping") socket.write(service({ type: "pong" }));
    });
    socket.on("end", () => {
      if (!isWhole) this.fault("it ended in the middle of a packet");
      socket.end();
    });
    socket.on("error", () => {}); // told by "close", or to who waits for the connection
    socket.on("close", () => {
      if (this.#socket === socket) this.finish(0);
    });
    const opened = new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    await within(opened, "a TCP connection");
    return socket;
  }

  get socket(): Socket {
    if (this.#socket === undefined) throw new Error(`${this.nick} has no connection`);
    return this.#socket;
  }

  /** On the connection that is open; on a new one where there is none, or where `error` has said that it ends. */
  async says(fields: HelloFields): Promise<Told> {
    const isOpen = this.#socket?.readyState === "open" && this.told.at(-1)?.type !== "error";
    const socket = isOpen ? this.socket : await this.opens();
    this.forgets();
    socket.write(service({ type: "hello", session: this.session, ...fields }));
    return this.next("welcome", "error");
  }

  async sends(...packets: Uint8Array[]): Promise<void> {
    for (const packet of packets) if (packet[0] !== 0x30 || packet[1] !== 0x30) this.seq++;
    this.socket.write(Buffer.concat(packets));
  }

  /** Says nothing more, and goes on listening. */
  hushes(): void {
    this.socket.end();
  }

  drops(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }
}
