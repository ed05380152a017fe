import { describe, expect, it } from "vitest";
import { campaign } from "./campaign.ts";
import { scriptOf } from "./case.ts";
import { dupe } from "./client.ts";
import { decodeAll, octetsOf } from "./decoder.ts";
import { WIRE_DOORS } from "./script.ts";

/** The same every time, so that what is found here is found again; `npm run fuzz` draws a new one. */
const SEED = "ci";

describe("hostile input", () => {
  it("over every door disturbs nobody, ends nothing and leaves nothing behind", { timeout: 240_000 }, async () => {
    const { siege, said, findings } = await campaign({ seed: SEED, doors: WIRE_DOORS, count: 8000, warmUp: 4000 });
    expect(findings).toEqual([]);
    expect(siege.sent).toBeGreaterThanOrEqual(8000);
    expect(siege.answers).toBeGreaterThan(siege.cases);
    expect(said).toBeGreaterThan(0);
  });

  it("[P4, P8] is read by the decoder and the checks without a throw, and in pieces as it is whole", { timeout: 60_000 }, () => {
    expect(decodeAll(SEED, 0, 8000)).toEqual([]);
  });

  it("[P6, S45] from a server leaves the client in a state that says what is next", { timeout: 120_000 }, async () => {
    const { findings, payloads } = await dupe(SEED, 0, 500);
    expect(findings).toEqual([]);
    expect(payloads).toBeGreaterThanOrEqual(500);
  });
});

describe("a seed", () => {
  it.each(WIRE_DOORS)("gives the same octets on %s each time, and others for another number", (door) => {
    const octets = (seed: string, number: number) =>
      scriptOf(seed, door, number).steps.map((step) => Buffer.from(step.octets).toString("hex"));
    for (let number = 0; number < 50; number++) expect(octets("a", number)).toEqual(octets("a", number));
    expect(octets("a", 1)).not.toEqual(octets("a", 2));
    expect(octets("a", 1)).not.toEqual(octets("b", 1));
  });

  it("gives the same octets for the decoder", () => {
    expect(octetsOf("a", 7)).toEqual(octetsOf("a", 7));
    expect(octetsOf("a", 7)).not.toEqual(octetsOf("a", 8));
  });
});
