import { encodeUtf8 } from "../../shared/octets.ts";

/** How a case comes to the server: a way in, or none for what runs in this process. */
export type WireDoor = "websocket" | "long-poll" | "tcp" | "http";
export const WIRE_DOORS: readonly WireDoor[] = ["websocket", "long-poll", "tcp", "http"];

/**
 * One packet, body or frame. `awaits` says what the sender does next: `answer`, it is well formed and stands behind nothing broken, so that
 * an answer has to come; `perhaps`, one may come; `nothing`, the next one follows at once.
 */
export type Step = { readonly octets: Uint8Array; readonly awaits: "answer" | "perhaps" | "nothing" };

/** What one connection says from its beginning to its end: the same seed and number give the same octets. */
export type Script = {
  readonly door: WireDoor;
  readonly steps: readonly Step[];
  /** Whose session it uses: what is known of it is put in where the octets have a mark. */
  readonly secret: string;
  /** `half-close`: a FIN after the last octet, and the server hangs up. `cut`: a reset, at once. */
  readonly end: "half-close" | "cut";
};

/**
 * Places in a script that only the server's answers can fill, all of a fixed length, so that no other octet depends on them: numbers as
 * they stand in a query (padded with zeros) or in JSON (padded with blanks), and the identity of the log.
 */
export const MARKS = {
  offsetInQuery: "~offset~~~~~~~0",
  seqInQuery: "~seq~~~~~~~~~~0",
  turnInQuery: "~turn~~~~~~~~~0",
  offsetInJson: "~offset~~~~~~~_",
  seqInJson: "~seq~~~~~~~~~~_",
  log: "~log~~~~~~~~",
} as const;

/** What the answers to a session said: for the marks. */
export type Known = { turn: number; log: string; offset: number; seq: number };

export function nothingKnown(): Known {
  return { turn: 1, log: "unknown-logs", offset: 0, seq: 0 };
}

const TILDE = 0x7e;

/** The octets as they are sent: marks filled in, as long as before. */
export function fillMarks(octets: Uint8Array, known: Known): Uint8Array {
  if (!octets.includes(TILDE)) return octets;
  const filled = Buffer.from(octets);
  const values: [mark: string, value: string][] = [
    [MARKS.offsetInQuery, String(known.offset).padStart(15, "0")],
    [MARKS.seqInQuery, String(known.seq + 1).padStart(15, "0")],
    [MARKS.turnInQuery, String(known.turn).padStart(15, "0")],
    [MARKS.offsetInJson, String(known.offset).padStart(15)],
    [MARKS.seqInJson, String(known.seq).padStart(15)],
    [MARKS.log, known.log.padEnd(12, "-").slice(0, 12)],
  ];
  for (const [mark, value] of values) {
    for (let at = filled.indexOf(mark); at >= 0; at = filled.indexOf(mark, at + 1)) filled.set(encodeUtf8(value), at);
  }
  return filled;
}
