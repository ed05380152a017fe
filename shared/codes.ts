/** What a client does about a code: nothing, ask the person, say `hello` again, or come back later. */
export type Advice = "never" | "ask" | "hello" | "backoff";

/**
 * Every code with its advice, its WebSocket close code and its HTTP status. Source: S44.
 * Nothing else in the code names a status or a close code for a refusal.
 */
export const CODES = {
  malformed: { advice: "never", close: 1008, status: 400 },
  "hello-first": { advice: "never", close: 1008, status: 401 },
  "nick-invalid": { advice: "never", close: 1008, status: 400 },
  "room-invalid": { advice: "never", close: 1008, status: 400 },
  "message-invalid": { advice: "never", close: 1008, status: 400 },
  "nick-mismatch": { advice: "never", close: 1008, status: 400 },
  "wrong-room": { advice: "never", close: 1008, status: 400 },
  "nick-taken": { advice: "ask", close: 1008, status: 409 },
  forbidden: { advice: "never", close: 1008, status: 403 },
  removed: { advice: "never", close: 1008, status: 403 },
  replaced: { advice: "never", close: 1008, status: 409 },
  "too-large": { advice: "never", close: 1009, status: 413 },
  "unknown-session": { advice: "hello", close: 1008, status: 410 },
  "seq-gap": { advice: "hello", close: 1008, status: 409 },
  timeout: { advice: "backoff", close: 1008, status: 408 },
  full: { advice: "backoff", close: 1013, status: 503 },
  "rate-limited": { advice: "backoff", close: 1013, status: 429 },
  stopping: { advice: "backoff", close: 1012, status: 503 },
  internal: { advice: "backoff", close: 1011, status: 500 },
} as const satisfies Record<string, { advice: Advice; close: number; status: number }>;

export type Code = keyof typeof CODES;

/** True for a code of this version of the protocol; a newer server may know more. */
export function isCode(text: string): text is Code {
  return Object.hasOwn(CODES, text);
}

/** Why something was not done, as a value: the code, a sentence for logs, and when trying again makes sense. */
export type Refusal = { code: Code; message: string; retryAfterMs?: number };
