import { expect, it } from "vitest";
import { judgedRun } from "./judged-run.ts";

it("[S16, S28, D6] three nodes on one Redis, killed, restarted in turn, and Redis killed and frozen meanwhile: nothing is lost, nothing twice, nobody said to have left", async () => {
  const run = { seconds: 20, clients: 30, rate: 30, nodes: 3, kills: 2, rolls: 1, redisKills: 1, redisFrozen: 6, steady: true };
  const { chronicle, kills } = await judgedRun(run);
  expect(kills).toBe(2);
  expect(chronicle.acknowledged).toBeGreaterThan(300);
  expect([...chronicle.welcomes.keys()].sort()).toEqual(["long-poll", "tcp", "websocket"]);
}, 240_000);

it("[S3, S5, S7, H15] sessions change their transport and their node hundreds of times in mid-stream, while people come, go and take other names", async () => {
  const { changes, chronicle } = await judgedRun({ seconds: 15, clients: 20, rate: 20, nodes: 2, changes: 80 });
  expect(changes).toBeGreaterThanOrEqual(160);
  expect(chronicle.transportChanges).toBeGreaterThan(5);
}, 240_000);
