import { encodeService } from "../../shared/packet.ts";
import type { LeftWhy } from "../../shared/service.ts";
import type { Clock } from "../clock.ts";
import type { Outcome, SessionId } from "../engine/engine.ts";
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
  /** Of whom `left` waits, or is on its way. */
  readonly #leaving = new Set<SessionId>();
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #callOffTimer: (() => void) | undefined;
  /** True while something waits that was said before, and could not be kept. */
  #failed = false;
  #stopped = false;
  /** True while so many are present that coming and going is only noted, not said. */
  quiet = false;
  /** True where other nodes may be in the room, and may have something to say of its people. */
  shared = false;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  get waiting(): boolean {
    return this.#notices.waiting;
  }

  joined(session: Session): void {
    session.announcement = "pending";
    const isFollowing = this.#notices.isAbout(session);
    this.#notices.joined(session);
    // In a moment it may be another node's to say that they came: what is to be said before must not wait here for longer.
    if (this.shared && isFollowing) this.sayNow();
    else this.#saySoon();
  }

  left(person: Person, why: LeftWhy): void {
    this.#leaving.add(person.id);
    this.#notices.left(person, why);
    this.#saySoon();
  }

  /** True while it is still to be said that this session left. */
  isLeaving(id: SessionId): boolean {
    return this.#leaving.has(id);
  }

  /** Another node says what there is to say of this session. */
  forget(id: SessionId): void {
    this.#leaving.delete(id);
    this.#notices.forget(id);
  }

  /** Nothing more is said. */
  stop(): void {
    this.#stopped = true;
    this.#callOffTimer?.();
    this.#callOffTimer = undefined;
    this.#notices.take(true);
  }

  /** Nobody speaks before it was said that they came. */
  introduce(session: Session): void {
    if (session.announcement === "pending") return this.sayNow(session);
    if (session.announcement !== "saying") return;
    // It is said together with others: if another node keeps it from being said, it is said here.
    session.announcement = "said";
    this.#parts.queue.push(this.saysOf(session));
  }

  /** What says of one person that they came in, unless that was said. */
  saysOf({ id, nick }: Omit<Person, "key">, group?: object): Queued {
    const packet = this.quiet ? {} : { packet: encodeService({ type: "joined", nicks: [nick] } as const) };
    return {
      operation: { kind: "announce", joined: [id], left: [], again: true, ...packet },
      ...(group === undefined ? {} : { group }),
      settle: () => {},
      fail: () => {},
    };
  }

  /** Queues what is due. What could not be kept before goes first: nobody may have spoken in the log ahead of it. */
  sayDue(): void {
    if (!this.#notices.waiting) return;
    if (this.#failed) this.#parts.queue.pushFirst(this.#take());
    else if (this.#parts.clock.now() >= this.#lastAtMs + GATHER_MS) this.sayNow();
  }

  /** Queues all that waits; something of `speaker` follows. */
  sayNow(speaker?: Session): void {
    // What was not said comes first: when a batch is taken, before what is in it.
    if (this.#failed) this.#parts.queue.wake();
    else if (this.#notices.waiting) for (const queued of this.#take(speaker)) this.#parts.queue.push(queued);
  }

  #take(speaker?: Session): Queued[] {
    this.#callOffTimer?.();
    this.#callOffTimer = undefined;
    this.#failed = false;
    this.#lastAtMs = this.#parts.clock.now();
    const apart = this.shared ? { speaker: speaker?.id } : undefined;
    return this.#notices.take(this.quiet, apart).map((announced) => this.#queued(announced));
  }

  #saySoon(): void {
    if (this.#callOffTimer !== undefined || this.#stopped) return;
    const { clock, queue } = this.#parts;
    const waitMs = this.#lastAtMs + GATHER_MS - clock.now();
    if (waitMs <= 0) return queue.wake();
    // Not `sayDue`: a timer may be early by a part of a millisecond, and nothing would wake it again.
    this.#callOffTimer = clock.after(waitMs, () => {
      this.#callOffTimer = undefined;
      this.sayNow();
    });
  }

  #queued(announced: Announced): Queued {
    const { operation } = announced;
    this.#mark(operation.joined, this.shared ? "saying" : "said");
    return {
      operation,
      settle: (outcome) => this.#settled(announced, outcome),
      fail: (cause) => {
        this.#parts.broken(cause);
        if (this.#stopped) return;
        this.#lastAtMs = this.#parts.clock.now();
        this.#sayAgain(announced);
      },
    };
  }

  /** Of those who are not ours to speak of another node says it, or has said it; the others were not said either. */
  #settled(announced: Announced, outcome: Outcome): void {
    const { joined, left } = announced.operation;
    const done = outcome.kind === "stale" ? (outcome.sessions ?? [...joined, ...left]) : left;
    for (const id of done) this.#leaving.delete(id);
    for (const id of outcome.kind === "stale" ? done : joined) {
      const session = this.#parts.session(id);
      if (session?.announcement === "saying") session.announcement = "said";
    }
    if (outcome.kind === "stale" && done.length < joined.length + left.length) this.#sayAgain(announced, done);
  }

  #sayAgain({ operation, sayAgain }: Announced, done?: readonly SessionId[]): void {
    this.#mark(done === undefined ? operation.joined : operation.joined.filter((id) => !done.includes(id)), "pending");
    this.#failed = true;
    sayAgain(done);
    this.#saySoon();
  }

  #mark(ids: readonly SessionId[], announcement: Announcement): void {
    for (const id of ids) {
      const session = this.#parts.session(id);
      if (session !== undefined) session.announcement = announcement;
    }
  }
}
