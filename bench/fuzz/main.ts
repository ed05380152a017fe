// npm run fuzz -- [--seed N] [--count 1000000] [--door websocket|long-poll|tcp|http|decoder|client] [--case K]
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { type Campaign, campaign } from "./campaign.ts";
import { dupe } from "./client.ts";
import { decodeAll } from "./decoder.ts";
import { type Measured, mib } from "./left-behind.ts";
import { heapInUse } from "./own-heap.ts";
import { WIRE_DOORS, type WireDoor } from "./script.ts";
import type { Finding } from "./siege.ts";

const DOORS = [...WIRE_DOORS, "decoder", "client"] as const;
/** One connection of a client takes so much longer than a packet. */
const CLIENT_SHARE = 50;
/** Cases after which nothing new is kept any more: every session, room and code path was there. */
const WARM_UP = 20_000;
const DECODER_SLICE = 10_000;
const MAX_HEAP_GROWTH = 32 * 1024 * 1024;

const { values } = parseArgs({
  options: { seed: { type: "string" }, count: { type: "string" }, door: { type: "string" }, case: { type: "string" } },
});
const seed = values.seed ?? String(randomInt(1e9));
const count = Number(values.count ?? 1_000_000);
const from = values.case === undefined ? undefined : Number(values.case);
const doors = DOORS.filter((door) => values.door === undefined || values.door.split(",").includes(door));
if (doors.length === 0 || !Number.isSafeInteger(count) || (from !== undefined && doors.length > 1)) {
  console.error(`Doors are ${DOORS.join(", ")}; --count is a whole number; --case goes with one --door.`);
  process.exit(78);
}
console.log(`seed ${seed}: ${count} cases for ${doors.join(", ")}${from === undefined ? "" : `, number ${from} alone`}`);

const findings: Finding[] = [];
const progress = (sent: number) => console.log(`${sent} sent`);
const wires = doors.filter((door): door is WireDoor => door !== "decoder" && door !== "client");
if (wires.length > 0)
  report(
    await campaign({
      seed,
      doors: wires,
      ...(from === undefined ? { count, warmUp: Math.min(WARM_UP, count), progress } : { count: 1, warmUp: 0, from }),
    }),
  );
if (doors.includes("decoder")) await here("decoder", async () => decoded());
if (doors.includes("client")) {
  await here("client", async () => {
    const duped = await dupe(seed, from ?? 0, from === undefined ? Math.ceil(count / CLIENT_SHARE) : 1);
    findings.push(...duped.findings);
    return `${duped.cases} connections were told ${duped.payloads} payloads; ${duped.ended} gave up, with a reason; all others came back`;
  });
}
for (const { door, number, what, file } of findings) {
  const again =
    number < 0 ? "" : `\n  again: --seed ${seed} --door ${door} --case ${number}${file === undefined ? "" : `; octets: ${file}`}`;
  console.log(`FOUND, ${door}: ${what}${again}`);
}
console.log(findings.length === 0 ? "nothing found" : `${findings.length} found; --seed ${seed} gives the same octets`);
process.exit(findings.length === 0 ? 0 : 1);

function report({ siege, before, after, said, seconds, findings: found }: Campaign): void {
  findings.push(...found);
  console.log(
    `${siege.sent} packets, bodies and frames on ${siege.cases} connections in ${seconds.toFixed(0)} s (${Math.round(siege.sent / seconds)} a second), ${siege.answers} answers judged`,
  );
  console.log(`before: ${described(before)}; after: ${described(after)}`);
  console.log(`the two of good manners said ${said} messages meanwhile`);
}

function described(measured: Measured | undefined): string {
  if (measured === undefined) return "gone";
  const { probe, descriptors } = measured;
  return `heap ${mib(probe.heapUsed)}, resident ${mib(probe.rss)}, ${descriptors ?? "?"} descriptors`;
}

function decoded(): string {
  const last = from === undefined ? count : from + 1;
  for (let at = from ?? 0; at < last && findings.length === 0; at += DECODER_SLICE)
    findings.push(...decodeAll(seed, at, Math.min(DECODER_SLICE, last - at)));
  return `${last - (from ?? 0)} inputs decoded, whole and in pieces`;
}

/** What runs in this process has to leave it as it was, too. */
async function here(door: string, run: () => Promise<string>): Promise<void> {
  const startedMs = performance.now();
  const before = heapInUse();
  const what = await run();
  const after = heapInUse();
  if (after - before > MAX_HEAP_GROWTH) findings.push({ door, number: -1, what: `the heap grew from ${mib(before)} to ${mib(after)}` });
  console.log(
    `${door}: ${what}; ${((performance.now() - startedMs) / 1000).toFixed(0)} s; heap ${mib(before)} before, ${mib(after)} after`,
  );
}
