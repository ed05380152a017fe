import type { RoomName } from "../../../shared/room-name.ts";
import type { Clock } from "../../clock.ts";
import type { EngineError } from "../engine.ts";
import { type EngineLog, engineError, Trouble } from "../trouble.ts";
import type { Requests } from "./requests.ts";

type Parts = { readonly clock: Clock; readonly log: EngineLog; readonly requests: Requests; readonly tryAgain: () => void };

/** What went wrong, and in which rooms: nothing is well before all of them were tried. */
export class Failures {
  readonly trouble: Trouble;
  readonly #requests: Requests;
  readonly #rooms = new Set<RoomName>();

  constructor({ clock, log, requests, tryAgain }: Parts) {
    this.trouble = new Trouble({ clock, log, tryAgain });
    this.#requests = requests;
  }

  /** Notes it, and gives it as whoever asked is told. */
  failed(error: unknown, room?: RoomName): EngineError {
    if (this.#requests.closed) return engineError("The engine is closed", "", error);
    if (room !== undefined) this.#rooms.add(room);
    return this.trouble.because(error);
  }

  /** All goes on in each of these rooms as soon as `attempt` succeeds there. */
  async retry(attempt: (room: RoomName) => Promise<void>): Promise<void> {
    for (const room of [...this.#rooms]) {
      await attempt(room);
      this.#rooms.delete(room);
    }
  }
}
