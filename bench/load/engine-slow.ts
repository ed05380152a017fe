import { Faults } from "./faults.ts";
import { MeasuredServer, type Memory } from "./measured-server.ts";
import { helloAll, type LoadMember, newMember } from "./member.ts";
import { Peak } from "./peak.ts";
import { checkSaid } from "./said-check.ts";
import { makeSlowDisk, noSlowDisk } from "./slow-disk.ts";
import type { SocketLine } from "./socket-line.ts";
import { Speaker } from "./speaker.ts";
import { quantile } from "./statistics.ts";
import { table } from "./table.ts";
import { Transcript } from "./transcript.ts";
import { until } from "./until.ts";

export const ENGINE_SLOW_DEFAULTS = {
  senders: 200,
  /** They talk in so many rooms: everybody hears everything in theirs, which should not be what holds them back. */
  rooms: 20,
  seconds: 20,
  /** How much longer each flush takes; a commit has two. */
  "flush-ms": 200,
  octets: 900,
  /** How many each sender sends without waiting for an answer. */
  window: 500,
  profile: "",
};
export type EngineSlowOptions = typeof ENGINE_SLOW_DEFAULTS;

export type EngineSlowResult = {
  readonly faults: readonly string[];
  readonly acknowledged: number;
  readonly refusedForRate: number;
  readonly before: Memory;
  readonly after: Memory;
  /** MiB, without the mapped pages of the log. */
  readonly peakAnon: number;
};

/** Senders at full speed before an engine that cannot follow. Rejects with the reason where a disk cannot be made slow. */
export async function engineSlow(options: EngineSlowOptions, print: (line: string) => void = () => {}): Promise<EngineSlowResult> {
  const reason = noSlowDisk();
  if (reason !== undefined) throw new Error(`A disk cannot be made slow here: ${reason}.`);
  const disk = makeSlowDisk(options["flush-ms"]);
  const members: LoadMember[] = [];
  let server: MeasuredServer | undefined;
  try {
    server = await MeasuredServer.start({ HISTORY_PACKETS: "10000000" }, { environment: disk.environment });
    return await run(server, options, members, print);
  } finally {
    for (const { line } of members) line.drop();
    await server?.end();
    disk.remove();
  }
}

async function run(
  server: MeasuredServer,
  options: EngineSlowOptions,
  members: LoadMember[],
  print: (line: string) => void,
): Promise<EngineSlowResult> {
  const faults = new Faults();
  const transcripts = Array.from({ length: options.rooms }, () => new Transcript());
  for (let index = 0; index < options.senders; index++) {
    const number = index % options.rooms;
    members.push(
      newMember("websocket", { nick: `s${index}`, room: `slow-${number}`, faults, transcript: transcripts[number] as Transcript }),
    );
  }
  await helloAll(members, server, options.senders);
  const speakers = members.map(({ listener, line }) => new Speaker(listener, line as SocketLine, options.window));
  await Promise.all(speakers.map((speaker) => speaker.speak(1, options.octets)));
  const before = await server.memory();
  const sentBefore = speakers.reduce((sum, { sent }) => sum + sent, 0);

  const peak = new Peak(server);
  if (options.profile !== "") await server.startProfile();
  const startedMs = performance.now();
  const endMs = startedMs + options.seconds * 1000;
  const goOn = () => performance.now() < endMs;
  const speaking = Promise.all(speakers.map((speaker) => speaker.speak(Number.MAX_SAFE_INTEGER, options.octets, goOn)));
  await until(() => !goOn(), "the time to be over", options.seconds * 1000 + 5000);
  const sent = speakers.reduce((sum, speaker) => sum + speaker.sent, 0) - sentBefore;
  const acknowledgedMeanwhile = speakers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0) - options.senders;
  const during = await server.memory();
  const rest = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error("what was sent was not answered within 10 minutes")), 600_000).unref(),
  );
  await Promise.race([speaking, rest]);
  const seconds = (performance.now() - startedMs) / 1000;
  if (options.profile !== "") await server.writeProfile(options.profile);
  const hasAll = ({ listener }: LoadMember, index: number) => listener.offset === transcripts[index % options.rooms]?.last;
  await until(() => members.every(hasAll), "all to have all");
  peak.end();
  const after = await server.memory();
  for (const [number, transcript] of transcripts.entries()) {
    const here = speakers.filter((_, index) => index % options.rooms === number);
    checkSaid(transcript, here, faults);
  }
  for (const { listener } of members) if (listener.gaps.length > 0) listener.fault("a gap");

  const acknowledged = speakers.reduce((sum, speaker) => sum + speaker.acknowledged.length, 0);
  const refusedForRate = speakers.reduce((sum, speaker) => sum + speaker.refusedForRate, 0);
  const answers = speakers.flatMap(({ answerMs }) => answerMs);
  print(
    `${options.senders} senders in ${options.rooms} rooms, each flush ${options["flush-ms"]} ms longer, ${options.seconds} s: sent ${sent}, of them acknowledged by then ${acknowledgedMeanwhile}; all ${acknowledged} after ${seconds.toFixed(1)} s`,
  );
  print(
    `${(acknowledged / seconds).toFixed(0)} a second; from sending to the answer, s: median ${(quantile(answers, 0.5) / 1000).toFixed(2)}, 99 % ${(quantile(answers, 0.99) / 1000).toFixed(2)}; told to wait ${refusedForRate} times`,
  );
  print(
    table([
      ["MiB", "RSS", "anon", "files", "heap", "external"],
      ["before", before.rss, before.rssAnon, before.rssFile, before.heap, before.external],
      ["while they send", during.rss, during.rssAnon, during.rssFile, during.heap, during.external],
      ["after", after.rss, after.rssAnon, after.rssFile, after.heap, after.external],
    ]),
  );
  print(`peak RSS ${peak.rss.toFixed(0)} MiB (anon ${peak.rssAnon.toFixed(0)})`);
  if (server.lines.length > 0) print(`the server wrote: ${server.lines.slice(0, 5).join("\n")}`);
  return { faults: faults.found, acknowledged, refusedForRate, before, after, peakAnon: peak.rssAnon };
}
