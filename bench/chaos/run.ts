import { check } from "../history/check.ts";
import type { History, Violation } from "../history/record.ts";
import { AUDITOR, Audit } from "./audit.ts";
import { type Crew, gather } from "./crew.ts";
import { Fleet } from "./fleet.ts";
import type { ChaosOptions } from "./options.ts";
import { FaultProxy, type Happened } from "./proxy/fault-proxy.ts";
import { FAULTS, type Fault } from "./proxy/profile.ts";
import { Random } from "./random.ts";
import { Chronicle } from "./recorder.ts";

export type Outcome = {
  readonly options: ChaosOptions;
  readonly history: History;
  readonly violations: readonly Violation[];
  /** What went wrong by the run's own judgement: who did not get there, what ended by itself, a notice where there must be none. */
  readonly failures: readonly string[];
  readonly chronicle: Chronicle;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly kills: number;
  /** The changes of those that do nothing else. */
  readonly changes: number;
};

const HEARTBEAT_MS = 1500;
/** Whoever is kept out by the bad network comes back within it, unless the run is one where nobody may leave. */
const GRACE_MS = 30_000;
const LONG_GRACE_MS = 600_000;
const ALL_IN_WITHIN_MS = 60_000;
const SETTLED_WITHIN_MS = 60_000;
const EXPECTED_START_MS = 700;
const CHANGED_WITHIN_MS = 120_000;

/** Runs it all, and judges. `say` is told how it goes. */
export async function runChaos(options: ChaosOptions, tell: (line: string) => void = () => {}): Promise<Outcome> {
  const startedMs = performance.now();
  const say = (line: string) => tell(`${((performance.now() - startedMs) / 1000).toFixed(1)} s: ${line}`);
  const chronicle = new Chronicle();
  const fleet = new Fleet({ nodes: options.nodes, durability: options.durability, settings: settingsOf(options) });
  const strays = new Map<string, number>();
  const onFault = ({ fault, entrance }: Happened) => {
    if (fault === "post-repeated" || fault === "post-held") strays.set(entrance, performance.now());
  };
  const proxies = {
    http: new FaultProxy({ seed: options.seed, targets: [], onFault }),
    tcp: new FaultProxy({ seed: `${options.seed}/tcp`, targets: [] }),
  };
  fleet.onDeath = (how) => chronicle.fault(how);
  fleet.onChange = () => {
    proxies.http.targets = fleet.running.map(({ port }) => ({ port }));
    proxies.tcp.targets = fleet.running.map(({ tcpPort }) => ({ port: tcpPort }));
  };
  let crew: Crew = { people: [], wire: [], worsen() {} };
  let audit: Audit | undefined;
  try {
    await fleet.start();
    crew = await gather(options, proxies, chronicle, (name) => strays.get(name) ?? Number.NEGATIVE_INFINITY);
    for (const { begin } of bound(crew)) begin();
    await reached(ALL_IN_WITHIN_MS, () => chronicle.recorders.every(({ welcomes }) => welcomes > 0));
    // All are in, the last `joined` included, which waits up to 250 ms.
    await pause(1000);
    const startedAt = Math.max(0, ...everybody(crew).map(({ offset }) => offset));
    say(`${everybody(crew).length} clients are in; the log is at ${startedAt}`);
    for (const person of [...crew.people, ...crew.wire]) person.live();
    crew.worsen();

    const kills = await storm(options, fleet, crew, say);
    say("no more is said; the network is calm");
    for (const person of [...crew.people, ...crew.wire]) person.rest();
    proxies.http.calm();
    proxies.tcp.calm();
    // The network came back: that is told to pages.
    for (const client of everybody(crew)) if (client.waiting) client.probe();
    if (!(await reached(SETTLED_WITHIN_MS, () => isSettled(crew)))) chronicle.fault(`not settled: ${unsettled(crew).join(", ")}`);

    say("all is said");
    audit = new Audit(fleet.port);
    await audit.begin();
    const present = () => everybody(crew).filter((client) => !client.over);
    const there = () => audit?.announced === true && isSettled(crew) && present().every(({ offset }) => offset === audit?.offset);
    if (!(await reached(SETTLED_WITHIN_MS, there))) {
      const late = present().filter(({ offset }) => offset !== audit?.offset);
      chronicle.fault(
        `${late.length} did not come to the end, ${audit.offset}: they are at ${late.map(({ offset }) => offset).join(", ")}`,
      );
    }
    say(`read to the end, ${audit.offset}`);
    // In the same turn of the event loop: nobody hears more.
    chronicle.closed = true;
    const history: History = { clients: chronicle.histories(), ...audit.read() };
    const failures = [...chronicle.faults, ...(options.steady ? noticesAfter(history, startedAt) : [])];
    const changes = crew.wire.reduce((sum, { moved }) => sum + moved, 0);
    const begun = performance.now();
    const violations = check(history);
    say(`judged in ${Math.round(performance.now() - begun)} ms`);
    return { options, history, violations, failures, chronicle, faults: together(proxies.http.counts, proxies.tcp.counts), kills, changes };
  } finally {
    chronicle.closed = true;
    audit?.stop();
    for (const person of [...crew.people, ...crew.wire]) person.stop();
    await Promise.all([proxies.http.close(), proxies.tcp.close()]);
    await fleet.stop();
  }
}

function settingsOf({ durability, steady, clients, changes, keep }: ChaosOptions): Record<string, string> {
  return {
    MAX_CLIENTS: String(clients * 20 + 1000),
    MAX_CLIENTS_PER_ADDRESS: "0",
    JOINS_PER_MINUTE: "0",
    HEARTBEAT_MS: String(HEARTBEAT_MS),
    GRACE_MS: String(steady ? LONG_GRACE_MS : GRACE_MS),
    HISTORY_PACKETS: String(keep === 0 ? 10_000_000 : keep),
    DURABILITY: durability,
    LOG_LEVEL: "warn",
    // Each change says `hello`, which spends from the same budget.
    ...(changes > 0 ? { RATE_BURST: "200", RATE_PER_SECOND: "50" } : {}),
  };
}

/** The time of the load, with its kills. Gives how many there were. */
async function storm(options: ChaosOptions, fleet: Fleet, crew: Crew, say: (line: string) => void): Promise<number> {
  const random = new Random(options.seed).fork("kills");
  const begunMs = performance.now();
  const lengthMs = options.seconds * 1000;
  // Some people do not wait for their page to try again by itself.
  const impatience = setInterval(() => {
    for (const client of everybody(crew)) if (client.waiting && random.chance(0.15)) client.probe();
  }, 500);
  const blows = blowsOf(options, fleet, random);
  for (const { name, strike } of blows) {
    // Counted from when it was back: a kill is to meet it at work.
    await pause(random.next() * 2 * (lengthMs / blows.length - EXPECTED_START_MS));
    const struckMs = performance.now();
    await strike();
    if (options.verbose) say(`${name}, and back after ${Math.round(performance.now() - struckMs)} ms`);
  }
  await pause(lengthMs - (performance.now() - begunMs));
  clearInterval(impatience);
  await reached(CHANGED_WITHIN_MS, () => crew.wire.every(({ done }) => done));
  return options.kills;
}

type Blow = { readonly name: string; readonly strike: () => Promise<void> };

/** All that is done to servers and to Redis, in an order that the seed decides. */
function blowsOf({ kills, rolls, redisKills, redisFrozen }: ChaosOptions, fleet: Fleet, random: Random): Blow[] {
  const times = (count: number, blow: Blow): Blow[] => Array.from({ length: count }, () => blow);
  const blows = [
    ...times(kills, { name: "a server was killed", strike: () => fleet.kill() }),
    ...times(rolls, { name: "all servers were restarted in turn", strike: () => fleet.roll() }),
    ...times(redisKills, { name: "Redis was killed", strike: () => fleet.killRedis() }),
    ...times(redisFrozen > 0 ? 1 : 0, { name: "Redis was frozen", strike: () => fleet.freezeRedis(redisFrozen * 1000) }),
  ];
  return blows
    .map((blow) => ({ blow, at: random.next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ blow }) => blow);
}

function together(one: Readonly<Record<Fault, number>>, other: Readonly<Record<Fault, number>>): Record<Fault, number> {
  return Object.fromEntries(FAULTS.map((fault) => [fault, one[fault] + other[fault]])) as Record<Fault, number>;
}

type Client = { readonly offset: number; readonly over: boolean; readonly settled: boolean; readonly waiting: boolean; probe(): void };

function everybody({ people, wire }: Crew): Client[] {
  return [...people.map(({ stay }) => stay), ...wire.map(({ client }) => client)];
}

function bound({ people, wire }: Crew): { begin: () => void }[] {
  return [...people, ...wire].map((person) => ({ begin: () => person.begin() }));
}

function isSettled({ people, wire }: Crew): boolean {
  return people.every(({ settled }) => settled) && wire.every(({ client }) => client.settled);
}

function unsettled({ people, wire }: Crew): string[] {
  return [
    ...people.filter(({ settled }) => !settled).map(({ name, stay }) => `${name} (${stay.state.kind}, ${stay.unsent} unsent)`),
    ...wire.filter(({ client }) => !client.settled).map(({ name, client }) => `${name} (${client.kind}, ${client.unsent} unsent)`),
  ];
}

/** Who came, went or took another name in a run where nobody did. */
function noticesAfter({ end }: History, offset: number): string[] {
  return end.packets.flatMap((packet, index) => {
    const at = end.first + index;
    const said = packet.kind === "joined" || packet.kind === "left" || packet.kind === "renamed";
    const own = packet.kind === "joined" && packet.nicks.length === 1 && packet.nicks[0] === AUDITOR;
    return at > offset && said && !own ? [`a notice at ${at}, and nobody came or went: ${JSON.stringify(packet)}`] : [];
  });
}

async function reached(withinMs: number, condition: () => boolean): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() >= deadlineMs) return false;
    await pause(50);
  }
  return true;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
