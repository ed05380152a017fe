import { ClientOfflineError, DisconnectsClientError, ErrorReply, SocketClosedUnexpectedlyError } from "redis";
import { EngineError } from "../engine.ts";

/** Redis could not do what it was asked to. `passes`: it may be over in a moment, and the same may be asked for again. */
export class RedisTrouble extends EngineError {
  readonly passes: boolean;
  /** The sentence without what differs from time to time: two of the same topic are the same trouble. */
  readonly topic: string;

  constructor(sentence: string, passes: boolean, cause: unknown) {
    super(sentence, { cause });
    this.passes = passes;
    this.topic = sentence.replace(/ \(.*\)/s, "");
  }
}

/** It was asked, and did not answer in time: whether it did what it was asked to is not known. */
export class NoAnswer extends Error {}

const NO_TLS = "Redis could not be talked to over TLS: rediss:// is for a Redis that speaks it, redis:// for one that does not.";

/** What Redis' errors begin with, what they mean for an operator, and whether they pass by themselves. */
const SENTENCES: readonly (readonly [RegExp, string, boolean])[] = [
  [
    /NOAUTH|WRONGPASS|invalid password|AUTH <password>/,
    "Redis asks for a password, or for another one: put it into REDIS_URL (redis://:password@host).",
    false,
  ],
  [
    /NOPERM/,
    "Redis does not let this user do what Palabre needs: give it all commands on the keys palabre:* and on the channels palabre:*.",
    false,
  ],
  [/READONLY/, "Redis is read-only: REDIS_URL has to name the primary, not a replica.", true],
  [/OOM/, "Redis is out of memory: raise its maxmemory, or keep less with HISTORY_PACKETS and HISTORY_DAYS.", false],
  [/MISCONF/, "Redis cannot write to its disk: is that full, or failing?", false],
  [
    /WRONGTYPE/,
    "A key of Palabre's holds something else: does another program use the same keys? Give Palabre a Redis, or a database, of its own.",
    false,
  ],
  [/NOREPLICAS/, "Too few replicas of Redis answer.", true],
  [/LOADING/, "Redis is still reading what it kept.", true],
  [/CLUSTERDOWN|MASTERDOWN|TRYAGAIN|UNBLOCKED/, "Redis is changing its primary.", true],
  [/BUSY/, "Redis is busy with a script that takes too long.", true],
  [/unknown command/i, "This Redis does not know what Palabre needs: Redis 7 or later, or Valkey.", false],
  [/OUTDATED/, "Redis has kept a later commit of this node.", false],
  [/different request (was|type)|wrong version number|packet length too long|SSL|TLS|certificate/i, NO_TLS, false],
];

export function redisTrouble(error: unknown): RedisTrouble {
  if (error instanceof RedisTrouble) return error;
  if (error instanceof DisconnectsClientError) return redisTrouble(new NoAnswer());
  const message = error instanceof Error ? error.message : String(error);
  const known = SENTENCES.find(([pattern]) => pattern.test(message));
  if (known) return new RedisTrouble(`${known[1]} (${brief(message)})`, known[2], error);
  if (error instanceof NoAnswer) return new RedisTrouble("Redis does not answer.", true, error);
  if (error instanceof ErrorReply) return new RedisTrouble(`Redis would not do what it was asked to (${brief(message)}).`, false, error);
  return new RedisTrouble(`Redis cannot be reached (${brief(message) || nameOf(error)}).`, !(error instanceof TypeError), error);
}

/** To whom TLS means nothing may say nothing. */
export function noAnswerOverTls(cause: unknown): RedisTrouble {
  return new RedisTrouble(NO_TLS, true, cause);
}

/** There is no connection: why, says what became of the last one. */
export function isOffline(error: unknown): boolean {
  return error instanceof ClientOfflineError || error instanceof SocketClosedUnexpectedlyError;
}

/** The node of which commit.lua asks whether it lives. */
export function unknownNode(error: unknown): string | undefined {
  const { cause } = error as { cause?: unknown };
  return cause instanceof ErrorReply ? /^UNKNOWN (\S+)/.exec(cause.message)?.[1] : undefined;
}

/** An error of several addresses has no message of its own. */
function nameOf(error: unknown): string {
  const { code, errors } = error as { code?: string; errors?: { message?: string }[] };
  return errors?.[0]?.message ?? code ?? "no reason given";
}

/** In one line, and without the script that it happened in. */
function brief(message: string): string {
  return (
    message
      .replace(/(?: script: [0-9a-f]{40})?, on @user_script:\d+\.?/g, "")
      .split("\n")[0]
      ?.slice(0, 200) ?? ""
  );
}
