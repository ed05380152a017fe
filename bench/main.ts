// npm run bench [-- start|fan-out|steady|engine|idle]: what docs/figures.md says, measured again on this machine.
import { setTimeout as sleep } from "node:timers/promises";
import { encodeChat } from "../shared/packet.ts";
import { commits, onDisk } from "./engine.ts";
import { processorSeconds, Receivers, residentKib, type Served, startPalabre, startWsPeer } from "./process.ts";
import { clientFrame, helloFrame, openRaw } from "./raw-member.ts";

const RECEIVERS = 1000;
const TEXT = "x".repeat(50);
const packet = encodeChat("sender", TEXT);
const RUNS = 5;

type Peer = { name: string; start: () => Promise<Served>; path: string; hello: boolean };
const PEERS: readonly Peer[] = [
  { name: "palabre, log on disk", start: () => startPalabre(), path: "/ws", hello: true },
  { name: "palabre, log in memory", start: () => startPalabre({ DATA_DIR: ":memory:" }), path: "/ws", hello: true },
  { name: "ws alone, nothing kept", start: startWsPeer, path: "/", hello: false },
];

/** Time from starting the built server to its saying that it listens. */
async function start(): Promise<void> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const palabre = await startPalabre();
    times.push(palabre.startedInMs);
    await palabre.stop();
  }
  console.log(`start to listening, ms: ${spread(times)}`);
}

/** A burst of messages from one sender to 1,000 receivers: deliveries a second until the last has the last. */
async function fanOut(peer: Peer, messages: number): Promise<void> {
  await withReceivers(peer, async (served, receivers) => {
    const sender = await openRaw(served.port, peer.path, () => {});
    if (peer.hello) sender.write(helloFrame("sender"));
    await sleep(1000);
    const rates: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const { done } = await receivers.expect(messages * packet.length);
      const startedMs = performance.timeOrigin + performance.now();
      for (let sent = 0; sent < messages; sent += 500) {
        const frames = Array.from({ length: Math.min(500, messages - sent) }, () => clientFrame(packet));
        sender.write(Buffer.concat(frames));
      }
      rates.push((messages * RECEIVERS) / (((await done) - startedMs) / 1000) / 1e6);
      await sleep(200);
    }
    console.log(`${peer.name}: ${messages} messages to ${RECEIVERS}, million deliveries a second: ${spread(rates)}`);
    sender.destroy();
  });
}

/** 20 messages a second for 10 s: the server's processor time for a million deliveries. */
async function steady(peer: Peer): Promise<void> {
  await withReceivers(peer, async (served, receivers) => {
    const sender = await openRaw(served.port, peer.path, () => {});
    if (peer.hello) sender.write(helloFrame("sender"));
    await sleep(1000);
    const messages = 200;
    const { done } = await receivers.expect(messages * packet.length);
    const before = processorSeconds(served.pid);
    for (let sent = 0; sent < messages; sent++) {
      sender.write(clientFrame(packet));
      await sleep(50);
    }
    await done;
    const seconds = processorSeconds(served.pid) - before;
    console.log(
      `${peer.name}: 20 messages a second to ${RECEIVERS}: ${((seconds * 1e6) / (messages * RECEIVERS)).toFixed(1)} processor seconds for a million deliveries`,
    );
    sender.destroy();
  });
}

/** Resident memory for each of 5,000 clients that only listen, and the processor time that they take. */
async function idle(peer: Peer): Promise<void> {
  const served = await peer.start();
  const receivers = new Receivers();
  await sleep(500);
  const before = residentKib(served.pid);
  await receivers.open(5000, served.port, peer.path, peer.hello);
  await sleep(15_000);
  const kib = (residentKib(served.pid) - before) / 5000;
  const seconds = processorSeconds(served.pid);
  await sleep(30_000);
  const share = ((processorSeconds(served.pid) - seconds) / 30) * 100;
  console.log(`${peer.name}: ${kib.toFixed(1)} KiB for each of 5000 idle clients; ${share.toFixed(1)} % of one processor`);
  receivers.close();
  await served.stop();
}

async function withReceivers(peer: Peer, run: (served: Served, receivers: Receivers) => Promise<void>): Promise<void> {
  const served = await peer.start();
  const receivers = new Receivers();
  await receivers.open(RECEIVERS, served.port, peer.path, peer.hello);
  await run(served, receivers);
  receivers.close();
  await served.stop();
}

function spread(figures: number[]): string {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.round(share * (sorted.length - 1))] as number).toPrecision(3);
  return `median ${at(0.5)} (${at(0)} to ${at(1)}, ${sorted.length} runs)`;
}

const BENCHES: Record<string, () => Promise<void>> = {
  start,
  "fan-out": async () => {
    // A `send` for each receiver takes minutes for the longer one.
    for (const peer of PEERS) for (const messages of peer.hello ? [1000, 10_000] : [1000]) await fanOut(peer, messages);
  },
  steady: async () => {
    for (const peer of PEERS) await steady(peer);
  },
  engine: async () => {
    for (const durability of ["disk", "process"] as const) {
      for (const batch of [1, 10, 100, 1000]) {
        const { perSecond, medianMs } = await commits(() => onDisk(durability), batch);
        console.log(`engine, ${durability}: batches of ${batch}: ${perSecond} commits a second, median ${medianMs.toFixed(2)} ms`);
      }
    }
  },
  idle: async () => {
    for (const peer of PEERS) await idle(peer);
  },
};

const wanted = process.argv.slice(2);
for (const [name, bench] of Object.entries(BENCHES)) if (wanted.length === 0 || wanted.includes(name)) await bench();
