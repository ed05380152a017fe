import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

export type ChaosOptions = {
  readonly seed: number;
  readonly seconds: number;
  readonly clients: number;
  /** How often the server is killed, and comes back. */
  readonly kills: number;
  /** So many servers on one Redis, and the clients sent to them in turn. 0: one, without. */
  readonly nodes: number;
  /** How often all servers are stopped in good order and started again, one after the other. */
  readonly rolls: number;
  /** How often Redis is killed, and comes back with what it had flushed. */
  readonly redisKills: number;
  /** For how long Redis answers nobody, once, in the middle; seconds. */
  readonly redisFrozen: number;
  /** How often each of a few more clients changes its transport in mid-stream. 0: there are none. */
  readonly changes: number;
  readonly durability: "disk" | "process";
  /** Nobody comes, goes or takes another name: then not one notice may be in the log after the start. */
  readonly steady: boolean;
  /** How many packets the room's log keeps: whoever was away for longer is told of a gap. 0: all. */
  readonly keep: number;
  /** Messages a second, all clients together. */
  readonly rate: number;
  readonly verbose: boolean;
};

export const DEFAULTS: Omit<ChaosOptions, "seed"> = {
  seconds: 60,
  clients: 100,
  kills: 0,
  nodes: 0,
  rolls: 0,
  redisKills: 0,
  redisFrozen: 0,
  changes: 0,
  durability: "disk",
  steady: false,
  keep: 0,
  rate: 50,
  verbose: false,
};

export function newSeed(): number {
  return randomInt(2 ** 31);
}

/** Reads the command line. Throws an Error that says what is wrong with it. */
export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string" },
      seconds: { type: "string" },
      clients: { type: "string" },
      kills: { type: "string" },
      nodes: { type: "string" },
      rolls: { type: "string" },
      "redis-kills": { type: "string" },
      "redis-frozen": { type: "string" },
      changes: { type: "string" },
      keep: { type: "string" },
      rate: { type: "string" },
      durability: { type: "string" },
      steady: { type: "boolean" },
      verbose: { type: "boolean" },
    },
  });
  const durability = values.durability ?? DEFAULTS.durability;
  if (durability !== "disk" && durability !== "process") throw new Error("--durability is disk or process.");
  return {
    seed: whole("seed", values.seed, 0, 2 ** 31) ?? newSeed(),
    seconds: whole("seconds", values.seconds, 1, 86_400) ?? DEFAULTS.seconds,
    clients: whole("clients", values.clients, 1, 2000) ?? DEFAULTS.clients,
    kills: whole("kills", values.kills, 0, 10_000) ?? DEFAULTS.kills,
    nodes: whole("nodes", values.nodes, 0, 16) ?? DEFAULTS.nodes,
    rolls: whole("rolls", values.rolls, 0, 1000) ?? DEFAULTS.rolls,
    redisKills: whole("redis-kills", values["redis-kills"], 0, 1000) ?? DEFAULTS.redisKills,
    redisFrozen: whole("redis-frozen", values["redis-frozen"], 0, 3600) ?? DEFAULTS.redisFrozen,
    changes: whole("changes", values.changes, 0, 100_000) ?? DEFAULTS.changes,
    keep: whole("keep", values.keep, 0, 10_000_000) ?? DEFAULTS.keep,
    rate: whole("rate", values.rate, 1, 10_000) ?? DEFAULTS.rate,
    durability,
    steady: values.steady ?? DEFAULTS.steady,
    verbose: values.verbose ?? DEFAULTS.verbose,
  };
}

function whole(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text) || Number(text) < least || Number(text) > most)
    throw new Error(`--${name} takes a whole number from ${least} to ${most}.`);
  return Number(text);
}
