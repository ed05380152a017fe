import type { Transport } from "./check.ts";

/** Two people who are in a room of their own, and where they are. */
export type Pair = {
  readonly room: string;
  readonly log: string;
  readonly offset: number;
  readonly sessions: readonly [alice: string, bob: string];
  readonly numbers: readonly [alice: number, bob: number];
  readonly releasedAtMs: number;
};

/**
 * Pairs that one check leaves to the next of the same transport: to resume is free, while servers let only so many new sessions in from one
 * address.
 */
export class Pairs {
  readonly #free: Record<Transport, Pair[]> = { websocket: [], "long-poll": [], tcp: [] };
  readonly #keptMs: number;

  /** `keptMs`: after how long a pair that nobody took may have been given up by the server. */
  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  take(transport: Transport): Pair | undefined {
    const pair = this.#free[transport].pop();
    return pair !== undefined && performance.now() - pair.releasedAtMs < this.#keptMs ? pair : undefined;
  }

  leave(transport: Transport, pair: Pair): void {
    this.#free[transport].push(pair);
  }

  /** The sessions that are left. */
  get sessions(): string[] {
    return Object.values(this.#free).flatMap((pairs) => pairs.flatMap(({ sessions }) => sessions));
  }
}
