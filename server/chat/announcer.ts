import type { LeftWhy } from "../../shared/service.ts";
import type { Clock } from "../clock.ts";
import type { SessionId } from "../engine/engine.ts";
import type { CommitQueue, Queued } from "./commit-queue.ts";
import { type Announced, GATHER_MS, Notices, type Person } from "./notices.ts";
import type { Announcement, Session } from "./session.ts";

/** What the announcer needs of its room. */
export type AnnouncerParts = {
  readonly queue: CommitQueue;
  readonly clock: Clock;
  /** Somebody who is in the room; undefined once they have gone. */
  session(id: SessionId): Session | undefined;
  broken(cause: unknown): void;
};

/** Says in the log who came and who went: at once after a quiet moment, else gathered. Source: L8, L9, L10. */
export class Announcer {
  readonly #parts: AnnouncerParts;
  readonly #notices = new Notices();
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #callOffTimer: (() => void) | undefined;
  /** True while something waits that was said before, and could not be kept. */
  #failed = false;
  /** True while so many are present that coming and going is only noted, not said. */
  quiet = false;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  get waiting(): boolean {
    return this.#notices.waiting;
  }

  joined(session: Session): void {
    session.announcement = "pending";
    this.#notices.joined(session);
    this.#saySoon();
  }

  left(person: Person, why: LeftWhy): void {
    this.#notices.left(person, why);
    this.#saySoon();
  }

  /** Nobody speaks before it was said that they came. */
  introduce(session: Session): void {
    if (session.announcement === "pending") this.sayNow();
  }

  /** Queues what is due. What could not be kept before goes first: nobody may have spoken in the log ahead of it. */
  sayDue(): void {
    if (!this.#notices.waiting) return;
    if (this.#failed) this.#parts.queue.pushFirst(this.#take());
    else if (this.#parts.clock.now() >= this.#lastAtMs + GATHER_MS) this.sayNow();
  }

  /** Queues all that waits. */
  sayNow(): void {
    if (this.#notices.waiting) for (const queued of this.#take()) this.#parts.queue.push(queued);
  }

  #take(): Queued[] {
    this.#callOffTimer?.();
    this.#callOffTimer = undefined;
    this.#failed = false;
    this.#lastAtMs = this.#parts.clock.now();
    return this.#notices.take(this.quiet).map((announced) => this.#queued(announced));
  }

  #saySoon(): void {
    if (this.#callOffTimer !== undefined) return;
    const { clock, queue } = this.#parts;
    const waitMs = this.#lastAtMs + GATHER_MS - clock.now();
    if (waitMs <= 0) return queue.wake();
    // Not `sayDue`: a timer may be early by a part of a millisecond, and nothing would wake it again.
    this.#callOffTimer = clock.after(waitMs, () => this.sayNow());
  }

  #queued({ operation, sayAgain }: Announced): Queued {
    this.#mark(operation.joined, "said");
    return {
      operation,
      settle: () => {},
      fail: (cause) => {
        this.#parts.broken(cause);
        this.#mark(operation.joined, "pending");
        this.#failed = true;
        this.#lastAtMs = this.#parts.clock.now();
        sayAgain();
        this.#saySoon();
      },
    };
  }

  #mark(ids: readonly SessionId[], announcement: Announcement): void {
    for (const id of ids) {
      const session = this.#parts.session(id);
      if (session !== undefined) session.announcement = announcement;
    }
  }
}
