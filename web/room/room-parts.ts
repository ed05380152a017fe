import type { ChatConnection, ConnectionListener, ConnectionOptions } from "../../shared/connection/chat-connection.ts";
import type { ConnectionClock } from "../../shared/connection/environment.ts";
import type { WarmSocket } from "../../shared/connection/warm-socket.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { SessionSecret } from "../../shared/session-secret.ts";
import type { Keepsake } from "./keepsake.ts";
import type { Preferences } from "./preferences.ts";

/** What the room uses of a connection. */
export type Connection = Pick<
  ChatConnection,
  "start" | "send" | "sendAgain" | "discard" | "rename" | "history" | "leave" | "linger" | "probe" | "stop" | "save"
>;

/** What the room needs of the world. */
export type RoomParts = {
  readonly room: RoomName;
  connect(options: Omit<ConnectionOptions, "url">, listener: ConnectionListener): Connection;
  /** What is opened while the person still types, so that coming in is quicker. */
  readonly warmSocket?: Pick<WarmSocket, "warm" | "cool">;
  newSecret(): SessionSecret;
  readonly clock: ConnectionClock;
  readonly keepsake: Keepsake;
  readonly preferences: Preferences;
};
