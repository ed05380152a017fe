import { expect, it } from "vitest";
import { keepHistory } from "./kept-history.ts";
import { type ChaosOptions, DEFAULTS, newSeed } from "./options.ts";
import { type Outcome, runChaos } from "./run.ts";
import { summary } from "./summary.ts";

async function run(options: Partial<ChaosOptions>): Promise<Outcome> {
  const outcome = await runChaos({ ...DEFAULTS, seed: newSeed(), ...options });
  const broken = outcome.violations.length + outcome.failures.length > 0;
  const lines = [...summary(outcome), ...(broken ? [`the history is in ${keepHistory(outcome)}`] : [])].join("\n");
  console.log(lines);
  expect([...outcome.violations, ...outcome.failures], lines).toEqual([]);
  return outcome;
}

it("[L1, S16, S18] a hundred people in bad weather: what was acknowledged is in the room once, in one order, for everybody", async () => {
  const { chronicle, faults, history } = await run({ seconds: 60, clients: 100, rate: 40 });
  // It was a storm: else it says nothing.
  expect(chronicle.acknowledged).toBeGreaterThan(500);
  expect(chronicle.transportChanges).toBeGreaterThan(10);
  expect(history.clients.length).toBeGreaterThan(100);
  expect([...chronicle.welcomes.keys()].sort()).toEqual(["long-poll", "tcp", "websocket"]);
  for (const fault of [
    "cut-by-rst",
    "cut-by-fin",
    "delay",
    "rechunk",
    "get-answer-lost",
    "post-repeated",
    "post-held",
    "message-dropped-down",
  ] as const)
    expect(faults[fault], fault).toBeGreaterThan(0);
}, 240_000);

it("[L7, S16, S28, D6] the server is killed twenty times: nothing that was acknowledged is lost or comes twice, and nobody is said to have left", async () => {
  const { kills, chronicle } = await run({ seconds: 40, clients: 40, rate: 40, kills: 20, steady: true });
  expect(kills).toBe(20);
  expect(chronicle.acknowledged).toBeGreaterThan(300);
}, 240_000);

it("[S5, S7] sessions change their transport hundreds of times in mid-stream: all in order, once, and not a word of it in the log", async () => {
  const { changes, chronicle } = await run({ seconds: 20, clients: 10, rate: 10, changes: 200, steady: true });
  expect(changes).toBeGreaterThanOrEqual(440);
  expect(chronicle.welcomes.get("tcp")).toBeGreaterThan(100);
}, 240_000);
