import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** What asks for another protocol, and is left out when the request is served as what it is without it. */
const UPGRADING: ReadonlySet<string> = new Set(["upgrade", "connection", "http2-settings"]);

/**
 * Node hands over every request that asks for an upgrade, whatever to. Only WebSocket at /ws is one; a wish for anything else (HTTP/2 over
 * cleartext, which several clients ask for by default) may be ignored, and is: the request is served as if it had not been uttered.
 * Source: RFC 9110, section 7.8. To be called when the WebSocket door has put its listener there.
 *
 * Where answers are still owed on the connection it is cut off: Node takes what comes from there on for another connection, and would hand the
 * socket to answers of both, which ends the process. Nobody honest sends a wish behind a request that is not answered.
 */
export function ignoreOtherUpgrades(server: Server): void {
  const listeners = server.listeners("upgrade") as ((request: IncomingMessage, socket: Duplex, head: Buffer) => void)[];
  server.removeAllListeners("upgrade");
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (owesAnswer(socket)) {
      socket.destroy();
      return;
    }
    if (/^websocket$/i.test(request.headers.upgrade ?? "") && /^\/ws(?:\?|$)/.test(request.url ?? "")) {
      for (const listener of listeners) listener.call(server, request, socket, head);
      return;
    }
    // The request is read once more, without the wish: by a parser of its own, as the first on its connection.
    socket.unshift(Buffer.concat([headWithout(request), head]));
    server.emit("connection", socket);
  });
}

/** Node keeps there the answer that is being given. There is no public way to know: some (417, 400 without Host) it gives without an event. */
function owesAnswer(socket: Duplex & { _httpMessage?: ServerResponse | null }): boolean {
  return socket._httpMessage !== undefined && socket._httpMessage !== null;
}

function headWithout({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    if (!UPGRADING.has(name.toLowerCase())) text += `${name}: ${rawHeaders[index + 1]}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, "latin1");
}
