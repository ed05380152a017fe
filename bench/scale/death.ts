import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeEnvironment } from "../../server/testing/node-environment.ts";
import { RedisServer } from "../../server/testing/redis-server.ts";
import { ChatConnection } from "../../shared/connection/chat-connection.ts";
import type { TransportKind } from "../../shared/connection/connection-state.ts";
import type { RoomName } from "../../shared/room-name.ts";
import { encodeSessionSecret } from "../../shared/session-secret.ts";
import { FaultProxy } from "../chaos/proxy/fault-proxy.ts";
import { type Served, startPalabre } from "../process.ts";

const ROOM = "death" as RoomName;
const SPEAK_EVERY_MS = 500;
const IN_WITHIN_MS = 60_000;

export type Death = {
  /** Ms from the moment that a client knew that its connection is gone until it was welcomed elsewhere, for each that had to. */
  readonly resumedMs: readonly number[];
  /** Ms from the kill until somebody heard something that was said after it: the last of all. */
  readonly heardMs: number;
  /** Who was said to have left or come since. */
  readonly notices: number;
};

/** So many clients at two nodes, each of which says something twice a second; one node is killed (SIGKILL). */
export async function death(clients: number, only: TransportKind): Promise<Death> {
  const redis = await RedisServer.start("--appendonly", "yes", "--appendfsync", "always");
  const nodes = await Promise.all([0, 1].map(() => startPalabre({ REDIS_URL: redis.url })));
  const [first, second] = nodes as [Served, Served];
  const proxy = new FaultProxy({ seed: 1, targets: nodes });
  proxy.calm();
  const resumedMs: number[] = [];
  let notices = 0;
  let open = 0;
  let killedAtMs = Number.POSITIVE_INFINITY;
  const deaf = new Set<number>();
  let heardMs = Number.POSITIVE_INFINITY;
  const { url } = await proxy.open("all");
  const people = Array.from({ length: clients }, (_, index) => {
    let lostAtMs: number | undefined;
    const options = { url, session: encodeSessionSecret(randomBytes(16)), nick: `n${index}`, room: ROOM, only };
    return new ChatConnection(options, nodeEnvironment(), {
      events(events) {
        const sinceMs = performance.now() - killedAtMs;
        // What was on its way at that moment says nothing.
        const hears = events.some((event) => event.kind === "message" && event.message.endsWith("after"));
        if (hears && deaf.delete(index) && deaf.size === 0) heardMs = sinceMs;
        if (sinceMs > 0 && index === 0) notices += events.filter(({ kind }) => kind === "joined" || kind === "left").length;
      },
      state({ kind }) {
        if (kind === "open") {
          open++;
          if (lostAtMs !== undefined) resumedMs.push(performance.now() - lostAtMs);
          lostAtMs = undefined;
        } else if (performance.now() > killedAtMs) lostAtMs ??= performance.now();
      },
      outbox() {},
    });
  });
  for (const person of people) person.start();
  for (const untilMs = performance.now() + IN_WITHIN_MS; open < clients && performance.now() < untilMs; ) await sleep(50);
  const speaking = setInterval(() => {
    for (const person of people) person.send(performance.now() > killedAtMs ? "after" : "before");
  }, SPEAK_EVERY_MS);
  await sleep(3000);
  for (const index of people.keys()) deaf.add(index);
  killedAtMs = performance.now();
  // As a proxy that asks who is ready would: soon, not at once.
  setTimeout(() => {
    proxy.targets = [second];
  }, 250);
  first.child.kill("SIGKILL");
  await sleep(15_000);
  clearInterval(speaking);
  for (const person of people) person.stop();
  await proxy.close();
  await Promise.all(nodes.map((node) => node.stop()));
  await redis.dispose();
  return { resumedMs, heardMs, notices };
}
