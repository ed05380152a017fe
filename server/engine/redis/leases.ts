import { randomBytes } from "node:crypto";
import { HOUSE } from "./keys.ts";
import { ANSWER_WITHIN_MS, type Requests } from "./requests.ts";
import { SCRIPTS } from "./script.ts";
import { type Reply, texts } from "./wire.ts";

/** For how long a node is taken for running after it last said so, and how often it says so, ms. */
export type Lease = { readonly forMs: number; readonly everyMs: number };

/** A node of which nothing was heard for so long is dead: others look after its sessions. */
export const LEASE: Lease = { forMs: 15_000, everyMs: 2000 };
/** After so many rounds sessions that nobody looks after are looked for even if no node is known to have died. */
const LOOK_AGAIN_AFTER = 10;
/** For so long it is known which nodes run. */
const KNOWN_FOR_MS = 100;

/** Who runs: this node says so, and learns of the others; and when it may take over what those that died looked after. */
export class Leases {
  readonly node = randomBytes(9).toString("base64url");
  readonly #requests: Requests;
  readonly #forMs: number;
  #others: readonly string[] = [];
  /** Nodes that look after sessions still, and do not run. */
  readonly #gone = new Set<string>();
  #renewals = 0;
  #renewedAtMs = 0;
  #adoptsAtMs = 0;

  constructor(requests: Requests, { forMs }: Lease) {
    this.#requests = requests;
    this.#forMs = forMs;
  }

  get others(): readonly string[] {
    return this.#others;
  }

  /** As commit.lua takes them: those that run, and those that do not. */
  get known(): string[] {
    return [`${this.#others.length}`, ...this.#others, `${this.#gone.size}`, ...this.#gone];
  }

  /** Gives Redis' time. */
  async renew(withinMs = ANSWER_WITHIN_MS): Promise<number> {
    const args = [this.node, `${this.#forMs}`];
    const reply = (await this.#requests.insist(SCRIPTS.lease, [HOUSE.nodes], args, performance.now() + withinMs)) as Reply[];
    const others = texts(reply[2]);
    // After a while in which it could not renew anything, and nobody else perhaps, everybody gets the time to do so.
    const silentMs = performance.now() - this.#renewedAtMs;
    if (this.#renewals > 0 && (Number(reply[1]) === 1 || silentMs > this.#forMs / 2)) this.#adoptsAtMs = performance.now() + this.#forMs;
    this.#renewedAtMs = performance.now();
    const died = this.#others.some((node) => !others.includes(node));
    this.#others = others;
    for (const node of others) this.#gone.delete(node);
    this.#renewals = died ? LOOK_AGAIN_AFTER : this.#renewals + 1;
    return Number(String(reply[0]));
  }

  /** So that a node that began meanwhile is taken for none that died. */
  async refresh(): Promise<void> {
    if (performance.now() - this.#renewedAtMs > KNOWN_FOR_MS) await this.renew();
  }

  /** Finds out about a node that is not known: it may have begun a moment ago, or have died before this one began. */
  async meet(node: string): Promise<void> {
    await this.renew();
    if (!this.#others.includes(node)) this.#gone.add(node);
  }

  /** True when it is time to look for sessions that nobody looks after; not again before it is time again. */
  isTimeToAdopt(): boolean {
    if (this.#renewals < LOOK_AGAIN_AFTER || performance.now() < this.#adoptsAtMs) return false;
    this.#renewals = 1;
    return true;
  }
}
