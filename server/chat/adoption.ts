import type { SessionRecord } from "../engine/engine.ts";
import type { HubContext } from "./hub-context.ts";
import type { Rooms } from "./rooms.ts";

/** How long until sessions that could not be taken over are tried again, ms. */
const TRY_AGAIN_MS = 1000;

/** Takes over the sessions that no node looks after; each has its full grace to come back. Source: S28, D6. */
export class Adoption {
  readonly #context: HubContext;
  readonly #rooms: Rooms;
  readonly #listener: (sessions: number) => void;
  #ignoreOrphans: (() => void) | undefined;
  #stopped = false;

  /** `listener` is told how many it takes over from a node that is gone. */
  constructor(context: HubContext, rooms: Rooms, listener: (sessions: number) => void) {
    this.#context = context;
    this.#rooms = rooms;
    this.#listener = listener;
  }

  /** Takes over those of an earlier life, and from then on those of nodes that go. Gives how many there were. */
  async start(): Promise<number> {
    const { engine } = this.#context;
    const records = await engine.adopt();
    for (const record of records) (await this.#rooms.open(record.room)).adopt(record);
    this.#ignoreOrphans = engine.orphans((orphans) => {
      this.#listener(orphans.length);
      void this.#adopt(orphans);
    });
    return records.length;
  }

  stop(): void {
    this.#stopped = true;
    this.#ignoreOrphans?.();
  }

  async #adopt(records: readonly SessionRecord[]): Promise<void> {
    for (const [index, { room }] of records.entries()) {
      if (this.#stopped) return; // when this node is gone, the next one takes them over
      try {
        (await this.#rooms.open(room)).adopt(records[index] as SessionRecord);
      } catch (cause) {
        this.#context.broken(room, cause);
        this.#context.clock.after(TRY_AGAIN_MS, () => void this.#adopt(records.slice(index)));
        return;
      }
    }
  }
}
