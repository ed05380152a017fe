import { expect, it } from "vitest";
import type { Chunk } from "../engine/engine.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Gathering } from "./gathering.ts";

const chunk = (first: number, last: number, text: string): Chunk => ({ first, last, before: first, at: last, octets: Buffer.from(text) });
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

function gathering(costMs = 0): { clock: ManualClock; gathering: Gathering; handed: string[] } {
  const clock = new ManualClock();
  const handed: string[] = [];
  const made = new Gathering(clock, ({ first, last, octets }) => {
    handed.push(`${first}-${last} ${Buffer.from(octets)}`);
    clock.advance(costMs);
  });
  return { clock, gathering: made, handed };
}

it("what comes in one turn of the event loop goes out together, in order, and alone where it is alone", async () => {
  const { gathering: some, handed } = gathering();
  some.add(chunk(1, 2, "ab"));
  some.add(chunk(3, 3, "c"));
  some.add(chunk(4, 6, "def"));
  expect(handed).toEqual([]);
  await turn();
  expect(handed).toEqual(["1-6 abcdef"]);
  some.add(chunk(7, 7, "g"));
  await turn();
  expect(handed).toEqual(["1-6 abcdef", "7-7 g"]);
});

it("where handing out costs time, half of it passes before the next", async () => {
  const { clock, gathering: some, handed } = gathering(100);
  some.add(chunk(1, 1, "a"));
  await turn();
  some.add(chunk(2, 2, "b"));
  await turn();
  some.add(chunk(3, 3, "c"));
  clock.advance(49);
  await turn();
  expect(handed).toEqual(["1-1 a"]);
  clock.advance(1);
  expect(handed).toEqual(["1-1 a", "2-3 bc"]);
});

it("at once where this node's own commit follows, and nothing twice", async () => {
  const { gathering: some, handed } = gathering();
  some.add(chunk(1, 1, "a"));
  some.flush();
  some.flush();
  await turn();
  expect(handed).toEqual(["1-1 a"]);
});
