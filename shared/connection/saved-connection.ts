import type { TransportKind } from "./connection-state.ts";
import type { SavedEntry } from "./outbox.ts";
import type { Unconfirmed } from "./room-reader.ts";

/**
 * All that has to survive a reload: plain JSON. Whoever keeps it, keeps it anew in each call of the listener's `outbox`, before returning:
 * then nothing goes out twice, however the page ends.
 */
export type SavedConnection = {
  /** Which log `offset` and `at` belong to; absent where nothing is known of the room. Leave it out to begin anew with `history`. */
  log?: string;
  /** The last room packet that was handed over, and the time there. */
  offset: number;
  at: number;
  /** Up to where the server had confirmed the count, and the digests of the last packets. */
  unconfirmed?: Unconfirmed;
  /** The nickname at the end: what to hand over as `nick` the next time. */
  nick: string;
  /** Up to which number the answers were known. */
  knownSeq: number;
  nextId: number;
  outbox: SavedEntry[];
  /** Set where WebSocket did not work. */
  preferred?: Extract<TransportKind, "long-poll">;
};
