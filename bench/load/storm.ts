import { readFileSync } from "node:fs";
import { encodeChat } from "../../shared/packet.ts";
import { Random } from "../chaos/random.ts";
import { Faults } from "./faults.ts";
import { MeasuredServer } from "./measured-server.ts";
import { helloAll, type LoadMember, newMember } from "./member.ts";
import { pinned } from "./pinned.ts";
import { hangUpPolls } from "./poll-line.ts";
import { Returner } from "./returner.ts";
import { quantile } from "./statistics.ts";
import { countServices, Transcript } from "./transcript.ts";
import { until } from "./until.ts";

export const STORM_DEFAULTS = {
  sessions: 5000,
  /** Of those, by long poll. */
  polls: 0,
  /** `kill`: at once; `order`: a stop in good order. */
  stop: "kill",
  /** Of a hundred sessions, how many lost their connection a while before, and so have missed something. */
  away: 10,
  talkers: 5,
  pin: false,
  profile: "",
  seed: 0,
};
export type StormOptions = typeof STORM_DEFAULTS;

export type StormResult = {
  readonly faults: readonly string[];
  /** Of `joined` and of `left` packets after the stop. */
  readonly notices: number;
  readonly resumed: number;
  /** From the moment that it listened again, ms. */
  readonly allBackMs: number;
};

const ROOM = "storm";
const TALK_EVERY_MS = 200;
/** As for real people, except for the limits that count addresses. */
const SETTINGS = { RATE_BURST: "20", RATE_PER_SECOND: "5" };

/** A server that is stopped and started again under thousands of people, who all come back. */
export async function storm(options: StormOptions, print: (line: string) => void = () => {}): Promise<StormResult> {
  const seed = options.seed === 0 ? Math.floor(Math.random() * 1e9) + 1 : options.seed;
  print(`--seed ${seed}`);
  const server = await MeasuredServer.start(SETTINGS, { under: options.pin ? pinned() : [] });
  const returners: Returner[] = [];
  try {
    return await run(server, options, new Random(seed), returners, print);
  } finally {
    for (const returner of returners) {
      returner.end();
      returner.member.line.drop();
    }
    hangUpPolls();
    await server.end();
  }
}

async function run(
  server: MeasuredServer,
  options: StormOptions,
  random: Random,
  returners: Returner[],
  print: (line: string) => void,
): Promise<StormResult> {
  const { sessions, polls, talkers, stop } = options;
  const faults = new Faults();
  const transcript = new Transcript();
  const members = Array.from({ length: sessions }, (_, index): LoadMember => {
    // The first ones talk, and polls are spread among the others.
    const byPoll = index >= talkers && ((index - talkers) * polls) % (sessions - talkers) < polls;
    return newMember(byPoll ? "long-poll" : "websocket", { nick: `n${index}`, room: ROOM, faults, transcript });
  });
  const heardAll = (some: readonly LoadMember[]) => some.every(({ listener }) => listener.offset === transcript.last);
  const talk = (round: number) => {
    for (const { line, listener } of members.slice(0, talkers)) void line.send(encodeChat(listener.nick, `round ${round}`));
  };

  for (const member of members) returners.push(new Returner(member, server.port, random.fork(member.listener.nick)));
  await helloAll(members, server, 200);
  await until(() => heardAll(members) && nobodyUnsaid(transcript, sessions), "all to be in", 120_000);
  const gone = returners.slice(talkers, talkers + Math.floor((sessions * options.away) / 100));
  for (const { member } of gone) member.line.drop();
  const here = members.filter((member) => !gone.some((returner) => returner.member === member));
  for (let round = 0; round < 4; round++) talk(round);
  await until(() => heardAll(here) && here.every(({ listener }) => listener.chats === 4 * talkers), "the last words before the stop");

  const mark = transcript.last;
  const turns = new Map(members.map((member) => [member, member.listener.turn]));
  const octetsBefore = members.map(({ listener }) => listener.octets);
  const overflowsBefore = listenOverflows();
  const stoppedMs = performance.now();
  await server.stop(stop === "order" ? "SIGTERM" : "SIGKILL");
  const goneMs = performance.now() - stoppedMs;
  for (const returner of gone) returner.lose();
  await server.startAgain();
  const listensMs = performance.now();
  const cpuBefore = await server.cpuMs();
  if (options.profile !== "") await server.startProfile();
  let round = 4;
  const talking = setInterval(() => talk(round++), TALK_EVERY_MS);
  const isBack = ({ member }: Returner) => member.listener.turn > (turns.get(member) ?? 0);
  try {
    await until(
      () => returners.every(isBack),
      () => `${returners.filter((returner) => !isBack(returner)).length} to come back`,
      120_000,
    );
  } finally {
    clearInterval(talking);
  }
  const cpuMs = (await server.cpuMs()) - cpuBefore;
  if (options.profile !== "") await server.writeProfile(options.profile);
  await until(() => heardAll(members), "all to have all");

  const backMs = returners.map(({ backAtMs = Number.NaN }) => backAtMs - listensMs);
  const notices = countServices(transcript, "joined", mark) + countServices(transcript, "left", mark);
  const resumed = members.filter(({ listener }) => listener.resumed && listener.online === sessions).length;
  for (const { listener } of members) if (listener.gaps.length > 0) listener.fault("a gap");
  const octets = members.map(({ listener }, index) => listener.octets - (octetsBefore[index] ?? 0));
  const seconds = (share: number) => (quantile(backMs, share) / 1000).toFixed(2);
  print(
    `${sessions} sessions, ${polls} by long poll, ${stop === "order" ? "a stop in good order" : "kill -9"}: gone after ${goneMs.toFixed(0)} ms, listens ${(listensMs - stoppedMs - goneMs).toFixed(0)} ms later`,
  );
  print(
    `back, s after it listens: 50 % ${seconds(0.5)}, 99 % ${seconds(0.99)}, all ${seconds(1)} (after the stop began: ${((Math.max(...backMs) + listensMs - stoppedMs) / 1000).toFixed(2)})`,
  );
  print(
    `most resumes within a second ${busiestSecond(backMs)}; attempts for each, mean ${(returners.reduce((sum, { attempts }) => sum + attempts, 0) / sessions).toFixed(2)}`,
  );
  print(
    `processor time of the server meanwhile ${(cpuMs / 1000).toFixed(2)} s, ${((cpuMs * 1000) / sessions).toFixed(0)} µs for each; each received, octets, median ${quantile(octets, 0.5)}, most ${quantile(octets, 1)}`,
  );
  print(
    `packets since the stop: ${transcript.last - mark}, of them joined or left ${notices}; resumed ${resumed}; connections turned away as too many waited: ${listenOverflows() - overflowsBefore}`,
  );
  if (server.lines.length > 0) print(`the server wrote: ${server.lines.slice(0, 5).join("\n")}`);
  return { faults: faults.found, notices, resumed, allBackMs: Math.max(...backMs) };
}

/** True when the log has said of everybody that they came. */
function nobodyUnsaid(transcript: Transcript, sessions: number): boolean {
  let said = 0;
  for (const [, packet] of transcript.after(0)) {
    if (packet[0] !== 0x30 || packet[1] !== 0x30) continue;
    const { type, nicks } = JSON.parse(packet.toString("utf8", 5));
    if (type === "joined") said += nicks.length;
  }
  return said === sessions;
}

function busiestSecond(timesMs: readonly number[]): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  let most = 0;
  for (let start = 0, end = 0; end < sorted.length; end++) {
    while ((sorted[end] ?? 0) - (sorted[start] ?? 0) > 1000) start++;
    most = Math.max(most, end - start + 1);
  }
  return most;
}

/** How often the system let a connection wait for its next try because a server's queue was full: on the whole machine, since it started. */
function listenOverflows(): number {
  const [names = [], values = []] = readFileSync("/proc/net/netstat", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("TcpExt:"))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf("ListenOverflows")]);
}
