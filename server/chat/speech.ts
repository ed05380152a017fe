import type { Refusal } from "../../shared/codes.ts";
import { checkNickname } from "../../shared/nickname.ts";
import { type ChatPacket, encodeService } from "../../shared/packet.ts";
import type { NumberedRefusal, Offset, Outcome } from "../engine/engine.ts";
import type { Announcer } from "./announcer.ts";
import type { ChatOffsets } from "./chat-offsets.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { HubContext } from "./hub-context.ts";
import { refuse } from "./replies.ts";
import type { Roster } from "./roster.ts";
import { checkSaid, type Post } from "./said.ts";
import type { Session } from "./session.ts";

/** Who is told what became of the numbers that a session sent. */
export interface Sender {
  accepted(session: Session, seq: number, offset: Offset | undefined): void;
  refused(session: Session, refusal: NumberedRefusal): void;
  /** The number was not dealt with, and what was queued after it is not either. */
  failed(session: Session, refusal: Refusal): void;
}

export type SpeechParts = {
  readonly context: HubContext;
  readonly queue: CommitQueue;
  readonly announcer: Announcer;
  readonly roster: Roster;
  readonly chats: ChatOffsets;
  /** The session's answers are ready to go out. */
  answered(session: Session): void;
  broken(cause: unknown): Refusal;
};

/** What people say in a room, and under which name: checked, numbered, and on its way into the log. */
export class Speech {
  readonly #parts: SpeechParts;

  constructor(parts: SpeechParts) {
    this.#parts = parts;
  }

  /** A chat packet of the session's, as the next of its numbers; those of one `group` are kept together or not at all. Source: S14 to S23. */
  say(session: Session, packet: ChatPacket, sender: Sender, group?: object): void {
    const seq = ++session.queuedSeq;
    const { turn } = session;
    const said = checkSaid(session, packet);
    const limited = this.spend(session);
    if (!said.ok || limited !== undefined) {
      const refusal = said.ok ? (limited as Refusal) : said.refusal;
      return this.#refuse(session, numbered(refusal, seq), sender, group);
    }
    this.#parts.announcer.introduce(session);
    this.#parts.queue.push({
      operation: { kind: "chat", session: session.id, turn, seq, packet: said.packet },
      ...(group === undefined ? {} : { group }),
      settle: (outcome) => {
        if (outcome.kind === "appended") {
          session.seq = Math.max(session.seq, seq);
          this.#parts.chats.add(outcome.offset);
          sender.accepted(session, seq, outcome.offset);
        } else if (outcome.kind === "duplicate") this.#dealtWith(session, seq, sender);
        else sender.failed(session, unsettled(outcome));
        this.#parts.answered(session);
      },
      fail: (cause) => sender.failed(session, this.#parts.broken(cause)),
    });
  }

  /** Another node took this number before. */
  #dealtWith(session: Session, seq: number, sender: Sender): void {
    session.seq = Math.max(session.seq, seq);
    sender.accepted(session, seq, undefined);
  }

  #refuse(session: Session, refusal: NumberedRefusal, sender: Sender, group?: object): void {
    this.#parts.queue.push({
      operation: { kind: "refuse", session: session.id, turn: session.turn, refusal },
      ...(group === undefined ? {} : { group }),
      settle: (outcome) => {
        if (outcome.kind === "noted") {
          session.note(refusal);
          this.#parts.context.refused(session, refusal);
          sender.refused(session, refusal);
        } else if (outcome.kind === "duplicate") this.#dealtWith(session, refusal.seq, sender);
        else sender.failed(session, unsettled(outcome));
        this.#parts.answered(session);
      },
      fail: (cause) => sender.failed(session, this.#parts.broken(cause)),
    });
  }

  /**
   * Takes one from the session's budget; where there is none, or more waits for the engine than it keeps up with, gives when there is
   * again: until then all is refused, so that order is kept. Source: S21, S22.
   */
  spend(session: Session): Refusal | undefined {
    const nowMs = this.#parts.context.clock.now();
    if (nowMs < session.blockedUntilMs) return tooMuch(session.blockedUntilMs - nowMs);
    const behindMs = this.#parts.queue.retryAfterMs;
    const retryAfterMs = behindMs > 0 ? behindMs : session.budget.spend(nowMs);
    if (retryAfterMs === 0) return undefined;
    session.blockedUntilMs = nowMs + retryAfterMs;
    return behindMs > 0 ? refuse("rate-limited", "The server cannot keep up for the moment.", retryAfterMs) : tooMuch(retryAfterMs);
  }

  /** Somebody's message who is not in the room. Gives where it is in the log; or why not. Source: T3. */
  post({ key, packet }: Post & { ok: true }): Promise<{ offset: Offset } | Refusal> {
    const { queue, chats, broken } = this.#parts;
    const behindMs = queue.retryAfterMs;
    if (behindMs > 0) return Promise.resolve(refuse("rate-limited", "The server cannot keep up for the moment.", behindMs));
    return new Promise((resolve) => {
      queue.push({
        operation: { kind: "post", key, packet },
        settle: (outcome) => {
          if (outcome.kind === "refused") return resolve(outcome.refusal);
          if (outcome.kind !== "appended") return resolve(refuse("internal", `The engine answered post with ${outcome.kind}.`));
          chats.add(outcome.offset);
          resolve({ offset: outcome.offset });
        },
        fail: (cause) => resolve(broken(cause)),
      });
    });
  }

  /** Another nickname, if it is free. Source: S41. */
  rename(session: Session, text: string): Promise<{ nick: string } | Refusal> {
    const limited = this.spend(session);
    if (limited !== undefined) return Promise.resolve(limited);
    const checked = checkNickname(text);
    if (!checked.ok) return Promise.resolve(refuse("nick-invalid", `This is no nickname: ${checked.fault}.`));
    const { nick, key } = checked;
    const { nick: from, key: fromKey } = session;
    if (nick === from) return Promise.resolve({ nick });
    const { announcer, queue, roster, broken } = this.#parts;
    // Nobody takes a name in the log before the log says that somebody else came in under it, or left.
    announcer.sayNow(session);
    const packet = announcer.quiet ? {} : { packet: encodeService({ type: "renamed", from, to: nick }) };
    return new Promise((resolve) => {
      queue.push({
        operation: { kind: "rename", session: session.id, turn: session.turn, nick, key, ...packet },
        settle: (outcome) => {
          if (outcome.kind === "refused") return resolve(outcome.refusal);
          if (outcome.kind !== "renamed") return resolve(unsettled(outcome));
          roster.remove(fromKey);
          roster.add(key, nick);
          session.rename(nick, key);
          resolve({ nick });
        },
        fail: (cause) => {
          // It may have been kept all the same: whoever asked has to say hello, and is told the name.
          const refusal = broken(cause);
          session.transport?.close(refusal);
          resolve(refusal);
        },
      });
    });
  }
}

/** Field by field: a session remembers many of these, and a copy of an object with one field more has a hidden class of its own. */
function numbered({ code, message, retryAfterMs }: Refusal, seq: number): NumberedRefusal {
  return retryAfterMs === undefined ? { seq, code, message } : { seq, code, message, retryAfterMs };
}

function tooMuch(retryAfterMs: number): Refusal {
  return refuse("rate-limited", "Too much at once.", retryAfterMs);
}

function unsettled(outcome: Outcome): Refusal {
  if (outcome.kind === "stale") return refuse("replaced", "The session went on elsewhere.");
  return refuse("seq-gap", `An earlier number was not dealt with (${outcome.kind}).`);
}
