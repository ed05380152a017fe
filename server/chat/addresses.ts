import { isIPv6 } from "node:net";
import type { Refusal } from "../../shared/codes.ts";
import type { Clock } from "../clock.ts";
import { type Rate, RateLimit } from "./rate-limit.ts";
import { refuse } from "./replies.ts";

/** When to ask again, ms: others have to leave first. */
const FULL_RETRY_MS = 5000;

/** What an address holds, and may still spend. `posts` is made when it posts. */
type Record = { sessions: number; readonly joins: RateLimit; posts: RateLimit | undefined };

/** So many addresses have a record of their own. Records that say nothing are dropped then; where all say something, who comes next shares one. */
const MAX_RECORDS = 50_000;
/** At most so often is looked for records that say nothing: each time all are looked at. */
const SWEEP_EVERY_MS = 1000;

/** The limits that hold for an address; 0 lifts each. */
export type AddressLimits = {
  readonly maxClientsPerAddress: number;
  readonly joinsPerMinute: number;
  /** Of posts, which have no session that it could be counted for. */
  readonly rate: Rate;
};

/** How many sessions each address holds, how fast it makes new ones, and how fast it posts. */
export class Addresses {
  readonly #clock: Clock;
  readonly #limits: AddressLimits;
  readonly #maxRecords: number;
  readonly #records = new Map<string, Record>();
  readonly #others: Record;
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, limits: AddressLimits, maxRecords: number = MAX_RECORDS) {
    this.#clock = clock;
    this.#limits = limits;
    this.#maxRecords = maxRecords;
    this.#others = this.#newRecord();
  }

  /** How many records there are. */
  get size(): number {
    return this.#records.size;
  }

  /** Asks for a new session from `address`, before it is made: undefined if it may. Spends a join. */
  mayJoin(address: string): Refusal | undefined {
    const record = this.#record(address);
    const { maxClientsPerAddress } = this.#limits;
    if (maxClientsPerAddress > 0 && record.sessions >= maxClientsPerAddress)
      return refuse("full", "Too many people came from this address.", FULL_RETRY_MS);
    const retryAfterMs = record.joins.spend(this.#clock.now());
    return retryAfterMs === 0 ? undefined : refuse("rate-limited", "Too many people came from this address within a minute.", retryAfterMs);
  }

  /** Asks for a post from `address`: undefined if it may. Source: T5. */
  mayPost(address: string): Refusal | undefined {
    const record = this.#record(address);
    record.posts ??= new RateLimit(this.#limits.rate);
    const retryAfterMs = record.posts.spend(this.#clock.now());
    return retryAfterMs === 0 ? undefined : refuse("rate-limited", "Too much at once from this address.", retryAfterMs);
  }

  /** A session of `address` is held. Gives how to say that it is no longer. */
  hold(address: string): () => void {
    const record = this.#record(address);
    record.sessions++;
    return () => {
      record.sessions--;
    };
  }

  #record(address: string): Record {
    const block = addressBlock(address);
    let record = this.#records.get(block);
    if (record === undefined) {
      if (this.#records.size >= this.#maxRecords && !this.#sweep()) return this.#others;
      record = this.#newRecord();
      this.#records.set(block, record);
    }
    return record;
  }

  #newRecord(): Record {
    const { joinsPerMinute } = this.#limits;
    return { sessions: 0, joins: new RateLimit({ burst: joinsPerMinute, perSecond: joinsPerMinute / 60 }), posts: undefined };
  }

  /** Drops the records that say nothing; false where there is no room after it. */
  #sweep(): boolean {
    const nowMs = this.#clock.now();
    if (nowMs < this.#sweptAtMs + SWEEP_EVERY_MS) return false;
    this.#sweptAtMs = nowMs;
    for (const [block, { sessions, joins, posts }] of this.#records) {
      if (sessions === 0 && joins.isFull(nowMs) && posts?.isFull(nowMs) !== false) this.#records.delete(block);
    }
    return this.#records.size < this.#maxRecords;
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
