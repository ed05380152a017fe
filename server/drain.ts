import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { type Hub, stoppingRefusal } from "./chat/hub.ts";
import type { TcpDoor } from "./doors/tcp.ts";
import type { WebSocketDoor } from "./doors/websocket.ts";
import type { Engine } from "./engine/engine.ts";

/** How long polls that come late are still answered with `stopping`, ms. Source: D3. */
const LATE_POLLS_MS = 1000;
const LOOK_EVERY_MS = 20;
/** How long the last octets may take to leave, ms. */
const LAST_OCTETS_MS = 500;

type House = {
  readonly hub: Hub;
  readonly app: FastifyInstance;
  readonly webSockets: WebSocketDoor;
  readonly tcp: TcpDoor | undefined;
  readonly engine: Engine;
  /** How long slow receivers may take, ms. */
  readonly drainMs: number;
};

/**
 * Stops in good order. The order matters: closing the HTTP server first would cut the connections on which polls wait for their answer,
 * and waiting for close handshakes would leave the end to whoever never answers. Source: protocol, section 8.
 */
export async function drain({ hub, app, webSockets, tcp, engine, drainMs }: House): Promise<void> {
  const startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  await hub.stop("shutdown");
  const told = elapsedMs();
  for (const transport of webSockets.transports) if (!transport.carriesSession) transport.close(stoppingRefusal());
  tcp?.stop();
  await until(() => everythingIsOut(hub, webSockets, tcp), drainMs - told);
  for (const transport of [...webSockets.transports, ...(tcp?.transports ?? [])]) transport.close({ code: "stopped" });
  await sleep(Math.max(0, LATE_POLLS_MS - (elapsedMs() - told)));
  const { server } = app;
  const closed = app.close();
  await Promise.race([closed, sleep(LAST_OCTETS_MS)]);
  // Whoever is still connected has had what there was to say, and does not hang up.
  server.closeAllConnections();
  webSockets.destroy();
  await tcp?.close();
  await closed;
  await engine.close();
}

/** True when everybody who listens has everything, as far as this end can see. */
function everythingIsOut(hub: Hub, webSockets: WebSocketDoor, tcp: TcpDoor | undefined): boolean {
  for (const transport of webSockets.transports) if (transport.unwritten > 0) return false;
  for (const transport of tcp?.transports ?? []) if (!transport.emptied) return false;
  for (const session of hub.sessions.values()) {
    if (session.carrier === "stream" && session.transport !== undefined && session.cursor < session.room.log.last) return false;
  }
  return true;
}

async function until(holds: () => boolean, withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds() && performance.now() < endMs) await sleep(LOOK_EVERY_MS);
}
