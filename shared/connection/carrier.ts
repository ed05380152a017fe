import type { Packet } from "../packet.ts";
import type { Alarm } from "./alarm.ts";
import type { Reading, Way } from "./client-session.ts";
import type { TransportKind } from "./connection-state.ts";
import type { Place } from "./room-reader.ts";
import type { Ending, Transport, TransportListener } from "./transport.ts";

/** Why nothing carries the session any more. `wasOpen`: something did until now. */
export type Loss = (Ending | { readonly kind: "stopping"; readonly reason: string; readonly reconnectInMs: number }) & {
  readonly wasOpen: boolean;
};

/** Who the carriage carries for. */
export interface Rider {
  hello(): { octets: Uint8Array<ArrayBuffer>; asked: Place | undefined };
  /** The number of the last `hello` that was answered. */
  readonly turn: number;
  makeTransport(kind: TransportKind, listener: TransportListener): Transport;
  read(packets: readonly Packet[], way: Omit<Way, "nowMs">): Reading;
  /** What was read is to be told. With `welcome` in it, the session is carried from here on. */
  tell(reading: Reading): void;
  /** More can be sent. */
  ready(roundTripMs: number): void;
  /** Nothing carries the session, and nothing is trying to. */
  lost(loss: Loss): void;
}

/** One transport and what is known of it. */
export type Carrier = {
  readonly transport: Transport;
  readonly deadline: Alarm;
  opened: boolean;
  /** It was open before it was needed. */
  warm: boolean;
  /** When its last `hello` was said, while that is unanswered. */
  helloMs: number | undefined;
  asked: Place | undefined;
  heardMs: number;
  welcomedMs: number;
};
