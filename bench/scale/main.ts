// npm run bench:scale [-- engine|joins|deliveries|latency|death|plan]: what docs/scale.md says, measured again on this machine.
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../server/clock.ts";
import { parseRedisUrl, type RedisPlace } from "../../server/engine/redis/redis-url.ts";
import { RedisEngine } from "../../server/engine/redis-engine.ts";
import { RedisServer } from "../../server/testing/redis-server.ts";
import { encodeChat } from "../../shared/packet.ts";
import { commits, HISTORY, joins, type Measured, onDisk, SILENT } from "../engine.ts";
import { processorSeconds, Receivers, type Served, startPalabre } from "../process.ts";
import { clientFrame, helloFrame, openRaw } from "../raw-member.ts";
import { death } from "./death.ts";
import { plan } from "./plan.ts";

const RECEIVERS = 1000;
const RUNS = 5;
const TEXT = "x".repeat(50);
const packet = encodeChat("sender", TEXT);

type Kind = { readonly name: string; readonly open: () => Promise<Measured> };
const ALWAYS = ["--appendonly", "yes", "--appendfsync", "always"];
const KINDS: readonly Kind[] = [
  { name: "embedded, flushed", open: () => onDisk("disk") },
  { name: "embedded, process", open: () => onDisk("process") },
  { name: "Redis, nothing on disk", open: () => onRedis([]) },
  { name: "Redis, appendfsync everysec", open: () => onRedis(["--appendonly", "yes"]) },
  { name: "Redis, appendfsync always", open: () => onRedis(ALWAYS) },
  { name: "Redis, always, and a replica has it", open: () => onRedis(ALWAYS, 1) },
];

async function onRedis(settings: string[], replicas = 0): Promise<Measured> {
  const server = await RedisServer.start(...settings);
  const following = await Promise.all(
    Array.from({ length: replicas }, () => RedisServer.start(...settings, "--replicaof", "127.0.0.1", `${server.port}`)),
  );
  const place = parseRedisUrl(server.url) as RedisPlace;
  while (following.length > 0 && !(await server.tell(`WAIT ${replicas} 1000`)).startsWith(`:${replicas}`)) await sleep(100);
  const engine = await RedisEngine.start({ place, clock: systemClock, history: HISTORY, log: SILENT, replicas });
  return {
    engine,
    async dispose() {
      await engine.close();
      await Promise.all([server, ...following].map((each) => each.dispose()));
    },
  };
}

/** So many nodes on one Redis; 0: one server with its log on disk. */
async function withNodes(count: number, run: (nodes: readonly Served[]) => Promise<void>): Promise<void> {
  const redis = count === 0 ? undefined : await RedisServer.start(...ALWAYS);
  const settings = redis === undefined ? {} : { REDIS_URL: redis.url };
  const nodes = await Promise.all(Array.from({ length: Math.max(1, count) }, () => startPalabre(settings)));
  try {
    await run(nodes);
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    await redis?.dispose();
  }
}

/** A burst from one sender at one node to 1,000 receivers, the same number at each: deliveries a second until the last has the last. */
async function deliveries(count: number, messages: number): Promise<void> {
  await withNodes(count, async (nodes) => {
    const receivers = nodes.map(() => new Receivers());
    const each = RECEIVERS / nodes.length;
    for (const [index, node] of nodes.entries()) await receivers[index]?.open(each, node.port, "/ws", `r${index}-`);
    const [first] = nodes as readonly [Served];
    const sender = await openRaw(first.port, "/ws", () => {});
    sender.write(helloFrame("sender"));
    await sleep(2000);
    const rates: number[] = [];
    const before = nodes.map(({ pid }) => processorSeconds(pid));
    for (let run = 0; run < RUNS; run++) {
      const expected = await Promise.all(receivers.map((some) => some.expect(messages * packet.length)));
      const startedMs = performance.timeOrigin + performance.now();
      for (let sent = 0; sent < messages; sent += 500)
        sender.write(Buffer.concat(Array.from({ length: Math.min(500, messages - sent) }, () => clientFrame(packet))));
      const ended = Math.max(...(await Promise.all(expected.map(({ done }) => done))));
      rates.push((messages * RECEIVERS) / ((ended - startedMs) / 1000) / 1e6);
      await sleep(300);
    }
    const spent = nodes.map(({ pid }, index) => (processorSeconds(pid) - (before[index] as number)).toFixed(2));
    console.log(
      `${named(count)}: ${messages} messages to ${RECEIVERS}, million deliveries a second: ${spread(rates)}; processor seconds ${spent.join(", ")}`,
    );
    sender.destroy();
    for (const some of receivers) some.close();
  });
}

/** One message at a time from one person to another, at the same node or at another one: ms from the write until it is heard. */
async function latency(count: number): Promise<void> {
  await withNodes(count, async (nodes) => {
    const [first] = nodes as readonly [Served];
    const last = nodes.at(-1) as Served;
    let heard = () => {};
    const listener = await openRaw(last.port, "/ws", (chunk) => {
      if (chunk.includes(TEXT)) heard();
    });
    listener.write(helloFrame("listener"));
    const sender = await openRaw(first.port, "/ws", () => {});
    sender.write(helloFrame("sender"));
    await sleep(2000);
    const times: number[] = [];
    for (let sent = 0; sent < 300; sent++) {
      const hears = new Promise<void>((resolve) => {
        heard = resolve;
      });
      const startedMs = performance.now();
      sender.write(clientFrame(packet));
      await hears;
      times.push(performance.now() - startedMs);
      await sleep(10);
    }
    console.log(`${named(count)}: heard after ms: ${spread(times)}`);
    sender.destroy();
    listener.destroy();
  });
}

function named(count: number): string {
  return count === 0 ? "one server, its log on disk" : count === 1 ? "one node on Redis" : `${count} nodes on Redis`;
}

function spread(figures: readonly number[]): string {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.round(share * (sorted.length - 1))] as number).toPrecision(3);
  return `median ${at(0.5)} (${at(0)} to ${at(1)})`;
}

async function rates(
  what: string,
  measure: (open: Kind["open"], batch: number) => Promise<{ perSecond: number; medianMs: number }>,
  batches: readonly number[],
) {
  for (const { name, open } of KINDS)
    for (const batch of batches) {
      const { perSecond, medianMs } = await measure(open, batch);
      console.log(`${what}, ${name}: batches of ${batch}: ${perSecond} commits a second, median ${medianMs.toFixed(2)} ms`);
    }
}

const BENCHES: Record<string, () => Promise<void>> = {
  engine: () => rates("messages", commits, [1, 10, 100, 1000]),
  joins: () => rates("joins", joins, [1, 100]),
  deliveries: async () => {
    for (const count of [0, 1, 2, 4]) for (const messages of [1000, 10_000]) await deliveries(count, messages);
  },
  latency: async () => {
    for (const count of [0, 1, 2]) await latency(count);
  },
  death: async () => {
    for (const only of ["websocket", "long-poll"] as const) {
      const { resumedMs, heardMs, notices } = await death(200, only);
      const back =
        resumedMs.length === 0 ? "nobody had to say hello again" : `${resumedMs.length} were back after ms: ${spread(resumedMs)}`;
      console.log(
        `one of two nodes killed under 200 clients, ${only}: ${back}; all heard what was said after it within ${heardMs.toFixed(0)} ms; notices: ${notices}`,
      );
    }
  },
  plan: async () => {
    for (const line of plan()) console.log(line);
  },
};

const wanted = process.argv.slice(2);
for (const [name, bench] of Object.entries(BENCHES)) if (wanted.length === 0 || wanted.includes(name)) await bench();
process.exit();
