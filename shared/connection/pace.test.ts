import fc from "fast-check";
import { expect, it } from "vitest";
import { Pace } from "./pace.ts";

/** The server's bucket, as short as it can be said. */
class Bucket {
  #tokens: number;
  #atMs = 0;
  readonly #rate: { burst: number; perSecond: number };

  constructor(rate: { burst: number; perSecond: number }) {
    this.#rate = rate;
    this.#tokens = rate.burst;
  }

  takes(nowMs: number): boolean {
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + ((nowMs - this.#atMs) * this.#rate.perSecond) / 1000);
    this.#atMs = nowMs;
    if (this.#tokens < 1 - 1e-6) return false;
    this.#tokens -= 1;
    return true;
  }
}

it("[S21] spends no faster than the server allows, whatever is waited between, and up to two hellos besides", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 40 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 40 }),
      (burst, perSecond, waits) => {
        const rate = { burst, perSecond };
        const pace = new Pace();
        const bucket = new Bucket(rate);
        pace.limit(rate, 0);
        expect(bucket.takes(0) && bucket.takes(0)).toBe(true);
        let nowMs = 0;
        for (const wait of waits) {
          nowMs += wait;
          const count = pace.allowance(nowMs);
          pace.spend(count, nowMs);
          for (let packet = 0; packet < count; packet++) expect(bucket.takes(nowMs)).toBe(true);
        }
      },
    ),
  );
});

it("[S21] says to the millisecond when one more may go", () => {
  const pace = new Pace();
  pace.limit({ burst: 7, perSecond: 5 }, 0);
  expect(pace.allowance(0)).toBe(5);
  pace.spend(5, 0);
  expect(pace.waitMs(0)).toBe(200);
  expect(pace.allowance(199)).toBe(0);
  expect(pace.allowance(200)).toBe(1);
  expect(pace.waitMs(200)).toBe(0);
});

it("[S21] holds nothing back where the limit is lifted", () => {
  for (const rate of [
    { burst: 0, perSecond: 5 },
    { burst: 20, perSecond: 0 },
  ]) {
    const pace = new Pace();
    pace.limit(rate, 0);
    pace.spend(1_000, 0);
    expect(pace.allowance(0)).toBe(Number.POSITIVE_INFINITY);
  }
});

it("[S21] lets even the smallest burst through, one at a time", () => {
  const pace = new Pace();
  pace.limit({ burst: 1, perSecond: 1 }, 0);
  expect(pace.allowance(0)).toBe(1);
  pace.spend(1, 0);
  expect(pace.waitMs(0)).toBe(1000);
});

it("[S22] sends nothing until the time that a refusal named, and then one", () => {
  const pace = new Pace();
  pace.limit({ burst: 20, perSecond: 5 }, 0);
  pace.block(700, 100);
  expect(pace.allowance(799)).toBe(0);
  expect(pace.waitMs(500)).toBe(300);
  expect(pace.allowance(800)).toBe(1);
  pace.spend(1, 800);
  expect(pace.waitMs(800)).toBe(200);
});

it("does not forget what was spent when it is welcomed again", () => {
  const pace = new Pace();
  pace.limit({ burst: 20, perSecond: 5 }, 0);
  pace.spend(18, 0);
  pace.limit({ burst: 20, perSecond: 5 }, 10);
  expect(pace.allowance(10)).toBe(0);
});
