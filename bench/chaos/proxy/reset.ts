import type { Socket } from "node:net";

/**
 * Whether a socket on which nothing was ended here, and that just came to its end, was broken off by its peer. Octets and RST that come together are read as
 * octets and an end; but after RST there is no peer. Nobody may have asked the socket for its peer's address before.
 */
export function wasReset(socket: Socket): boolean {
  return !socket.writableEnded && socket.remoteAddress === undefined;
}
