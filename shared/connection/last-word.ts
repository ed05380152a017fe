import { encodeService } from "../packet.ts";
import type { SessionSecret } from "../session-secret.ts";
import type { Environment } from "./environment.ts";
import { exchange } from "./exchange.ts";

/** How long the server may take to hear that somebody leaves, ms. */
export const LEAVE_WITHIN_MS = 2_000;
/** How long a page that closes may take to come back, ms: it may be reloading. Source: S27. */
const LINGER_MS = 10_000;

/** Says `leave` for `secret`, from outside of any transport: that works whatever carried the session. Returns how to call it off. Source: H10. */
export function sayLeft(environment: Environment, pollUrl: string, secret: SessionSecret, done: () => void): () => void {
  return say(environment, pollUrl, { session: secret }, LEAVE_WITHIN_MS, done);
}

/** The same from a page that closes, which cannot know whether it comes back. Nobody is left to wait for the answer. */
export function sayLingering(environment: Environment, pollUrl: string, secret: SessionSecret): void {
  say(environment, pollUrl, { session: secret, linger: LINGER_MS }, undefined, () => {});
}

type LastWord = { readonly session: SessionSecret; readonly linger?: number };

function say(environment: Environment, pollUrl: string, word: LastWord, withinMs: number | undefined, done: () => void): () => void {
  const headers = { "Content-Type": "text/plain; charset=utf-8" };
  const body = encodeService({ type: "leave", ...word });
  return exchange(environment, pollUrl, { method: "POST", headers, body, keepalive: true }, withinMs, done);
}
