import { isIPv6 } from "node:net";
import type { Refusal } from "../../shared/codes.ts";
import type { Clock } from "../clock.ts";
import { RateLimit } from "./rate-limit.ts";
import { refuse } from "./replies.ts";

type Record = { sessions: number; joins: RateLimit };

/** Records of addresses that hold nothing and spend nothing are dropped when there are this many. */
const SWEEP_AT = 10_000;

/** How many sessions each address holds, and how fast it makes new ones. */
export class Addresses {
  readonly #clock: Clock;
  readonly #maxSessions: number;
  readonly #joinsPerMinute: number;
  readonly #records = new Map<string, Record>();
  #sweepAt = SWEEP_AT;

  /** 0 lifts either limit. */
  constructor(clock: Clock, maxSessions: number, joinsPerMinute: number) {
    this.#clock = clock;
    this.#maxSessions = maxSessions;
    this.#joinsPerMinute = joinsPerMinute;
  }

  /** Asks for a new session from `address`, before it is made: undefined if it may. Spends a join. */
  mayJoin(address: string): Refusal | undefined {
    const record = this.#record(address);
    if (this.#maxSessions > 0 && record.sessions >= this.#maxSessions)
      return refuse("full", "Too many people came from this address.", 5000);
    const retryAfterMs = record.joins.spend(this.#clock.now());
    return retryAfterMs === 0 ? undefined : refuse("rate-limited", "Too many people came from this address within a minute.", retryAfterMs);
  }

  /** A session of `address` is held. */
  hold(address: string): void {
    this.#record(address).sessions++;
  }

  release(address: string): void {
    this.#record(address).sessions--;
  }

  #record(address: string): Record {
    const block = addressBlock(address);
    let record = this.#records.get(block);
    if (record === undefined) {
      if (this.#records.size >= this.#sweepAt) this.#sweep();
      record = {
        sessions: 0,
        joins: new RateLimit({ burst: this.#joinsPerMinute, perSecond: this.#joinsPerMinute / 60 }),
      };
      this.#records.set(block, record);
    }
    return record;
  }

  #sweep(): void {
    const nowMs = this.#clock.now();
    for (const [block, record] of this.#records) if (record.sessions === 0 && record.joins.isFull(nowMs)) this.#records.delete(block);
    this.#sweepAt = Math.max(SWEEP_AT, this.#records.size * 2);
  }
}

/** What counts as one address: an IPv4 address as it is, of IPv6 the /64 that one household or one machine has to itself. */
export function addressBlock(address: string): string {
  const plain = address.replace(/%.*$/, "").toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = tail === undefined ? front : [...front, ...Array<string>(8 - front.length - back.length).fill("0"), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
