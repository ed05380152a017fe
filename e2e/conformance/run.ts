import type { Check, Transport } from "./check.ts";
import { Mismatch } from "./mismatch.ts";
import { Pairs } from "./pairs.ts";
import { Entrance, type Server } from "./server.ts";
import { leaveAll, type Run, Stage } from "./stage.ts";

/** How many checks run at once beside those that wait for time to pass. */
const AT_ONCE = 12;
/** How long one check may take beside what it waits for: most of it is what the server's limits ask for, ms. */
const PATIENCE_MS = 900_000;

export type Failure = { readonly expected: string; readonly came: string; readonly what: string; readonly transcript: readonly string[] };
export type Outcome = { readonly check: Check; readonly transport: Transport; readonly ms: number } & (
  | { readonly result: "passed" }
  | { readonly result: "failed"; readonly failure: Failure }
  | { readonly result: "unseen"; readonly because: string }
);

type Job = { readonly check: Check; readonly transport: Transport; readonly waitsMs: number };

/**
 * Runs the checks on each of their transports. Those that wait for time to pass run from the beginning, all at once, so that the whole takes
 * about as long as the longest wait. `told` hears each outcome as it comes.
 */
export async function runChecks(server: Server, checks: readonly Check[], told: (outcome: Outcome) => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const run: Run = { server, entrance: new Entrance(), pairs: new Pairs(server.graceMs / 4), paces: new Map() };
  const add = (outcome: Outcome) => {
    outcomes.push(outcome);
    told(outcome);
  };
  const transports: readonly Transport[] = server.tcp === undefined ? ["websocket", "long-poll"] : ["websocket", "long-poll", "tcp"];
  const jobs: Job[] = [];
  for (const check of checks) {
    if (server.rule !== undefined && !check.rules.includes(server.rule)) continue;
    const waitsMs = check.waitsMs(server);
    const because = waitsMs > server.maxMs ? `it takes ${Math.ceil(waitsMs / 1000)} s, longer than --max-seconds` : check.unless(server);
    for (const transport of check.over) {
      const isThere = transports.includes(transport);
      if (!isThere && check.over.length === 1) add({ check, transport, ms: 0, result: "unseen", because: "without --tcp" });
      if (!isThere) continue;
      if (because === undefined) jobs.push({ check, transport, waitsMs });
      else add({ check, transport, ms: 0, result: "unseen", because });
    }
  }
  const queue = jobs.filter(({ check, waitsMs }) => waitsMs === 0 && !check.alone);
  const worker = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) add(await runOne(run, job));
  };
  const slow = jobs.filter(({ check, waitsMs }) => waitsMs > 0 && !check.alone);
  await Promise.all([...slow.map(async (job) => add(await runOne(run, job))), ...Array.from({ length: AT_ONCE }, worker)]);
  await leaveAll(server, run.pairs.sessions);
  for (const job of jobs.filter(({ check }) => check.alone)) add(await runOne(run, job));
  return outcomes;
}

async function runOne(run: Run, { check, transport, waitsMs }: Job): Promise<Outcome> {
  const stage = new Stage(run, transport);
  const begunMs = performance.now();
  let failure = await failureOf(() => inTime(check.run(stage), waitsMs + PATIENCE_MS));
  const late = await failureOf(() => stage.close(failure === undefined));
  failure ??= late;
  const common = { check, transport, ms: Math.round(performance.now() - begunMs) };
  if (failure === undefined) return { ...common, result: "passed" };
  return { ...common, result: "failed", failure: { ...failure, transcript: stage.transcript.tail } };
}

async function failureOf(run: () => Promise<void>): Promise<Omit<Failure, "transcript"> | undefined> {
  try {
    await run();
    return undefined;
  } catch (cause) {
    if (cause instanceof Mismatch) return { what: cause.message, expected: cause.expected, came: cause.came };
    return { what: "it goes through", expected: "no break in between", came: cause instanceof Error ? cause.message : String(cause) };
  }
}

async function inTime(run: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not through after ${Math.round(ms / 1000)} s`)), ms);
  });
  try {
    await Promise.race([run, late]);
  } finally {
    clearTimeout(timer);
  }
}
