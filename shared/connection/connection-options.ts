import type { RoomName } from "../room-name.ts";
import type { SessionSecret } from "../session-secret.ts";
import type { ConnectionEvent } from "./connection-event.ts";
import type { ConnectionState, TransportKind } from "./connection-state.ts";
import type { OutboxEntry } from "./outbox.ts";
import type { SavedConnection } from "./saved-connection.ts";

export type ConnectionOptions = {
  /** The server, e.g. "https://chat.example" or "http://127.0.0.1:9814"; a path before /ws, /poll, /history is kept. */
  url: string;
  session: SessionSecret;
  nick: string;
  room: RoomName;
  /** Chat packets wanted on coming in, 0 to 500. Default 50. */
  history?: number;
  /** What an earlier life of this page knew (see `save`). */
  saved?: SavedConnection;
  /** Only this transport; default: the race. */
  only?: TransportKind;
};

/** May call the connection again from within. */
export interface ConnectionListener {
  /** Everything that one payload brought, together, so that a page draws once. */
  events(events: readonly ConnectionEvent[]): void;
  state(state: ConnectionState): void;
  /** The outbox, whole, in order, after any change. Called before anything goes out: what is saved here is never said twice. */
  outbox(entries: readonly OutboxEntry[]): void;
}
