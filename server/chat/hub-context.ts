import type { RoomName } from "../../shared/room-name.ts";
import type { LeftWhy } from "../../shared/service.ts";
import type { Clock } from "../clock.ts";
import type { Engine, NumberedRefusal, SessionId } from "../engine/engine.ts";
import type { Backlog } from "./backlog.ts";
import type { Rate } from "./rate-limit.ts";
import type { Room } from "./room.ts";
import type { Session } from "./session.ts";
import type { Transport } from "./transport.ts";
import type { Wheel } from "./wheel.ts";

/** The limits that the operator sets. */
export type HubLimits = {
  /** Sessions held at once: all rooms, all nodes. */
  readonly maxClients: number;
  /** Of those, from one address; 0 lifts it. */
  readonly maxClientsPerAddress: number;
  /** New sessions a minute from one address; 0 lifts it. */
  readonly joinsPerMinute: number;
  readonly heartbeatMs: number;
  readonly graceMs: number;
  readonly rate: Rate;
  /** Above so many present in a room, coming and going is not logged. */
  readonly noticeLimit: number;
  /** Where set, there are no other rooms. */
  readonly rooms?: readonly RoomName[];
};

/** What a room needs of the house around it. */
export interface HubContext {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly wheel: Wheel;
  readonly backlog: Backlog;
  readonly limits: HubLimits;
  random(): number;
  /** The session exists from now on. */
  admitted(session: Session): void;
  /** It said `hello`, and is in. */
  entered(session: Session, by: { transport: Transport; address: string }, resumed: boolean): void;
  refused(session: Session, refusal: NumberedRefusal): void;
  /** The session is over: the room has forgotten it. */
  dismissed(session: Session, why: LeftWhy): void;
  /** Another node looks after it from now on: the room has let go of it. */
  dropped(session: Session): void;
  /** What is known here of a session that another node looked after so far; undefined where nothing is. */
  visitor(id: SessionId, room: Room): Session | undefined;
  /** The room is of no use any more, and has let go of everybody. Another one may be opened when `settled`. `deserted`: nobody needs one. */
  lost(room: Room, how: { readonly settled: Promise<void>; readonly deserted: boolean }): void;
  /** The engine failed. */
  broken(room: RoomName, cause: unknown): void;
}
