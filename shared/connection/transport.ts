import type { Refusal } from "../codes.ts";
import type { Packet } from "../packet.ts";
import type { TransportKind } from "./connection-state.ts";

/** Why a transport is gone. */
export type Ending =
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** No answer, one that is none, or cut off. */
  | { readonly kind: "lost" }
  /** Something answered that is not the server. */
  | { readonly kind: "intercepted" }
  /** Given up at this end: nothing was heard any more. */
  | { readonly kind: "silent" }
  /** It brought what is no packet. */
  | { readonly kind: "malformed" };

export interface TransportListener {
  /** `hello` may be said. `warm`: this way was open before it was needed, and may have died unnoticed since. */
  opened(warm?: boolean): void;
  /** One payload, whole. `after`: it was asked for as what comes after that offset. */
  received(packets: readonly Packet[], after?: number): void;
  /** It takes chat packets again. `roundTripMs`: what the last ones took, there and back. */
  ready(roundTripMs: number): void;
  /** It is gone; the last that is heard of it. */
  closed(ending: Ending): void;
}

/** What carries a session, seen from its client. */
export interface Transport {
  readonly kind: TransportKind;
  /** False while it can take no chat packets. */
  readonly ready: boolean;
  /** Begins. May end at once. */
  start(): void;
  hello(octets: Uint8Array<ArrayBuffer>): void;
  /** Takes chat packets, the first one numbered `seq`. Only while `ready`. */
  say(octets: Uint8Array<ArrayBuffer>, seq: number): void;
  /** Takes a service packet that needs no number. */
  serve(octets: Uint8Array<ArrayBuffer>): void;
  /** Takes `leave`, the last word: `closed` says that it was heard. */
  leave(octets: Uint8Array<ArrayBuffer>): void;
  /** What it waits for may have got lost: asks again, where this transport asks. */
  refresh(): void;
  /** Drops it. Nothing is heard of it afterwards. A second call does nothing. */
  close(): void;
}
