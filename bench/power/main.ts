// npm run power [-- --instants 500 --messages 150 --lives 3 --durability disk|process --seed S]: what a loss of power leaves of the room.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { losePower } from "./lose-power.ts";
import { type Durability, whyNoTrace } from "./traced-run.ts";

const { values } = parseArgs({
  options: {
    instants: { type: "string", default: "500" },
    messages: { type: "string", default: "150" },
    lives: { type: "string", default: "3" },
    durability: { type: "string" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
  },
});

const reason = whyNoTrace();
if (reason !== undefined) {
  console.log(`Nothing was tried: ${reason}.`);
  process.exit(1);
}
console.log(`seed ${values.seed}`);
let faulty = false;
for (const durability of values.durability === undefined ? (["disk", "process"] as const) : [values.durability as Durability]) {
  const folder = mkdtempSync(join(tmpdir(), "palabre-power-"));
  try {
    const { instants, messages, lives } = values;
    const report = await losePower({
      folder,
      durability,
      instants: Number(instants),
      messages: Number(messages),
      lives: Number(lives),
      seed: values.seed,
    });
    const { acknowledged, checked, writes, flushes, tried, lostInstants, mostLost } = report;
    console.log(`${durability}: ${acknowledged} acks in order, for ${checked} messages; ${writes} writes, ${flushes} flushes.`);
    console.log(
      `${durability}: the power went at ${tried} instants; ${lostInstants} of them lost what was acknowledged, ${mostLost} at the most.`,
    );
    for (const fault of report.faults.slice(0, 20)) console.log(`  FAULT ${fault}`);
    if (report.faults.length > 0) {
      faulty = true;
      console.log(`${durability}: ${report.faults.length} faults, seed ${values.seed}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.exit(faulty ? 1 : 0);
