import { setTimeout as sleep } from "node:timers/promises";
import { encodeService } from "../../shared/packet.ts";
import { Faults } from "./faults.ts";
import { MeasuredServer } from "./measured-server.ts";
import { helloAll, type LoadMember, newMember } from "./member.ts";
import { pinned } from "./pinned.ts";
import { quantile } from "./statistics.ts";
import { table } from "./table.ts";
import { Transcript } from "./transcript.ts";
import { until } from "./until.ts";

export const BIG_ROOM_DEFAULTS = {
  /** How many are there when joins are measured. */
  sizes: "100,1000,5000",
  /** Joins measured at each size, and how far apart. */
  joins: 40,
  everyMs: 300,
  /** So many join at once. */
  burst: 5000,
  limit: 2000,
  pin: false,
};
export type BigRoomOptions = typeof BIG_ROOM_DEFAULTS;

/** What one more join costs with `present` there. `octets`: for each of them; `cpuMs`: for the server. */
export type JoinCost = { readonly present: number; readonly octets: number; readonly packets: number; readonly cpuMs: number };

export type BigRoomResult = {
  readonly faults: readonly string[];
  readonly joins: readonly JoinCost[];
  readonly burst: { readonly packets: number; readonly nicks: number; readonly octetsEach: number };
  readonly quiet: Quiet;
};

/** What is said above the limit: the nicknames in all `joined`; in all `left`, down to `present`; who got a roster when it is quiet no longer. */
export type Quiet = { readonly joined: number; readonly left: number; readonly rosters: number; readonly present: number };

const LEAVE = encodeService({ type: "leave" });

/** People in one room, on one server. */
class Crowd {
  readonly server: MeasuredServer;
  readonly transcript = new Transcript();
  readonly members: LoadMember[] = [];
  readonly #faults: Faults;

  constructor(server: MeasuredServer, faults: Faults) {
    this.server = server;
    this.#faults = faults;
  }

  async join(count: number, atOnce = 200): Promise<LoadMember[]> {
    const fresh = Array.from({ length: count }, (_, index) => {
      const nick = `n${this.members.length + index}`;
      return newMember("websocket", { nick, room: "big", faults: this.#faults, transcript: this.transcript });
    });
    this.members.push(...fresh);
    await helloAll(fresh, this.server, atOnce);
    return fresh;
  }

  /** All here have heard all that anybody heard. */
  async settle(): Promise<void> {
    const behind = () => this.members.filter(({ listener }) => listener.offset !== this.transcript.last).length;
    await until(
      () => behind() === 0,
      () => `${behind()} members to have all`,
    );
  }

  /** The log has said of `count` people that they came. */
  async said(count: number): Promise<void> {
    await until(
      () => nicksIn(this.transcript, "joined") === count,
      () => `${nicksIn(this.transcript, "joined")} of ${count} joined`,
    );
    await this.settle();
  }

  async end(): Promise<void> {
    for (const { line } of this.members) line.drop();
    await this.server.end();
  }
}

/** A room of thousands: what one more costs, how many at once are said, and when it is no longer said who comes and goes. */
export async function bigRoom(options: BigRoomOptions, print: (line: string) => void = () => {}): Promise<BigRoomResult> {
  const faults = new Faults();
  const under = options.pin ? pinned() : [];
  const withCrowd = async <Result>(
    settings: Readonly<Record<string, string>>,
    work: (crowd: Crowd) => Promise<Result>,
  ): Promise<Result> => {
    const crowd = new Crowd(await MeasuredServer.start(settings, { under }), faults);
    try {
      return await work(crowd);
    } finally {
      await crowd.end();
    }
  };
  const sizes = options.sizes === "" ? [] : options.sizes.split(",").map(Number);
  const joins = await withCrowd({}, (crowd) => measureJoins(crowd, sizes, options));
  print(
    table([
      ["present", "octets for each", "packets for each", "server, ms"],
      ...joins.map((join) => [join.present, join.octets, join.packets, join.cpuMs]),
    ]),
  );
  const burst = await withCrowd({}, (crowd) => measureBurst(crowd, options.burst, print));
  const quiet = await withCrowd({ NOTICE_LIMIT: String(options.limit) }, (crowd) => measureQuiet(crowd, options.limit, print));
  return { faults: faults.found, joins, burst, quiet };
}

async function measureJoins(crowd: Crowd, sizes: readonly number[], { joins, everyMs }: BigRoomOptions): Promise<JoinCost[]> {
  const costs: JoinCost[] = [];
  for (const size of sizes) {
    await crowd.join(size - crowd.members.length);
    await crowd.said(size);
    // What those who are there cost anyway.
    const idleStart = await crowd.server.cpuMs();
    await sleep(everyMs * joins * 0.25);
    const idleMs = ((await crowd.server.cpuMs()) - idleStart) * 4;
    const here = [...crowd.members];
    const octets = here.map(({ listener }) => listener.octets);
    const packets = crowd.transcript.last;
    const cpu = await crowd.server.cpuMs();
    for (let joined = 0; joined < joins; joined++) {
      await crowd.join(1);
      await sleep(everyMs);
    }
    await crowd.said(size + joins);
    const cpuMs = Math.max(0, (await crowd.server.cpuMs()) - cpu - idleMs) / joins;
    const received = here.map(({ listener }, index) => (listener.octets - (octets[index] ?? 0)) / joins);
    costs.push({ present: size, octets: quantile(received, 0.5), packets: (crowd.transcript.last - packets) / joins, cpuMs });
  }
  return costs;
}

async function measureBurst(crowd: Crowd, count: number, print: (line: string) => void): Promise<BigRoomResult["burst"]> {
  const [first] = await crowd.join(1);
  await crowd.said(1);
  const before = { octets: first?.listener.octets ?? 0, packets: crowd.transcript.last, cpuMs: await crowd.server.cpuMs() };
  const startedMs = performance.now();
  await crowd.join(count, count);
  await crowd.said(count + 1);
  const seconds = (performance.now() - startedMs) / 1000;
  const cpuMs = (await crowd.server.cpuMs()) - before.cpuMs;
  const packets = crowd.transcript.last - before.packets;
  const octetsEach = (first?.listener.octets ?? 0) - before.octets;
  print(
    `${count} join at once: ${seconds.toFixed(2)} s, ${packets} packets in the log, ${octetsEach} octets for one who was there; server ${cpuMs.toFixed(0)} ms, ${(cpuMs / count).toFixed(2)} ms for each`,
  );
  return { packets, octetsEach, nicks: nicksIn(crowd.transcript, "joined") - 1 };
}

async function measureQuiet(crowd: Crowd, limit: number, print: (line: string) => void): Promise<Quiet> {
  const all = Math.floor(limit * 1.5);
  const present = Math.floor(limit * 0.75);
  await crowd.join(limit);
  await crowd.said(limit);
  await crowd.join(all - limit);
  // Somebody who is quick enough would be said within a quarter of a second.
  await sleep(1000);
  await crowd.settle();
  const joined = nicksIn(crowd.transcript, "joined");
  const roster = ({ listener }: LoadMember) => listener.services.roster ?? 0;
  const rosters = new Map(crowd.members.map((member) => [member, roster(member)]));
  for (const member of crowd.members.splice(present)) {
    member.line.onEnd = undefined;
    await member.line.send(LEAVE);
  }
  await until(() => crowd.members.every((member) => roster(member) > (rosters.get(member) ?? 0)), "a roster for all");
  // The one whose leaving brings it below 80 % is still not said.
  const lastUnsaid = Math.ceil(limit * 0.8) - 1;
  await until(
    () => nicksIn(crowd.transcript, "left") === lastUnsaid - present,
    () => `${nicksIn(crowd.transcript, "left")} of ${lastUnsaid - present} left`,
  );
  await crowd.settle();
  const left = nicksIn(crowd.transcript, "left");
  const rostered = crowd.members.filter((member) => roster(member) > (rosters.get(member) ?? 0)).length;
  await crowd.join(1);
  await crowd.said(joined + 1);
  print(
    `NOTICE_LIMIT=${limit}: of ${all} who came ${joined} were said; down to ${present}, ${rostered} got a roster, and the last ${left} who left were said; then one more came and was said`,
  );
  return { joined, left, rosters: rostered, present };
}

function nicksIn(transcript: Transcript, type: "joined" | "left"): number {
  let nicks = 0;
  for (const [, packet] of transcript.after(0)) {
    if (packet[0] !== 0x30 || packet[1] !== 0x30) continue;
    const told = JSON.parse(packet.toString("utf8", 5));
    if (told.type === type) nicks += told.nicks.length;
  }
  return nicks;
}
