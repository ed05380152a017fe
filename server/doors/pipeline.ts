import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests of one connection that wait for their answers: browsers have one, an honest pipeline a few. */
const MAX_UNANSWERED = 16;

/** Cuts off a connection that goes on asking and does not take its answers: each would be kept for it. */
export function limitPipelines(server: Server): void {
  const unanswered = new WeakMap<Socket, number>();
  server.prependListener("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    const waiting = (unanswered.get(socket) ?? 0) + 1;
    if (waiting > MAX_UNANSWERED) {
      socket.destroy();
      return;
    }
    unanswered.set(socket, waiting);
    response.once("close", () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
  });
  // Node would write `100 Continue` between the head and the body of an answer that waits for the ones before it. Such a body is on its way
  // anyhow, as nothing was waited for so far.
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    if (response.socket !== null) response.writeContinue();
    server.emit("request", request, response);
  });
}
