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

/** One entry. `seq` is there while the server's answer to that number is not known, `acked` is the number where that is `ack`. */
export type Item = {
  readonly id: number;
  readonly text: string;
  readonly typedAt: number;
  state: OutboxEntry["state"];
  seq: number | undefined;
  acked: number | undefined;
  /** The name it went out under. */
  nick: string | undefined;
  /** A `welcome` covers its number: accepted, unless a refusal is said again. */
  settling: boolean;
  /** It came back from the room before its answer did: no longer shown as on its way. */
  seen: boolean;
  /** These words were heard in the room, under whatever name, or may have been among what is no longer kept. */
  heard: boolean;
  /** It was refused once because of a rename that crossed it. */
  renamed: boolean;
};

export const PENDING = { kind: "pending" } as const;

export function newItem(typed: Pick<Item, "id" | "text" | "typedAt">, state: Item["state"], seq: number | undefined): Item {
  return { ...typed, state, seq, acked: undefined, nick: undefined, settling: false, seen: false, heard: false, renamed: false };
}

export function isAcceptedBy(state: Item["state"], offset: number): boolean {
  return state.kind === "accepted" && state.offset !== undefined && state.offset <= offset;
}

export function isQueued({ state, seq }: Item): boolean {
  return state.kind === "pending" && seq === undefined;
}

export function wentOut({ state, seq }: Item): boolean {
  return seq !== undefined || state.kind === "accepted";
}

/** It may be in the log, at a place that is not known. */
export function isUnseen({ state, seq }: Item): boolean {
  return seq !== undefined || (state.kind === "accepted" && state.offset === undefined);
}

/** Back to those that wait, in its old place. */
export function wait(item: Item): void {
  item.seq = undefined;
  item.settling = false;
  item.seen = false;
  item.heard = false;
}
