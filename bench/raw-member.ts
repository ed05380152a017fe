import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { encodeService } from "../shared/packet.ts";

/** A frame from a client has to be masked; with a mask of zeros its payload stays as it is. Source: RFC 6455, section 5.3. */
export function clientFrame(payload: Uint8Array): Buffer {
  const extended = payload.length >= 126;
  const frame = Buffer.alloc((extended ? 8 : 6) + payload.length);
  frame[0] = 0x82;
  frame[1] = 0x80 | (extended ? 126 : payload.length);
  if (extended) frame.writeUInt16BE(payload.length, 2);
  frame.set(payload, frame.length - payload.length);
  return frame;
}

/** Counts the payload octets in what a server sends: cheap enough for a thousand receivers in one process. */
export class OctetCounter {
  octets = 0;
  #left = 0;
  #header = Buffer.alloc(0);

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        this.octets += taken;
        at += taken;
        continue;
      }
      const header = this.#header.length === 0 ? chunk.subarray(at, at + 10) : Buffer.concat([this.#header, chunk.subarray(at, at + 10)]);
      const size = headerOctets(header);
      if (size === undefined || header.length < size) {
        this.#header = Buffer.from(header);
        return;
      }
      at += size - this.#header.length;
      this.#header = Buffer.alloc(0);
      this.#left = payloadOctets(header);
    }
  }
}

function headerOctets(header: Buffer): number | undefined {
  if (header.length < 2) return undefined;
  const short = (header[1] as number) & 0x7f;
  return short < 126 ? 2 : short === 126 ? 4 : 10;
}

function payloadOctets(header: Buffer): number {
  const short = (header[1] as number) & 0x7f;
  return short < 126 ? short : short === 126 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
}

/** Opens a WebSocket by hand; `heard` gets what comes after the handshake. */
export function openRaw(port: number, path: string, heard: (chunk: Buffer) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const key = randomBytes(16).toString("base64");
    socket.setNoDelay(true);
    socket.once("error", reject);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    let head = "";
    socket.on("data", function handshake(chunk: Buffer) {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", handshake);
      if (!head.startsWith("HTTP/1.1 101")) {
        socket.destroy();
        return reject(new Error(head.slice(0, 100)));
      }
      const rest = Buffer.from(head.slice(end + 4), "latin1");
      socket.on("data", heard);
      if (rest.length > 0) heard(rest);
      resolve(socket);
    });
  });
}

export function helloFrame(nick: string): Buffer {
  return clientFrame(encodeService({ type: "hello", session: randomBytes(18).toString("base64url"), nick, history: 0 }));
}
