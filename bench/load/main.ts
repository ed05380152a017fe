// npm run load -- slow|soak|storm|big-room|engine-slow [--option value …]: what becomes of a server that much is asked of.
import { BIG_ROOM_DEFAULTS, bigRoom } from "./big-room.ts";
import { ENGINE_SLOW_DEFAULTS, engineSlow } from "./engine-slow.ts";
import { readOptions } from "./options.ts";
import { SLOW_DEFAULTS, slow } from "./slow.ts";
import { noSlowDisk } from "./slow-disk.ts";
import { SOAK_DEFAULTS, soak } from "./soak.ts";
import { STORM_DEFAULTS, storm } from "./storm.ts";

type Load = (args: readonly string[]) => Promise<{ readonly faults: readonly string[] }>;

const print = (line: string) => console.log(line);
const LOADS: Readonly<Record<string, Load>> = {
  slow: (args) => slow(readOptions(args, SLOW_DEFAULTS), print),
  "big-room": (args) => bigRoom(readOptions(args, BIG_ROOM_DEFAULTS), print),
  soak: (args) => soak(readOptions(args, SOAK_DEFAULTS), print),
  "engine-slow": async (args) => {
    const reason = noSlowDisk();
    if (reason === undefined) return engineSlow(readOptions(args, ENGINE_SLOW_DEFAULTS), print);
    print(`skipped: a disk cannot be made slow here: ${reason}`);
    return { faults: [] };
  },
  storm: (args) => storm(readOptions(args, STORM_DEFAULTS), print),
};

const [name = "", ...args] = process.argv.slice(2);
const load = LOADS[name];
if (load === undefined) {
  console.error(`npm run load -- ${Object.keys(LOADS).join("|")} [--option value …]`);
  process.exit(2);
}
const { faults } = await load(args);
for (const fault of faults) console.log(`FAULT ${fault}`);
console.log(faults.length === 0 ? "nothing was wrong" : `${faults.length} faults, or more`);
process.exit(faults.length === 0 ? 0 : 1);
