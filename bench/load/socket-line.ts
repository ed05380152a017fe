import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { encodeService } from "../../shared/packet.ts";
import { clientFrame, openRaw } from "../raw-member.ts";
import type { Line } from "./line.ts";
import type { Listener } from "./listener.ts";
import { FrameStream } from "./packet-stream.ts";

const PONG = encodeService({ type: "pong" });
/** Sent unasked, also by those who do not read: not reading is not being dead. */
const PONG_EVERY_MS = 20_000;

/** How packets travel on a socket. */
export type Wire = {
  /** `heard` gets what comes once packets may. */
  open(port: number, heard: (chunk: Buffer) => void): Promise<Socket>;
  frame(packets: Uint8Array): Uint8Array;
  reader(payload: (octets: Buffer) => void): { push(chunk: Buffer): void; readonly closeCode: number | undefined };
};

export const WEB_SOCKET: Wire = {
  open: (port, heard) => openRaw(port, "/ws", heard),
  frame: clientFrame,
  reader: (payload) => new FrameStream(payload),
};

/** A byte stream of packets. Source: T2. */
export const TCP: Wire = {
  async open(port, heard) {
    const socket = connect(port, "127.0.0.1").setNoDelay(true).on("data", heard);
    await once(socket, "connect");
    return socket;
  },
  frame: (packets) => packets,
  reader: (payload) => ({ push: payload, closeCode: undefined }),
};

/** A stream: raw WebSocket or raw TCP. */
export class SocketLine implements Line {
  readonly #listener: Listener;
  readonly #wire: Wire;
  #socket: Socket | undefined;
  onEnd: ((why: string) => void) | undefined;

  constructor(listener: Listener, wire: Wire) {
    this.#listener = listener;
    this.#wire = wire;
  }

  async hello(port: number): Promise<void> {
    const listener = this.#listener;
    const frames = this.#wire.reader((octets) => listener.push(octets));
    const { turn } = listener;
    let welcome: (() => void) | undefined;
    const socket = await this.#wire.open(port, (chunk) => {
      if (this.#socket !== socket && this.#socket !== undefined) return;
      frames.push(chunk);
      if (listener.turn !== turn) welcome?.();
    });
    this.#socket = socket;
    socket.on("error", () => {}); // told by "close"
    const pongs = setInterval(() => socket.write(this.#wire.frame(PONG)), PONG_EVERY_MS);
    await new Promise<void>((resolve, reject) => {
      let welcomed = false;
      welcome = () => {
        welcome = undefined;
        welcomed = true;
        resolve();
      };
      socket.once("close", () => {
        clearInterval(pongs);
        reject(new Error(`closed with ${frames.closeCode} before the welcome`));
        if (this.#socket !== socket) return;
        this.#socket = undefined;
        if (welcomed) this.onEnd?.(String(frames.closeCode ?? "no close frame"));
      });
      socket.once("end", () => socket.destroy());
      socket.write(this.#wire.frame(listener.hello()));
    });
  }

  async send(packets: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined || socket.write(this.#wire.frame(packets))) return;
    await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => {});
  }

  stalls(): void {
    this.#socket?.pause();
  }

  listens(): void {
    this.#socket?.resume();
  }

  drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }
}
