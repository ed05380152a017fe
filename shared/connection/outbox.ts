import type { Code } from "../codes.ts";

/**
 * Something that this session said, until the log shows it.
 *
 * - `pending`: not known to be in the log: waiting, or on its way.
 * - `accepted`: in the log, at `offset` or before; it leaves the outbox when the room's packets have come that far.
 * - `refused`: not in the log, and will not be unless it is sent again.
 */
export type OutboxEntry = {
  readonly id: number;
  readonly text: string;
  /** When it was typed, ms since the epoch. */
  readonly typedAt: number;
  readonly state:
    | { readonly kind: "pending" }
    | { readonly kind: "accepted"; readonly offset?: number }
    | { readonly kind: "refused"; readonly code: Code; readonly message: string };
};
