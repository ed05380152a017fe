import type { LeftWhy } from "../../shared/service.ts";

/** A packet of the room's log, as a client was handed it. Source: L2. */
export type HeardPacket =
  | { kind: "chat"; nick: string; text: string }
  | { kind: "joined"; nicks: readonly string[] }
  | { kind: "left"; nicks: readonly string[]; why: LeftWhy }
  | { kind: "renamed"; from: string; to: string }
  | { kind: "notice"; text: string }
  | { kind: "clock"; atMs: number };

/**
 * One thing that happened to a client, in the order in which it happened to it. Texts are unique over the whole run: a text stands for the
 * message.
 *
 * - `sent`: handed over to be said (into the outbox, or straight onto a transport).
 * - `acknowledged`: the server said that it is in the log; `offset` where it said which.
 * - `refused`: the server said that it is not in the log, and the client gave it up. What is tried again under another number is not refused.
 * - `retried`: the server said that it is not in the log under its number, and it goes out again under another: its place among what was sent around
 *   it is no longer promised. Where this is not seen, it may be left out.
 * - `welcomed`: in, and reading from `offset` on. `fresh`: what was heard before is void. `resumed`, `nick`, `seq`, `turn`: as `welcome` said, where it
 *   is known. Not fresh, `offset` is where the client was.
 * - `heard`: the packet at `offset`. A client that hides a kind of packet (`clock`) leaves it out; `complete` in its history says which it is.
 * - `gap`: the packets `from` to `to` are no longer kept.
 * - `roster`: who is there, as far as this client knows after everything above: complete, with `online` counted by the server.
 * - `ended`: its session is over, for good.
 */
export type Entry =
  | { kind: "sent"; text: string }
  | { kind: "acknowledged"; text: string; offset?: number }
  | { kind: "refused"; text: string; code: string }
  | { kind: "retried"; text: string; code: string }
  | { kind: "welcomed"; log?: string; offset: number; fresh: boolean; resumed: boolean; nick: string; seq?: number; turn?: number }
  | { kind: "heard"; offset: number; packet: HeardPacket }
  | { kind: "gap"; from: number; to: number }
  | { kind: "roster"; nicks: readonly string[]; online: number }
  | { kind: "ended"; why: string };

/** What one client did and was told: one session secret, however often it came back. */
export type ClientHistory = {
  readonly name: string;
  /** True where every counted packet is among its entries (a reader of the wire); false where some kinds are left out. */
  readonly complete: boolean;
  readonly entries: readonly Entry[];
};

/** The log as it stands at the end, read whole by somebody who just came: `packets[0]` is at `first`. */
export type FinalLog = { readonly log: string; readonly first: number; readonly packets: readonly HeardPacket[] };

/** A whole run of one room. */
export type History = {
  readonly clients: readonly ClientHistory[];
  readonly end: FinalLog;
  /** Who a fresh join at the very end was told is there, itself included; absent where too many for one roster. */
  readonly roster?: { readonly nicks: readonly string[]; readonly online: number };
};

/** Something that must never be. `rule` is the promise that it breaks; `offset`: where in the log to look, if anywhere. */
export type Violation = { readonly rule: ViolationRule; readonly client?: string; readonly offset?: number; readonly what: string };

export type ViolationRule =
  /** Acknowledged, and not in the log, or not where the `ack` said. */
  | "acknowledged-lost"
  /** A message that is in the log, or that one client was handed, more than once. */
  | "twice"
  /** Refused, and yet in the log. */
  | "refused-yet-said"
  /** In the log, and nobody sent it; or under a name that its sender did not have. */
  | "never-sent"
  /** One sender's messages, in another order than they were sent in. */
  | "sender-order"
  /** Two were handed different packets at one offset, or one that is not what the log has there. */
  | "no-single-order"
  /** An offset was passed over without a `gap`, or came out of turn. */
  | "not-contiguous"
  /** A `gap` over packets that the log still has, or that is no range. */
  | "false-gap"
  /** A client that stayed to the end and did not hear the end. */
  | "not-delivered"
  /** Who is there, counted from a roster and what followed it, is not who a fresh join is told. */
  | "roster"
  /** A `joined` of who was there, a `left` of who was not, a nickname that two had at once. */
  | "presence"
  /** A session that came back within its grace, and had been said to have left, or lost its nickname. */
  | "not-resumed";
