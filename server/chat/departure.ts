import type { LeftWhy } from "../../shared/service.ts";
import type { Outcome, SessionRecord } from "../engine/engine.ts";
import type { Announcer } from "./announcer.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { Delivery } from "./delivery.ts";
import type { HubContext } from "./hub-context.ts";
import { refuse } from "./replies.ts";
import type { Session } from "./session.ts";
import type { Ending } from "./transport.ts";

/** What became of a session's end: it was done, or another node looks after the session, and it is to be asked for there. */
export type Ended = "done" | "elsewhere";

export type DepartureParts = {
  readonly context: HubContext;
  readonly queue: CommitQueue;
  readonly delivery: Delivery;
  readonly announcer: Announcer;
  /** True while this node looks after it. */
  isHere(session: Session): boolean;
  /** It is in this room no more. */
  forget(session: Session): void;
  /** Its nickname is nobody's. */
  giveBack(session: Session): void;
  drop(session: Session, ending: Ending): void;
  schedule(session: Session): void;
  /** Others are here now than before. */
  reckon(): void;
  broken(cause: unknown): void;
};

/** How a session ends. Source: S26, S27. */
export class Departure {
  readonly #parts: DepartureParts;

  constructor(parts: DepartureParts) {
    this.#parts = parts;
  }

  /** Ends the session now. Resolves when it is done; its transport is closed with `ending`. */
  end(session: Session, why: LeftWhy, ending: Ending): Promise<Ended> {
    if (session.visiting) return Promise.resolve("elsewhere");
    if (session.gone) return Promise.resolve("done");
    const { context, queue } = this.#parts;
    session.happens({ kind: "ended", why });
    context.wheel.remove(session);
    return new Promise((resolve, reject) => {
      queue.push({
        operation: { kind: "release", session: session.id, why },
        settle: (outcome) => resolve(this.#released(session, why, ending, outcome)),
        fail: (cause) => {
          this.#parts.broken(cause);
          if (this.#parts.isHere(session)) {
            // Not kept: it is still here, away, and the end of another grace will try again.
            session.state = { kind: "away", sinceMs: context.clock.now() };
            session.lingerUntilMs = Number.POSITIVE_INFINITY;
            this.#parts.schedule(session);
          }
          reject(cause);
        },
      });
    });
  }

  #released(session: Session, why: LeftWhy, ending: Ending, outcome: Outcome): Ended | Promise<Ended> {
    if (!this.#parts.isHere(session)) return "elsewhere";
    if (outcome.kind === "stale") return this.#overtaken(session, why, ending);
    // What it said before goes out first, with its answers.
    this.#parts.delivery.pump(session);
    this.#parts.giveBack(session);
    this.#dismiss(session, why, ending);
    return "done";
  }

  /** It is not ours to end: another node looks after it, or it had ended before. */
  async #overtaken(session: Session, why: LeftWhy, ending: Ending): Promise<Ended> {
    let record: SessionRecord | undefined;
    try {
      record = await this.#parts.context.engine.find(session.id);
    } catch (cause) {
      this.#parts.broken(cause);
    }
    if (!this.#parts.isHere(session) || !session.gone) return "elsewhere";
    if (record?.held === false) {
      this.#dismiss(session, why, ending);
      return "done";
    }
    this.#parts.drop(session, ending);
    return "elsewhere";
  }

  /** It turns out to have ended without our knowing: whoever is there has to say hello. */
  vanished(session: Session): void {
    session.happens({ kind: "ended", why: "lost" });
    this.#parts.context.wheel.remove(session);
    this.#dismiss(session, "lost", refuse("unknown-session", "The session has ended. Say hello again."));
  }

  #dismiss(session: Session, why: LeftWhy, ending: Ending): void {
    const { context, delivery, announcer } = this.#parts;
    this.#parts.forget(session);
    delivery.detach(session);
    context.dismissed(session, why);
    announcer.left(session, why);
    this.#parts.reckon();
    session.transport?.close(ending);
  }

  /** Ends the session in `lingerMs` unless it says `hello` before. Source: S27. */
  linger(session: Session, lingerMs: number): Promise<Ended> {
    if (session.visiting) return Promise.resolve("elsewhere");
    const { context, queue } = this.#parts;
    const graceMs = Math.min(lingerMs, context.limits.graceMs);
    session.lingerUntilMs = Math.min(session.lingerUntilMs, context.clock.now() + graceMs);
    this.#parts.schedule(session);
    return new Promise((resolve) => {
      queue.push({
        operation: { kind: "linger", session: session.id, graceMs },
        settle: (outcome) => resolve(outcome.kind === "stale" && session.visiting ? "elsewhere" : "done"),
        fail: () => resolve("done"),
      });
    });
  }
}
