import type { Refusal } from "../../shared/codes.ts";
import { checkNickname } from "../../shared/nickname.ts";
import type { Hello } from "../../shared/service.ts";
import type { LogState, Offset, Operation, Outcome, SessionId, SessionRecord } from "../engine/engine.ts";
import { USUAL_GRACE_MS } from "../engine/engine.ts";
import type { ChatOffsets } from "./chat-offsets.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { Delivery } from "./delivery.ts";
import type { HubContext } from "./hub-context.ts";
import { refuse } from "./replies.ts";
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
};

export type EntranceParts = {
  readonly context: HubContext;
  readonly queue: CommitQueue;
  readonly delivery: Delivery;
  readonly chats: ChatOffsets;
  readonly log: () => LogState;
  /** Somebody who is in the room. */
  session(id: SessionId): Session | undefined;
  /** A new session, of whom nobody was told yet. */
  join(record: SessionRecord): Session;
  /** When it is next to be looked at may have changed. */
  schedule(session: Session): void;
  broken(cause: unknown): Refusal;
};

type Welcomed = Outcome & { kind: "welcomed" };

const FULL_RETRY_MS = 3000;

/** How one comes into a room, or back into it. Source: S3 to S20. */
export class Entrance {
  readonly #parts: EntranceParts;

  constructor(parts: EntranceParts) {
    this.#parts = parts;
  }

  /** Joins or resumes. Gives the session once its `welcome` is written; or why not. */
  enter(entry: Entry): Promise<Session | Refusal> {
    const { id, hello, transport } = entry;
    const before = this.#parts.session(id);
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
      ...(nick?.ok ? { nick: nick.nick, key: nick.key } : {}),
    };
    return new Promise((resolve) => {
      this.#parts.queue.push({
        operation,
        settle: (outcome) => {
          if (before !== undefined) before.entering--;
          if (outcome.kind === "refused") return resolve(withRetry(outcome.refusal));
          if (outcome.kind !== "welcomed") return resolve(refuse("internal", `The engine answered hello with ${outcome.kind}.`));
          resolve(this.#entered(entry, outcome));
        },
        fail: (cause) => {
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
    // Where its last `left` is still to be said, that comes first, and `joined` after it.
    const session = this.#parts.session(entry.id) ?? this.#parts.join(record);
    const old = session.transport;
    if (old !== undefined) {
      delivery.detach(session);
      session.transport = undefined;
      session.forgetOwed();
      if (old !== transport) old.close(replacedBy(old, transport));
    }
    session.recall(record);
    session.listening = transport;
    session.carrier = transport.kind === "long-poll" ? "poll" : "stream";
    session.lingerUntilMs = Number.POSITIVE_INFINITY;
    session.blockedUntilMs = 0;
    session.rosterOwed = false;
    session.happens({ kind: "greeted", atMs: context.clock.now() });
    this.#parts.schedule(session);
    context.entered(session, entry, outcome.resumed);
    // Until it is welcomed nothing else may carry it.
    session.entering++;
    return this.#welcome(session, entry, outcome).finally(() => session.entering--);
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
    if (session.turn !== record.turn || session.gone) return refuse("replaced", "The session went on elsewhere.");
    if (transport.closed) return session;
    session.transport = transport;
    session.cursor = after;
    session.rosterOwed = !(resumed && byOffset);
    session.heardAtMs = context.clock.now();
    oweWelcome(session, { resumed, offset: after, at, log, knownSeq: hello.seq ?? 0 }, context.limits);
    if (session.carrier === "stream") {
      session.happens({ kind: "heard" });
      session.pingAtMs = session.heardAtMs + session.heartbeatMs;
      this.#parts.schedule(session);
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
