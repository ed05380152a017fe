import type { Clock } from "../../clock.ts";
import type { Adoption } from "./adoption.ts";
import type { Commits } from "./commits.ts";
import type { Failures } from "./failures.ts";
import type { FollowedRooms } from "./followed-rooms.ts";
import type { Leases } from "./leases.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { RedisTrouble } from "./redis-trouble.ts";

/** How long Redis may be silent before it is said to be in trouble. */
export const PULSE_WITHIN_MS = 2000;
/** After so many pulses without an answer the connections are made anew. */
const RENEW_AFTER = 2;
/** For so many pulses nothing may come from the channels. */
const DEAF_FOR = 2;

type Parts = {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly connection: RedisConnection;
  readonly leases: Leases;
  readonly failures: Failures;
  readonly commits: Commits;
  readonly followed: FollowedRooms;
  readonly adoption: Adoption;
};

/** Says every now and then that this node runs, and finds out whether Redis does, and what was missed. */
export class Pulse {
  readonly #parts: Parts;
  #callOff: (() => void) | undefined;
  #beating = false;
  #deaf = 0;
  #unanswered = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  begin(): void {
    const { clock, everyMs } = this.#parts;
    this.#callOff = clock.after(everyMs, () => {
      this.begin();
      // Also while trouble lasts: what is to try again then may have come while this was at it already.
      void this.beat();
    });
  }

  end(): void {
    this.#callOff?.();
  }

  /** What was in the way is over when it succeeds. Never rejects. */
  async beat(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    const { connection, failures } = this.#parts;
    try {
      await this.#beat();
    } catch (error) {
      failures.failed(error);
      if ((error as Partial<RedisTrouble>).passes === true && ++this.#unanswered % RENEW_AFTER === 0) await connection.renew();
    } finally {
      this.#beating = false;
    }
  }

  async #beat(): Promise<void> {
    const { connection, leases, failures, commits, followed, adoption } = this.#parts;
    await leases.renew(PULSE_WITHIN_MS);
    this.#deaf = connection.hears ? 0 : this.#deaf + 1;
    if (this.#deaf > DEAF_FOR)
      throw new RedisTrouble("What other nodes say cannot be heard: Redis does not let Palabre subscribe.", true, undefined);
    await failures.retry((room) => commits.attempt(room, PULSE_WITHIN_MS));
    this.#unanswered = 0;
    if (failures.trouble.lasts) {
      failures.trouble.ends();
      followed.lookAtAll();
    } else await followed.compare();
    await adoption.lookForOrphans();
  }
}
