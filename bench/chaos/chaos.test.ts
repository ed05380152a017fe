import { expect, it } from "vitest";
import { judgedRun } from "./judged-run.ts";

it("[L1, S16, S18] a hundred people in bad weather: what was acknowledged is in the room once, in one order, for everybody", async () => {
  const { chronicle, faults, history } = await judgedRun({ seconds: 60, clients: 100, rate: 40 });
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
