import type { Random } from "../random.ts";
import type { Direction, Moment, Profile, Range } from "./profile.ts";

export type Cut = "rst" | "fin";
const CUTS = ["rst", "fin"] as const;
const DIRECTIONS = ["up", "down"] as const;
const GONE = ["client", "server", "network"] as const;

/** What happens once, in the middle of everything. */
export type Sudden =
  | { readonly kind: "cut"; readonly by: Cut }
  | { readonly kind: "half-open"; readonly gone: (typeof GONE)[number]; readonly forMs: number };

/** How octets travel in one direction. */
export type Course = {
  readonly delayMs?: Range;
  readonly octetsPerSecond?: number;
  readonly chunkOctets?: Range;
  readonly joinMs?: Range;
  /** After so many octets something sudden happens. */
  readonly stopAfter?: number;
};

export type ConnectionPlan = {
  readonly sudden?: Sudden;
  /** Where it is not an octet that brings what is sudden, but time. */
  readonly suddenInMs?: number;
  readonly up: Course;
  readonly down: Course;
};

export type RequestPlan =
  | { readonly kind: "pass" }
  | { readonly kind: "answer-lost"; readonly by: Cut }
  | { readonly kind: "repeated"; readonly how: "at-once" | "one-by-one"; readonly gives: "first" | "second" }
  | { readonly kind: "held"; readonly forMs: number; readonly client: Cut | "wait" };

/** What becomes of a connection. Where both a cut and a half-open end are drawn, it is half open: that one ends with a cut as well. */
export function planConnection(random: Random, profile: Profile): ConnectionPlan {
  const { cut, halfOpen } = profile;
  const drawn = random.fork("half-open");
  const moment = { sudden: undefined as Sudden | undefined, after: undefined as Moment | undefined };
  if (halfOpen !== undefined && drawn.chance(halfOpen.chance)) {
    const gone = drawn.pick(GONE);
    moment.sudden = { kind: "half-open", gone: halfOpen.gone ?? gone, forMs: drawn.between(...halfOpen.forMs) };
    moment.after = halfOpen.after;
  } else {
    const cutDrawn = random.fork("cut");
    if (cut !== undefined && cutDrawn.chance(cut.chance)) {
      const by = cutDrawn.pick(CUTS);
      moment.sudden = { kind: "cut", by: cut.by ?? by };
      moment.after = cut.after;
    }
  }
  const { sudden, after } = moment;
  const when = random.fork("moment");
  const up = planCourse(random, profile, "up");
  const down = planCourse(random, profile, "down");
  if (sudden === undefined || after === undefined) return { up, down };
  if ("ms" in after) return { sudden, suddenInMs: when.between(...after.ms), up, down };
  const direction = when.pick(DIRECTIONS);
  const stopAfter = when.between(...after.octets);
  return (after.direction ?? direction) === "up"
    ? { sudden, up: { ...up, stopAfter }, down }
    : { sudden, up, down: { ...down, stopAfter } };
}

function planCourse(random: Random, { delay, throttle, rechunk, join }: Profile, direction: Direction): Course {
  const happens = (fault: { chance: number; direction?: Direction } | undefined, name: string): boolean =>
    // One draw for both directions: "in this connection".
    fault !== undefined && (fault.direction ?? direction) === direction && random.fork(name).chance(fault.chance);
  return {
    ...(delay !== undefined && happens(delay, "delay") ? { delayMs: delay.ms } : {}),
    ...(throttle !== undefined && happens(throttle, "throttle")
      ? { octetsPerSecond: random.fork("throttled to").between(...throttle.octetsPerSecond) }
      : {}),
    ...(rechunk !== undefined && happens(rechunk, "rechunk") ? { chunkOctets: rechunk.octets } : {}),
    ...(join !== undefined && happens(join, "join") ? { joinMs: join.ms } : {}),
  };
}

/** What becomes of a request to /poll: one thing at most. */
export function planRequest(random: Random, { held, repeated, answerLost }: Profile, method: "GET" | "POST"): RequestPlan {
  const holding = random.fork("held");
  if (held !== undefined && method === "POST" && holding.chance(held.chance)) {
    const by = holding.pick(CUTS);
    const client = holding.pick(["cut", "wait"] as const);
    return { kind: "held", forMs: holding.between(...held.forMs), client: (held.client ?? client) === "cut" ? by : "wait" };
  }
  const repeating = random.fork("repeated");
  if (repeated !== undefined && (repeated.of ?? method) === method && repeating.chance(repeated.chance)) {
    const how = repeating.pick(["at-once", "one-by-one"] as const);
    const gives = repeating.pick(["first", "second"] as const);
    return { kind: "repeated", how: repeated.how ?? how, gives: repeated.gives ?? gives };
  }
  const losing = random.fork("lost");
  if (answerLost !== undefined && (answerLost.of ?? method) === method && losing.chance(answerLost.chance)) {
    return { kind: "answer-lost", by: losing.pick(CUTS) };
  }
  return { kind: "pass" };
}
