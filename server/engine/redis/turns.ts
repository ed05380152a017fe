import type { RoomName } from "../../../shared/room-name.ts";

/** Stands for all rooms where one line is kept for them; no room is called so. */
export const PRESENCE = "" as RoomName;

/** What is asked of a room is done one after the other. */
export class Turns {
  readonly #lines = new Map<RoomName, Promise<unknown>>();
  readonly #pending = new Set<Promise<unknown>>();

  /** When what was asked of the room before is done; and with `presence`, which changes who is anywhere, of any room. */
  take<Result>(room: RoomName, run: () => Promise<Result>, presence = false): Promise<Result> {
    const lines = presence ? [room, PRESENCE] : [room];
    const turn = Promise.all(lines.map((line) => this.#lines.get(line))).then(run);
    const settled = turn.then(
      () => {},
      () => {},
    );
    for (const line of lines) this.#lines.set(line, settled);
    this.#pending.add(settled);
    void settled.then(() => {
      this.#pending.delete(settled);
      for (const line of lines) if (this.#lines.get(line) === settled) this.#lines.delete(line);
    });
    return turn;
  }

  /** Resolves when all that is asked for now is done, or has failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }
}
