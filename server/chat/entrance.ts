import type { Refusal } from "../../shared/codes.ts";
import { checkNickname } from "../../shared/nickname.ts";
import type { Hello } from "../../shared/service.ts";
import type { LogState, Offset, Operation, Outcome, SessionId, SessionRecord } from "../engine/engine.ts";
import { USUAL_GRACE_MS } from "../engine/engine.ts";
import type { Announcer } from "./announcer.ts";
import type { ChatOffsets } from "./chat-offsets.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { Delivery } from "./delivery.ts";
import type { HubContext } from "./hub-context.ts";
import { refuse } from "./replies.ts";
import type { Residents } from "./residents.ts";
import type { Session } from "./session.ts";
import { timeAt } from "./tail.ts";
import type { Ending, Transport } from "./transport.ts";
import { oweWelcome } from "./welcome.ts";

/** A `hello` that passed every check that needs no engine. */
export type Entry = {
  readonly id: SessionId;
  readonly hello: Hello;
  readonly transport: Transport;
  readonly address: string;
  /** What was kept of it a moment ago, where this node did not look after it. */
  readonly known?: SessionRecord;
};

export type EntranceParts = {
  readonly context: HubContext;
  readonly queue: CommitQueue;
  readonly delivery: Delivery;
  readonly announcer: Announcer;
  readonly chats: ChatOffsets;
  readonly log: () => LogState;
  readonly residents: Residents;
  /** What is here of it is of no use: it ended without our knowing. */
  vanished(session: Session): void;
  broken(cause: unknown): Refusal;
};

type Welcomed = Outcome & { kind: "welcomed" };

const FULL_RETRY_MS = 3000;

/** How one comes into a room, or back into it. Source: S3 to S20. */
export class Entrance {
  readonly #parts: EntranceParts;
  /** How many times each session is being taken over at this moment. */
  readonly #underWay = new Map<SessionId, number>();

  constructor(parts: EntranceParts) {
    this.#parts = parts;
  }

  /** True while it is not known yet whether this node looks after the session: it is asking for that. */
  isUnderWay(id: SessionId): boolean {
    return this.#underWay.has(id);
  }

  /** Takes over a session that another node let in: who polls may ask anywhere. Gives the session; or why not. Source: H15. */
  attend(known: SessionRecord): Promise<Session | Refusal> {
    const { queue, announcer, broken } = this.#parts;
    const id = known.session;
    const group = {};
    const begun = this.#begins(id);
    return new Promise((resolve) => {
      queue.push({
        operation: { kind: "attend", session: id, turn: known.turn },
        group,
        settle: (outcome) => {
          begun.ends();
          if (outcome.kind === "attended") resolve(this.#attended(outcome.record));
          else resolve(refuse("unknown-session", "The session has ended. Say hello again."));
        },
        fail: (cause) => {
          begun.ends();
          resolve(broken(cause));
        },
      });
      // In the same commit: whoever speaks meanwhile at another node would else be heard before it was said that they came.
      if (!known.announced) queue.push(announcer.saysOf({ id, nick: known.nick }, group));
    });
  }

  #attended(record: SessionRecord): Session {
    const here = this.#parts.residents.get(record.session);
    if (here !== undefined) return here;
    const session = this.#parts.residents.admit(record);
    session.announcement = "said";
    const lingerMs = record.graceMs === USUAL_GRACE_MS ? Number.POSITIVE_INFINITY : record.graceMs;
    session.lingerUntilMs = this.#parts.context.clock.now() + lingerMs;
    this.#parts.residents.schedule(session);
    return session;
  }

  #begins(id: SessionId): { ends(): void } {
    const underWay = this.#underWay;
    underWay.set(id, (underWay.get(id) ?? 0) + 1);
    return {
      ends: () => {
        const others = (underWay.get(id) ?? 1) - 1;
        if (others > 0) underWay.set(id, others);
        else underWay.delete(id);
      },
    };
  }

  /** Joins or resumes. Gives the session once its `welcome` is written; or why not. */
  enter(entry: Entry): Promise<Session | Refusal> {
    const { id, hello, transport } = entry;
    const before = this.#parts.residents.get(id);
    if (before !== undefined) {
      before.listening = transport;
      before.entering++;
    }
    const nick = hello.nick === undefined ? undefined : checkNickname(hello.nick);
    const operation: Operation = {
      kind: "hello",
      session: id,
      maxHeld: this.#parts.context.limits.maxClients,
      graceMs: USUAL_GRACE_MS,
      carrier: transport.kind === "long-poll" ? "poll" : "stream",
      ...(this.#parts.announcer.quiet ? {} : { settles: true }),
      ...(nick?.ok ? { nick: nick.nick, key: nick.key } : {}),
    };
    const begun = this.#begins(id);
    return new Promise((resolve) => {
      this.#parts.queue.push({
        operation,
        settle: (outcome) => {
          begun.ends();
          if (before !== undefined) before.entering--;
          if (outcome.kind === "refused") return resolve(withRetry(outcome.refusal));
          if (outcome.kind !== "welcomed") return resolve(refuse("internal", `The engine answered hello with ${outcome.kind}.`));
          resolve(this.#entered(entry, outcome));
        },
        fail: (cause) => {
          begun.ends();
          const refusal = this.#parts.broken(cause);
          if (before !== undefined) {
            before.entering--;
            // What it said meanwhile was not listened to: its numbers would be off by that, so it has to say hello again too.
            if (before.carrier === "stream") before.transport?.close(refusal);
          }
          resolve(refusal);
        },
      });
    });
  }

  #entered(entry: Entry, outcome: Welcomed): Promise<Session | Refusal> {
    const { context, delivery } = this.#parts;
    const { transport } = entry;
    const { record } = outcome;
    const session = this.#admitted(entry, outcome);
    const old = session.transport;
    if (old !== undefined) {
      delivery.detach(session);
      session.transport = undefined;
      session.forgetOwed();
      if (old !== transport) old.close(replacedBy(old, transport));
    }
    session.recall(record);
    session.rename(record.nick, record.key);
    session.listening = transport;
    session.carrier = transport.kind === "long-poll" ? "poll" : "stream";
    session.lingerUntilMs = Number.POSITIVE_INFINITY;
    session.blockedUntilMs = 0;
    session.rosterOwed = false;
    session.happens({ kind: "greeted", atMs: context.clock.now() });
    this.#parts.residents.schedule(session);
    context.entered(session, entry, outcome.resumed);
    // Until it is welcomed nothing else may carry it.
    session.entering++;
    return this.#welcome(session, entry, outcome).finally(() => session.entering--);
  }

  /** The session of who is let in, as this node has it from now on. */
  #admitted({ id, known }: Entry, { record, resumed }: Welcomed): Session {
    const { announcer } = this.#parts;
    const here = this.#parts.residents.get(id);
    if (here !== undefined && resumed) return here;
    if (here !== undefined) this.#parts.vanished(here);
    // Where its last `left` is still to be said, that comes first, and `joined` after it. The node that should have said it may not any more.
    else if (!resumed && record.announced && known !== undefined && !announcer.isLeaving(id))
      announcer.left({ id, nick: known.nick, key: known.key }, known.why ?? "lost");
    const session = this.#parts.residents.admit(record);
    if (resumed && record.announced) session.announcement = "said";
    else announcer.joined(session);
    return session;
  }

  async #welcome(session: Session, { hello, transport }: Entry, { record, resumed }: Welcomed): Promise<Session | Refusal> {
    const { context, delivery, chats, log: state } = this.#parts;
    const { log, last, at: lastAt } = state();
    const byOffset = hello.offset !== undefined && hello.log === log && hello.offset <= last;
    const after = byOffset ? (hello.offset as Offset) : chats.before(hello.history, state());
    let at = lastAt;
    if (after !== last) {
      try {
        const chunks = await delivery.chunks(after, 1);
        at = timeAt(chunks, after) ?? chunks[0]?.before ?? at;
      } catch (cause) {
        return this.#parts.broken(cause);
      }
    }
    // While that was read it may have gone on elsewhere, ended, or its peer may be gone.
    if (session.turn !== record.turn || session.gone || session.visiting) return refuse("replaced", "The session went on elsewhere.");
    if (transport.closed) return session;
    session.transport = transport;
    session.cursor = after;
    session.rosterOwed = !(resumed && byOffset);
    session.heardAtMs = context.clock.now();
    oweWelcome(session, { resumed, offset: after, at, log, knownSeq: hello.seq ?? 0 }, context.limits);
    if (session.carrier === "stream") {
      session.happens({ kind: "heard" });
      session.pingAtMs = session.heardAtMs + session.heartbeatMs;
      this.#parts.residents.schedule(session);
    }
    delivery.attach(session);
    return session;
  }
}

function replacedBy(old: Transport, now: Transport): Ending {
  if (old.kind === "long-poll" && now.kind === "long-poll") return { code: "newer-poll" };
  return refuse("replaced", "The session went on elsewhere.");
}

/** Somebody who waits for a place asks again every now and then. */
function withRetry(refusal: Refusal): Refusal {
  return refusal.code === "full" ? { ...refusal, retryAfterMs: FULL_RETRY_MS } : refusal;
}
