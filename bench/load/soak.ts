import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { newSecret } from "../../server/testing/member.ts";
import { Random } from "../chaos/random.ts";
import { Faults } from "./faults.ts";
import { compareHeaps } from "./heap-difference.ts";
import { MeasuredServer, type Memory } from "./measured-server.ts";
import { helloAll, newMember } from "./member.ts";
import { hangUpPolls } from "./poll-line.ts";
import { type Slope, slope } from "./statistics.ts";
import { table } from "./table.ts";
import { type Tally, visit } from "./visitor.ts";

export const SOAK_DEFAULTS = {
  seconds: 600,
  "joins-a-minute": 1000,
  /** `same`: those who come were here before. `new`: nobody was, and the server remembers each for a day (S29). */
  secrets: "same",
  /** Of a hundred messages, how many are refused: a session remembers its last 64 refusals (S20), which is growth until it has so many. */
  refusals: 20,
  /** Of a hundred visits, how many are to a room that nobody was ever in: a room's log is kept. */
  "new-rooms": 0,
  "sample-seconds": 3,
  "warm-up": 120,
  /** A folder for two heap snapshots: after the warm-up, and at the end. */
  snapshots: "",
  seed: 0,
};
export type SoakOptions = typeof SOAK_DEFAULTS;

type Sample = { readonly atS: number; readonly memory: Memory; readonly rooms: number; readonly clients: number; readonly joins: number };

export type SoakResult = {
  readonly faults: readonly string[];
  readonly tally: Tally;
  readonly samples: readonly Sample[];
  /** Of heap and external, MiB a minute, after the warm-up. */
  readonly growth: Slope;
};

/** So few that a log's own growth does not count; sessions that are lost end soon, but not those of a poll that comes late on a busy machine. */
const SETTINGS = { HISTORY_PACKETS: "20", GRACE_MS: "10000" };
const RESIDENTS = 10;
const BUSY_ROOMS = 5;
/** Rooms that are used for a while, then empty until they are put away, and then opened again. */
const PASSING_ROOMS = 12;
const PASSING_S = 20;
const SAME_SECRETS = 400;

/** People who come and go for a long time: what they leave behind in the server's memory. */
export async function soak(options: SoakOptions, print: (line: string) => void = () => {}): Promise<SoakResult> {
  const seed = options.seed === 0 ? Math.floor(Math.random() * 1e9) + 1 : options.seed;
  print(`--seed ${seed}`);
  const server = await MeasuredServer.start(SETTINGS);
  const dropped: (() => void)[] = [];
  try {
    return await run(server, options, new Random(seed), dropped, print);
  } finally {
    for (const drop of dropped) drop();
    hangUpPolls();
    await server.end();
  }
}

async function run(
  server: MeasuredServer,
  options: SoakOptions,
  random: Random,
  dropped: (() => void)[],
  print: (line: string) => void,
): Promise<SoakResult> {
  const faults = new Faults();
  const tally: Tally = { joins: 0, messages: 0, refused: 0, histories: 0, droppedPolls: 0, left: 0, lingered: 0, lost: 0, failed: 0 };
  const residents = Array.from({ length: RESIDENTS }, (_, index) =>
    newMember(index % 2 === 0 ? "websocket" : "long-poll", { nick: `resident${index}`, room: `busy-${index % BUSY_ROOMS}`, faults }),
  );
  dropped.push(
    ...residents.map(
      ({ line }) =>
        () =>
          line.drop(),
    ),
  );
  await helloAll(residents, server);
  for (const { line, listener } of residents) line.onEnd = (why) => listener.fault(`ended: ${why}`);

  const visits = new Visits(server.port, options, random, faults, tally);
  const startedMs = performance.now();
  const elapsedS = () => (performance.now() - startedMs) / 1000;
  const coming = visits.goOn(options.seconds);
  const samples: Sample[] = [];
  let snapshotAt = options.snapshots === "" ? Number.POSITIVE_INFINITY : options["warm-up"];
  while (elapsedS() + options["sample-seconds"] < options.seconds) {
    await sleep(options["sample-seconds"] * 1000);
    const memory = await server.memory();
    samples.push({ atS: elapsedS(), memory, rooms: visits.rooms, clients: visits.here + RESIDENTS, joins: tally.joins });
    if (elapsedS() < snapshotAt) continue;
    await server.snapshot(join(options.snapshots, "warm.heapsnapshot"));
    snapshotAt = Number.POSITIVE_INFINITY;
  }
  await coming;
  if (options.snapshots !== "") await server.snapshot(join(options.snapshots, "end.heapsnapshot"));

  const growth = report(samples, options, tally, print);
  if (options.snapshots !== "") {
    print(compareHeaps(join(options.snapshots, "warm.heapsnapshot"), join(options.snapshots, "end.heapsnapshot")));
  }
  if (server.lines.length > 0) print(`the server wrote: ${server.lines.slice(0, 5).join("\n")}`);
  return { faults: faults.found, tally, samples, growth };
}

/** The stream of those who come. */
class Visits {
  here = 0;
  readonly #port: number;
  readonly #options: SoakOptions;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #tally: Tally;
  /** Whose turn it is next; each has a room of its own, as a session is in one room. */
  readonly #known = Array.from({ length: SAME_SECRETS }, () => newSecret());
  readonly #inRoom = new Map<string, number>();
  #number = 0;

  constructor(port: number, options: SoakOptions, random: Random, faults: Faults, tally: Tally) {
    this.#port = port;
    this.#options = options;
    this.#random = random;
    this.#faults = faults;
    this.#tally = tally;
  }

  /** In how many rooms somebody is. */
  get rooms(): number {
    return this.#inRoom.size;
  }

  /** People come for so long. Resolves when the last of them went. */
  async goOn(seconds: number): Promise<void> {
    const everyMs = 60_000 / this.#options["joins-a-minute"];
    const startedMs = performance.now();
    const under = new Set<Promise<void>>();
    for (let dueMs = 0; dueMs < seconds * 1000; dueMs += -Math.log(1 - this.#random.next()) * everyMs) {
      const waitMs = startedMs + dueMs - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      const visiting = this.#visit(dueMs / 1000).finally(() => under.delete(visiting));
      under.add(visiting);
    }
    await Promise.all(under);
  }

  async #visit(atS: number): Promise<void> {
    const number = this.#number++;
    const random = this.#random.fork(`visit ${number}`);
    const same = this.#options.secrets === "same";
    const secret = same ? this.#known.shift() : newSecret();
    // Where everybody who is known is in: nobody comes.
    if (secret === undefined) return;
    const room = this.#room(same ? secret : undefined, number, atS, random);
    this.here++;
    this.#inRoom.set(room, (this.#inRoom.get(room) ?? 0) + 1);
    try {
      // As a session that comes back has its old name, the name goes with the secret.
      const parts = { nick: `v${secret.slice(0, 10)}`, room, faults: this.#faults, secret };
      await visit(this.#port, parts, random, this.#tally, this.#options.refusals / 100);
    } catch (error) {
      this.#faults.add(`visit ${number}: ${(error as Error).message}`);
    } finally {
      this.here--;
      const left = (this.#inRoom.get(room) ?? 1) - 1;
      if (left === 0) this.#inRoom.delete(room);
      else this.#inRoom.set(room, left);
      if (same) this.#known.push(secret);
    }
  }

  #room(secret: string | undefined, number: number, atS: number, random: Random): string {
    if (random.next() * 100 < this.#options["new-rooms"] && secret === undefined) return `new-${number}`;
    // A known session stays in its room; which one is decided by its secret.
    const chance = secret === undefined ? random.next() : (Buffer.from(secret, "base64url")[0] ?? 0) / 256;
    if (chance < 0.7) return `busy-${Math.floor((chance / 0.7) * BUSY_ROOMS)}`;
    if (secret !== undefined) return `passing-${Math.floor(((chance - 0.7) / 0.3) * PASSING_ROOMS)}`;
    return `passing-${Math.floor(atS / PASSING_S) % PASSING_ROOMS}`;
  }
}

function report(samples: readonly Sample[], options: SoakOptions, tally: Tally, print: (line: string) => void): Slope {
  const counted = samples.filter(({ atS }) => atS >= options["warm-up"]);
  const growth = slope(counted.map(({ atS, memory }) => [atS / 60, memory.heap + memory.external] as const));
  const every = Math.max(1, Math.floor(samples.length / 20));
  const rows = samples.filter((_, index) => index % every === 0 || index === samples.length - 1);
  print(`${options.secrets} secrets, HISTORY_PACKETS=${SETTINGS.HISTORY_PACKETS}, after a collection each time; MiB`);
  print(
    table([
      ["s", "RSS", "heap", "external", "buffers", "rooms", "clients", "joins"],
      ...rows.map(({ atS, memory, rooms, clients, joins }) => [
        Math.round(atS),
        memory.rss,
        memory.heap,
        memory.external,
        memory.arrayBuffers,
        rooms,
        clients,
        joins,
      ]),
    ]),
  );
  print(
    Object.entries(tally)
      .map(([what, count]) => `${what} ${count}`)
      .join(", "),
  );
  const [first, last] = [counted[0], counted.at(-1)];
  if (first !== undefined && last !== undefined) {
    const perMinute = ((last.joins - first.joins) / (last.atS - first.atS)) * 60;
    const kib = (mib: number) => (mib * 1024).toFixed(1);
    print(
      `growth of heap and external after ${options["warm-up"]} s: ${kib(growth.perX)} KiB a minute, standard error ${kib(growth.standardError)}`,
    );
    const each = (mib: number) => ((mib * 1024 * 1024) / perMinute).toFixed(0);
    print(
      `that is ${each(growth.perX)} octets for each of ${perMinute.toFixed(0)} joins a minute, standard error ${each(growth.standardError)}`,
    );
  }
  return growth;
}
