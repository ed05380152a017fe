import type { FastifyInstance } from "fastify";
import type { Hub } from "../chat/hub.ts";

/** `/healthz`: the process answers. `/readyz`: people may be sent here. */
export function registerHealth(app: FastifyInstance, hub: Hub): void {
  app.get("/healthz", (_request, reply) => reply.header("Cache-Control", "no-store").type("text/plain").send("ok\n"));
  app.get("/readyz", (_request, reply) => {
    const state = hub.stopping ? "stopping" : hub.well ? "ready" : "the engine fails";
    return reply
      .header("Cache-Control", "no-store")
      .code(state === "ready" ? 200 : 503)
      .type("text/plain")
      .send(`${state}\n`);
  });
}
