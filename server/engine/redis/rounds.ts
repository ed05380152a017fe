import type { RoomName } from "../../../shared/room-name.ts";

/** In this time each room is asked for once. */
export const ROUND_MS = 30_000;
/** How often a room that is followed is noted as used. */
const NOTE_USE_EVERY_MS = 3 * 60_000;

type Parts = {
  /** How long a round takes, ms; with 0 all are in turn each time. */
  readonly roundMs: number;
  /** How often some are asked for, ms. */
  readonly everyMs: number;
};

/** Which rooms are in turn: so many each time that all of them are once in a round. Who comes during one is in the next. */
export class Rounds {
  readonly #parts: Parts;
  #left: RoomName[] = [];
  #atOnce = 0;
  #endsAtMs = 0;
  #notedAtMs = performance.now();
  #notesUse = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** True during a round in which rooms are noted as used as well. */
  get notesUse(): boolean {
    return this.#notesUse;
  }

  next(rooms: Iterable<RoomName>): RoomName[] {
    if (this.#left.length === 0 && performance.now() >= this.#endsAtMs) this.#begin([...rooms]);
    return this.#left.splice(0, this.#atOnce);
  }

  #begin(rooms: RoomName[]): void {
    const { roundMs, everyMs } = this.#parts;
    const nowMs = performance.now();
    this.#left = rooms;
    this.#atOnce = Math.ceil(rooms.length * Math.min(1, everyMs / roundMs));
    this.#endsAtMs = nowMs + roundMs;
    this.#notesUse = nowMs - this.#notedAtMs >= NOTE_USE_EVERY_MS;
    if (this.#notesUse) this.#notedAtMs = nowMs;
  }
}
