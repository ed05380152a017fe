import type { LeftWhy } from "../../shared/service.ts";
import type { Outcome, SessionRecord } from "../engine/engine.ts";
import type { Announcer } from "./announcer.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { Delivery } from "./delivery.ts";
import type { HubContext } from "./hub-context.ts";
import { refuse } from "./replies.ts";
import type { Residents } from "./residents.ts";
import type { Roster } from "./roster.ts";
import type { Session } from "./session.ts";
import type { Ending } from "./transport.ts";

/** What became of a session's end: it was done, or another node looks after the session, and it is to be asked for there. */
export type Ended = "done" | "elsewhere";

export type DepartureParts = {
  readonly context: HubContext;
  readonly queue: CommitQueue;
  readonly delivery: Delivery;
  readonly announcer: Announcer;
  readonly residents: Residents;
  readonly roster: Roster;
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
    const { context, queue, announcer } = this.#parts;
    // Once the nickname is free somebody may come in under it at another node, and that is said there.
    if (announcer.shared) announcer.introduce(session);
    session.happens({ kind: "ended", why });
    context.wheel.remove(session);
    return new Promise((resolve, reject) => {
      const group = {};
      // At its own word it ends wherever it is: a poll of its that comes to another node at this moment must not keep it.
      if (why === "left" && announcer.shared)
        queue.push({ operation: { kind: "attend", session: session.id, turn: session.turn }, group, settle: () => {}, fail: () => {} });
      queue.push({
        operation: { kind: "release", session: session.id, why },
        group,
        settle: (outcome) => resolve(this.#released(session, why, ending, outcome)),
        fail: (cause) => {
          this.#parts.broken(cause);
          if (this.#parts.residents.isHere(session)) {
            // Not kept: it is still here, away, and the end of another grace will try again.
            session.state = { kind: "away", sinceMs: context.clock.now() };
            session.lingerUntilMs = Number.POSITIVE_INFINITY;
            this.#parts.residents.schedule(session);
          }
          reject(cause);
        },
      });
    });
  }

  #released(session: Session, why: LeftWhy, ending: Ending, outcome: Outcome): Ended | Promise<Ended> {
    if (outcome.kind === "stale") return this.#parts.residents.isHere(session) ? this.#overtaken(session, why, ending) : "elsewhere";
    // What it said before goes out first, with its answers.
    this.#parts.delivery.pump(session);
    this.#parts.roster.remove(session.key);
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
    if (!this.#parts.residents.isHere(session) || !session.gone) return "elsewhere";
    if (record?.held === false) {
      this.#dismiss(session, why, ending);
      return "done";
    }
    this.#parts.residents.drop(session, () => ending);
    return "elsewhere";
  }

  /** It turns out to have ended without our knowing: whoever is there has to say hello. */
  vanished(session: Session): void {
    session.happens({ kind: "ended", why: "lost" });
    this.#parts.context.wheel.remove(session);
    this.#dismiss(session, "lost", refuse("unknown-session", "The session has ended. Say hello again."));
  }

  #dismiss(session: Session, why: LeftWhy, ending: Ending): void {
    const { context, residents, announcer } = this.#parts;
    residents.forget(session);
    context.dismissed(session, why);
    announcer.left(session, why);
    residents.reckon();
    session.transport?.close(ending);
  }

  /** Ends the session in `lingerMs` unless it says `hello` before. Source: S27. */
  linger(session: Session, lingerMs: number): Promise<Ended> {
    if (session.visiting) return Promise.resolve("elsewhere");
    const { context, queue, announcer } = this.#parts;
    const graceMs = Math.min(lingerMs, context.limits.graceMs);
    session.lingerUntilMs = Math.min(session.lingerUntilMs, context.clock.now() + graceMs);
    this.#parts.residents.schedule(session);
    return new Promise((resolve) => {
      const group = {};
      // As where it ends: whichever node a poll of its comes to at this moment.
      if (announcer.shared)
        queue.push({ operation: { kind: "attend", session: session.id, turn: session.turn }, group, settle: () => {}, fail: () => {} });
      queue.push({
        operation: { kind: "linger", session: session.id, graceMs },
        group,
        settle: () => resolve(session.visiting ? "elsewhere" : "done"),
        fail: () => resolve("done"),
      });
    });
  }
}
