import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { concatOctets } from "../../shared/octets.ts";
import { encodeChat, PacketDecoder } from "../../shared/packet.ts";
import { freePort } from "../free-port.ts";
import { until } from "../load/until.ts";
import { type Served, startPalabre } from "../process.ts";
import { saying } from "./talk.ts";

/** How many may be unanswered while the room is filled. */
const ON_THEIR_WAY = 500;

/** A server whose lobby keeps a long talk, and somebody who goes on with it over raw TCP. */
export class FullRoom {
  readonly #served: Served;
  readonly #socket: Socket;
  #said = 0;
  #answered = 0;
  #fault: string | undefined;

  private constructor(served: Served, socket: Socket) {
    this.#served = served;
    this.#socket = socket;
    const decoder = new PacketDecoder();
    socket.on("data", (octets: Buffer) => {
      for (const packet of decoder.push(octets).packets) {
        if (packet.kind !== "service") continue;
        if (packet.type === "ack") this.#answered = Number(packet.fields.seq);
        else this.#fault = new TextDecoder().decode(packet.octets);
      }
    });
    socket.on("error", () => {});
  }

  static async of(messages: number): Promise<FullRoom> {
    const tcpPort = await freePort();
    const served = await startPalabre({
      TCP_PORT: String(tcpPort),
      HISTORY_PACKETS: String(messages * 2),
      RATE_PER_SECOND: "0",
      DURABILITY: "process",
    });
    const socket = connect({ port: tcpPort, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    const room = new FullRoom(served, socket);
    while (room.#said < messages) {
      room.#say(Math.min(100, messages - room.#said));
      await until(
        () => room.#said - room.#answered < ON_THEIR_WAY,
        () => `answers while the room is filled (${room.#fault})`,
      );
    }
    return room;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#served.port}/`;
  }

  /** So many messages more, evenly over `ms`. */
  async goesOn(messages: number, ms: number): Promise<void> {
    const startedMs = performance.now();
    for (let said = 0; said < messages; ) {
      const due = Math.min(messages, Math.ceil(((performance.now() - startedMs) / ms) * messages));
      if (due > said) this.#say(due - said);
      said = Math.max(said, due);
      await sleep(5);
    }
  }

  async end(): Promise<void> {
    this.#socket.destroy();
    await this.#served.stop();
  }

  #say(count: number): void {
    const packets = Array.from({ length: count }, () => {
      const { nick, text } = saying(this.#said++);
      return encodeChat(nick, text);
    });
    this.#socket.write(concatOctets(packets));
  }
}
