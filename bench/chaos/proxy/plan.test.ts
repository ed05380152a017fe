import { expect, it } from "vitest";
import { Random } from "../random.ts";
import { planConnection, planRequest } from "./plan.ts";
import type { Profile } from "./profile.ts";

const EVERYTHING: Profile = {
  cut: { chance: 0.4, after: { octets: [0, 2000] } },
  halfOpen: { chance: 0.2, after: { ms: [10, 500] }, forMs: [100, 900] },
  delay: { chance: 0.5, ms: [1, 20] },
  throttle: { chance: 0.3, octetsPerSecond: [100, 9000] },
  rechunk: { chance: 0.3, octets: [1, 3] },
  join: { chance: 0.3, ms: [5, 50] },
  answerLost: { chance: 0.3 },
  repeated: { chance: 0.3 },
  held: { chance: 0.3, forMs: [100, 3000] },
};

function plans(seed: number, profile: Profile) {
  const seeded = new Random(seed);
  return Array.from({ length: 200 }, (_, number) => {
    const random = seeded.fork(`entrance/${number}`);
    const requests = Array.from({ length: 5 }, (_, request) =>
      (["GET", "POST"] as const).map((method) => planRequest(random.fork(`request ${request}`), profile, method)),
    );
    return { connection: planConnection(random, profile), requests };
  });
}

it("plans the same for the same seed, and something else for another", () => {
  expect(plans(11, EVERYTHING)).toEqual(plans(11, EVERYTHING));
  expect(plans(12, EVERYTHING)).not.toEqual(plans(11, EVERYTHING));
});

it("plans everything that the profile has, within its ranges, and as often as it says", () => {
  const all = plans(1, EVERYTHING);
  const connections = all.map(({ connection }) => connection);
  const cuts = connections.filter(({ sudden }) => sudden?.kind === "cut");
  expect(cuts.length).toBeGreaterThan(40); // 0.4 of those that are not half open: 64 of 200
  expect(cuts.length).toBeLessThan(90);
  expect(new Set(cuts.map(({ sudden }) => sudden?.kind === "cut" && sudden.by))).toEqual(new Set(["rst", "fin"]));
  for (const { up, down, suddenInMs } of cuts) {
    expect(suddenInMs).toBeUndefined();
    expect([up.stopAfter, down.stopAfter].filter((octets) => octets !== undefined && octets >= 0 && octets <= 2000)).toHaveLength(1);
  }
  expect(cuts.some(({ up }) => up.stopAfter !== undefined)).toBe(true);
  expect(cuts.some(({ down }) => down.stopAfter !== undefined)).toBe(true);
  const halfOpen = connections.flatMap(({ sudden, suddenInMs }) => (sudden?.kind === "half-open" ? [{ ...sudden, suddenInMs }] : []));
  expect(new Set(halfOpen.map(({ gone }) => gone))).toEqual(new Set(["client", "server", "network"]));
  for (const { forMs, suddenInMs } of halfOpen) {
    expect(forMs).toBeGreaterThanOrEqual(100);
    expect(forMs).toBeLessThanOrEqual(900);
    expect(suddenInMs).toBeGreaterThanOrEqual(10);
    expect(suddenInMs).toBeLessThanOrEqual(500);
  }
  for (const part of ["delayMs", "octetsPerSecond", "chunkOctets", "joinMs"] as const) {
    const count = connections.filter(({ up }) => up[part] !== undefined).length;
    expect(count, part).toBeGreaterThan(30);
    expect(count, part).toBeLessThan(130);
    for (const { up, down } of connections) expect(up[part]).toEqual(down[part]);
  }
  const requests = all.flatMap((plan) => plan.requests);
  expect(new Set(requests.map(([get]) => get?.kind))).toEqual(new Set(["pass", "repeated", "answer-lost"]));
  expect(new Set(requests.map(([, post]) => post?.kind))).toEqual(new Set(["pass", "repeated", "answer-lost", "held"]));
});

it("keeps what is named: direction, kind, method", () => {
  const profile: Profile = {
    cut: { chance: 1, after: { octets: [5, 5], direction: "down" }, by: "fin" },
    delay: { chance: 1, ms: [1, 1], direction: "up" },
    repeated: { chance: 1, of: "POST", how: "one-by-one", gives: "first" },
  };
  for (const { connection, requests } of plans(3, profile)) {
    expect(connection).toEqual({ sudden: { kind: "cut", by: "fin" }, up: { delayMs: [1, 1] }, down: { stopAfter: 5 } });
    for (const [get, post] of requests) {
      expect(get).toEqual({ kind: "pass" });
      expect(post).toEqual({ kind: "repeated", how: "one-by-one", gives: "first" });
    }
  }
});

it("plans nothing where nothing is to happen, and where the chance is none", () => {
  const none: Profile = Object.fromEntries(Object.entries(EVERYTHING).map(([name, fault]) => [name, { ...fault, chance: 0 }]));
  for (const profile of [{}, none]) {
    for (const { connection, requests } of plans(5, profile)) {
      expect(connection).toEqual({ up: {}, down: {} });
      expect(requests.flat().every(({ kind }) => kind === "pass")).toBe(true);
    }
  }
});
