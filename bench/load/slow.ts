import { join } from "node:path";
import { Faults } from "./faults.ts";
import { measureLatency, showLatency } from "./latency.ts";
import { MeasuredServer, type Memory } from "./measured-server.ts";
import { helloAll, type Kind, type LoadMember, newMember } from "./member.ts";
import { Peak } from "./peak.ts";
import { hangUpPolls } from "./poll-line.ts";
import { checkSaid } from "./said-check.ts";
import type { SocketLine } from "./socket-line.ts";
import { Speaker } from "./speaker.ts";
import { table } from "./table.ts";
import { Transcript } from "./transcript.ts";
import { until } from "./until.ts";

export const SLOW_DEFAULTS = {
  /** Those that stop reading, and how many of them poll, or speak raw TCP. */
  clients: 100,
  polls: 30,
  tcp: 20,
  megabytes: 100,
  /** As much as later, so that what a server keeps once it was busy is there before it counts. */
  "warm-up": 100,
  /** What the log keeps, packets. */
  history: 1_000_000,
  receivers: 5,
  speakers: 8,
  latency: 200,
  /** They stop one after the other through the first half of what is said, and not all at the same packet. */
  stagger: false,
  /** Where to write processor profiles of the server, of both passes. */
  profile: "",
};
export type SlowOptions = typeof SLOW_DEFAULTS;

export type SlowResult = {
  readonly faults: readonly string[];
  /** MiB. */
  readonly before: Memory;
  readonly after: Memory;
  readonly caughtUp: Memory;
  /** While they were stalled, without the mapped pages of the log. */
  readonly peakAnon: number;
  readonly peakAnonCatchingUp: number;
  /** Of the stalled ones: how many were told of a gap, and how many packets were missing there altogether. */
  readonly withGap: number;
  readonly missing: number;
  readonly packets: number;
  /** How many packets of those that the stalled ones had to catch up with the kernel had taken for them: nothing was behind where that is all. */
  readonly behind: number;
};

const TEXT_OCTETS = 990;
const SETTINGS = { GRACE_MS: "3600000", MAX_CLIENTS: "10000" };

/** People who stop reading while a great deal is said, and then read on. */
export async function slow(options: SlowOptions, print: (line: string) => void = () => {}): Promise<SlowResult> {
  const server = await MeasuredServer.start({ ...SETTINGS, HISTORY_PACKETS: String(options.history) }, {}, { tcp: options.tcp > 0 });
  const all: LoadMember[] = [];
  try {
    return await run(server, options, all, print);
  } finally {
    for (const { line } of all) line.drop();
    hangUpPolls();
    await server.end();
  }
}

async function run(server: MeasuredServer, options: SlowOptions, all: LoadMember[], print: (line: string) => void): Promise<SlowResult> {
  const faults = new Faults();
  const transcript = new Transcript();
  const somebody = (kind: Kind, nick: string): LoadMember => {
    const member = newMember(kind, { nick, room: "slow", faults, transcript });
    all.push(member);
    return member;
  };
  const receivers = Array.from({ length: options.receivers }, (_, index) => somebody(index === 0 ? "long-poll" : "websocket", `r${index}`));
  const voices = Array.from({ length: options.speakers }, (_, index) => somebody("websocket", `s${index}`));
  const prober = somebody("websocket", "probe");
  await helloAll([...receivers, ...voices, prober], server);
  const speakers = voices.map(({ listener, line }) => new Speaker(listener, line as SocketLine));
  const share = (megabytes: number) => Math.ceil((megabytes * 1e6) / TEXT_OCTETS / speakers.length);
  const heardAll = () => receivers.every(({ listener }) => listener.offset === transcript.last);
  const pass = async (megabytes: number): Promise<number> => {
    const startedMs = performance.now();
    await Promise.all(speakers.map((speaker) => speaker.speak(share(megabytes), TEXT_OCTETS)));
    await until(() => faults.count > 0 || heardAll(), "the receivers to have all");
    return (megabytes * 1000) / (performance.now() - startedMs);
  };
  const heard = receivers.slice(1).map(({ listener }) => listener);

  const profiled = async (name: string, work: () => Promise<number>): Promise<number> => {
    if (options.profile === "") return work();
    await server.startProfile();
    const result = await work();
    await server.writeProfile(join(options.profile, `${name}.cpuprofile`));
    return result;
  };

  const freeRate = await profiled("free", () => pass(options["warm-up"]));
  const freeLatency = await measureLatency(prober, heard, { messages: options.latency });

  const stalled = Array.from({ length: options.clients }, (_, index) =>
    somebody(index < options.polls ? "long-poll" : index < options.polls + options.tcp ? "tcp" : "websocket", `q${index}`),
  );
  await helloAll(stalled, server);
  await until(
    () => stalled.every(({ listener }) => (listener.services.joined ?? 0) > 0 && listener.offset === transcript.last),
    "all to be in",
  );
  const before = await server.memory();
  const stalling = stallAll(stalled, transcript, options);

  const peak = new Peak(server);
  const stalledRate = await profiled("stalled", () => pass(options.megabytes));
  const stalledLatency = await measureLatency(prober, heard, { messages: options.latency });
  peak.end();
  clearInterval(stalling);
  const after = await server.memory();
  const { last } = transcript;

  const peakLater = new Peak(server);
  const startedMs = performance.now();
  const readBefore = stalled.reduce((sum, { listener }) => sum + listener.octets, 0);
  const behind = Math.min(...stalled.map(({ listener }) => last - listener.offset));
  for (const { line } of stalled) line.listens();
  await until(
    () => faults.count > 0 || stalled.every(({ listener }) => listener.offset >= last),
    () => `the stalled ones to have all: ${showBehind(stalled, last)}`,
    300_000,
  );
  const catchUpMs = performance.now() - startedMs;
  const read = (stalled.reduce((sum, { listener }) => sum + listener.octets, 0) - readBefore) / 1e6;
  peakLater.end();
  const caughtUp = await server.memory();
  checkSaid(transcript, speakers, faults);

  for (const { listener } of stalled) {
    const wrong = listener.gaps.find(({ to }) => to > last - options.history);
    if (wrong !== undefined) listener.fault(`a gap up to ${wrong.to}, but the log keeps the last ${options.history} of ${last}`);
  }
  const gaps = stalled.map(({ listener }) => listener.gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0));
  for (const { kind, listener } of [...receivers, ...voices]) {
    // A poll is a round trip for each 256 KiB: a short log may be through before it asks again.
    if (listener.gaps.length > 0 && (kind === "websocket" || last < options.history)) listener.fault("a gap, though it read all the time");
  }
  print(
    `${options.clients} stalled (${options.polls} of them poll, ${options.tcp} speak TCP), ${options.megabytes} MB, HISTORY_PACKETS=${options.history}: ${last} packets`,
  );
  print(
    table([
      ["MiB", "RSS", "anon", "files", "heap", "external", "buffers"],
      row("before, all in", before),
      row("after, all stalled", after),
      row("all caught up", caughtUp),
    ]),
  );
  print(
    `peak RSS while they were stalled ${peak.rss.toFixed(0)} (anon ${peak.rssAnon.toFixed(0)}), while they caught up ${peakLater.rss.toFixed(0)} (anon ${peakLater.rssAnon.toFixed(0)}) MiB`,
  );
  print(`through the room: ${freeRate.toFixed(1)} MB/s without them, ${stalledRate.toFixed(1)} MB/s with them stalled`);
  print(
    `latency of a calm message, ms, median / 99 % / most: ${showLatency(freeLatency)} without them, ${showLatency(stalledLatency)} with them`,
  );
  print(
    `they were behind by ${behind} packets or more; ${read.toFixed(0)} MB read in ${(catchUpMs / 1000).toFixed(1)} s; ${gaps.filter((gap) => gap > 0).length} were told of a gap, of ${(gaps.reduce((a, b) => a + b, 0) / gaps.length).toFixed(0)} packets on the average`,
  );
  if (server.lines.length > 0) print(`the server wrote: ${server.lines.slice(0, 5).join("\n")}`);
  return {
    faults: faults.found,
    before,
    after,
    caughtUp,
    peakAnon: peak.rssAnon,
    peakAnonCatchingUp: peakLater.rssAnon,
    withGap: gaps.filter((gap) => gap > 0).length,
    missing: gaps.reduce((a, b) => a + b, 0),
    packets: last,
    behind,
  };
}

/** Who is behind, by kind, and the place of the last of them. */
function showBehind(members: readonly LoadMember[], last: number): string {
  const behind = members.filter(({ listener }) => listener.offset < last);
  const counts = ["websocket", "long-poll", "tcp"].map((kind) => `${behind.filter((member) => member.kind === kind).length} by ${kind}`);
  return `${counts.join(", ")}; the last is at ${Math.min(...behind.map(({ listener }) => listener.offset))} of ${last}`;
}

/** All of them now, or one after the other as the log grows. Gives the timer of the latter. */
function stallAll(stalled: readonly LoadMember[], transcript: Transcript, { stagger, megabytes }: SlowOptions): NodeJS.Timeout | undefined {
  if (!stagger) {
    for (const { line } of stalled) line.stalls();
    return undefined;
  }
  const start = transcript.last;
  const half = (megabytes * 1e6) / TEXT_OCTETS / 2;
  let next = 0;
  return setInterval(() => {
    const due = ((transcript.last - start) / half) * stalled.length;
    for (; next < stalled.length && next <= due; next++) stalled[next]?.line.stalls();
  }, 1);
}

function row(name: string, { rss, rssAnon, rssFile, heap, external, arrayBuffers }: Memory): (string | number)[] {
  return [name, rss, rssAnon, rssFile, heap, external, arrayBuffers];
}
