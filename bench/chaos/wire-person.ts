import type { Random } from "./random.ts";
import type { LineKind } from "./recorder.ts";
import type { WireClient } from "./wire-client.ts";

/** How long a change may take, ms. */
const MOVED_WITHIN_MS = 15_000;

export type WirePlan = {
  readonly random: Random;
  readonly everyMs: number;
  readonly pastes: boolean;
  /** Which transports it goes round, in this order, and how often it changes. */
  readonly kinds: readonly LineKind[];
  readonly changes: number;
  readonly changeEveryMs: readonly [least: number, most: number];
};

/** Somebody on the wire: talks, and changes its transport so many times. */
export class WirePerson {
  readonly name: string;
  readonly client: WireClient;
  readonly #plan: WirePlan;
  #said = 0;
  #stopped = false;
  #talk: NodeJS.Timeout | undefined;
  /** How many changes came to their `welcome`. */
  moved = 0;

  constructor(name: string, client: WireClient, plan: WirePlan) {
    this.name = name;
    this.client = client;
    this.#plan = plan;
  }

  begin(): void {
    this.client.begin();
  }

  live(): void {
    this.#talks();
    void this.#moves();
  }

  /** True when it has changed as often as it was to. */
  get done(): boolean {
    return this.moved >= this.#plan.changes;
  }

  rest(): void {
    this.#stopped = true;
    clearTimeout(this.#talk);
  }

  stop(): void {
    this.rest();
    this.client.stop();
  }

  #talks(): void {
    if (this.#stopped) return;
    const { random, everyMs, pastes } = this.#plan;
    this.#talk = setTimeout(
      () => {
        // Nothing here keeps within the budget by itself: what is pasted is refused in part, and said again.
        const count = pastes && random.chance(0.03) ? random.between(20, 40) : 1;
        for (let line = 0; line < count; line++) this.client.says(`${this.name} ${++this.#said}`);
        this.#talks();
      },
      random.next() * everyMs * 2,
    );
  }

  async #moves(): Promise<void> {
    const { kinds, changeEveryMs } = this.#plan;
    const random = this.#plan.random.fork("changes");
    for (let step = 1; !this.#stopped && !this.done; step++) {
      await pause(random.between(...changeEveryMs));
      const next = kinds[step % kinds.length];
      if (next === undefined || this.#stopped) return;
      const came = await Promise.race([this.client.move(next).then(() => true), pause(MOVED_WITHIN_MS).then(() => false)]);
      if (came) this.moved++;
      else this.client.probe();
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
