import { expect, it } from "vitest";
import { judgedRun } from "./judged-run.ts";

it("[L7, S16, S28, D6] the server is killed twenty times: nothing that was acknowledged is lost or comes twice, and nobody is said to have left", async () => {
  const { kills, chronicle } = await judgedRun({ seconds: 40, clients: 40, rate: 40, kills: 20, steady: true });
  expect(kills).toBe(20);
  expect(chronicle.acknowledged).toBeGreaterThan(300);
}, 240_000);

it("[S5, S7] sessions change their transport hundreds of times in mid-stream: all in order, once, and not a word of it in the log", async () => {
  const { changes, chronicle } = await judgedRun({ seconds: 20, clients: 10, rate: 10, changes: 200, steady: true });
  expect(changes).toBeGreaterThanOrEqual(440);
  expect(chronicle.welcomes.get("tcp")).toBeGreaterThan(100);
}, 240_000);
