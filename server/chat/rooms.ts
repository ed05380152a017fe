import type { Refusal } from "../../shared/codes.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { HubContext } from "./hub-context.ts";
import { refuse } from "./replies.ts";
import { Room } from "./room.ts";

/** How long until a room that could not be opened is tried again, ms. */
const TRY_AGAIN_MS = 1000;

/** The rooms that are open. */
export class Rooms {
  readonly #context: HubContext;
  readonly #rooms = new Map<RoomName, Promise<Room>>();
  /** Rooms that are being given up: before that is done nobody may open them anew. */
  readonly #givenUp = new Map<RoomName, Promise<void>>();
  /** Set when no more rooms are used: why. */
  #closed: Refusal | undefined;

  constructor(context: HubContext) {
    this.#context = context;
  }

  /** From here on whoever wants a room is told why not. */
  close(refusal: Refusal): void {
    this.#closed = refusal;
  }

  /** The room, opened where it is not open. */
  open(name: RoomName): Promise<Room> {
    let room = this.#rooms.get(name);
    if (room === undefined) {
      const before = this.#givenUp.get(name);
      room = before === undefined ? Room.open(name, this.#context) : before.then(() => Room.open(name, this.#context));
      this.#rooms.set(name, room);
      const opened = room;
      // Whoever asked is told; the next one tries again.
      room.catch(() => this.#rooms.get(name) === opened && this.#rooms.delete(name));
    }
    return room;
  }

  /** All that are open. */
  async all(): Promise<Room[]> {
    const rooms = await Promise.allSettled(this.#rooms.values());
    return rooms.flatMap((room) => (room.status === "fulfilled" ? [room.value] : []));
  }

  /** Does something in a room, at once when it is open. Gives what came of it, or why it could not be done. */
  async use<Result>(name: RoomName, run: (room: Room) => Result | Promise<Result>): Promise<Result | Refusal> {
    try {
      for (;;) {
        if (!this.#rooms.has(name) && !(await this.#context.engine.hasRoomFor(name)))
          return refuse("full", "There are too many rooms.", 60_000);
        const opened = this.open(name);
        const room = await opened;
        // Meanwhile it may have begun to stop; or the room, being empty, was put away.
        if (this.#closed !== undefined) return this.#closed;
        if (this.#rooms.get(name) === opened) return await run(room);
      }
    } catch (cause) {
      this.#context.broken(name, cause);
      return internalRefusal();
    }
  }

  /** Puts away those in which nobody is, and that are not `inUse`. */
  async putAway(inUse: (room: Room) => boolean): Promise<void> {
    for (const room of await this.all()) {
      if (!room.idle || inUse(room)) continue;
      this.#rooms.delete(room.name);
      room.close();
    }
  }

  /** A room is of no use any more. It is opened anew when somebody wants it; or at once, where people are this node's to look after. */
  giveUp({ name }: Room, { settled, deserted }: { readonly settled: Promise<void>; readonly deserted: boolean }): void {
    this.#rooms.delete(name);
    const givenUp = settled.then(() => {
      if (this.#givenUp.get(name) === givenUp) this.#givenUp.delete(name);
    });
    this.#givenUp.set(name, givenUp);
    if (!deserted) this.#openAgain(name);
  }

  #openAgain(name: RoomName): void {
    if (this.#closed !== undefined) return;
    this.open(name).catch((cause) => {
      this.#context.broken(name, cause);
      this.#context.clock.after(TRY_AGAIN_MS, () => this.#openAgain(name));
    });
  }
}

export function internalRefusal(): Refusal {
  return refuse("internal", "The server cannot keep messages at the moment. Nothing that was acknowledged is lost.", 1000);
}
