import type { Clock } from "../clock.ts";

/** Something with a next moment at which it has to be looked at. */
export interface Due {
  /** Where the wheel holds it, ms of the clock; Infinity while it is not on the wheel. The wheel writes it. */
  scheduledMs: number;
  /** Does what is due, and says when to look again (ms of the clock); Infinity for never. */
  due(nowMs: number): number;
}

/**
 * Timers for thousands of sessions at the price of one: they are gathered in slots of time, and a slot is looked at when its time
 * has come. Things are late by one slot at the most, never early. Nothing ticks while nothing is on it.
 */
export class Wheel {
  readonly #clock: Clock;
  readonly #slotMs: number;
  readonly #slots = new Map<number, Set<Due>>();
  #nextSlot = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, slotMs: number) {
    this.#clock = clock;
    this.#slotMs = slotMs;
  }

  /** Makes sure that `item` is looked at by `dueMs`. One that is on the wheel for an earlier moment stays there, and says then when it is next. */
  schedule(item: Due, dueMs: number): void {
    if (dueMs >= item.scheduledMs) return;
    this.remove(item);
    const slot = this.#put(item, dueMs);
    if (slot < this.#nextSlot) this.#arm(slot);
  }

  remove(item: Due): void {
    if (item.scheduledMs === Number.POSITIVE_INFINITY) return;
    this.#slots.get(this.#slot(item.scheduledMs))?.delete(item);
    item.scheduledMs = Number.POSITIVE_INFINITY;
  }

  /** Forgets everything. */
  stop(): void {
    this.#cancel?.();
    this.#slots.clear();
  }

  #slot(dueMs: number): number {
    return Math.ceil(dueMs / this.#slotMs);
  }

  #put(item: Due, dueMs: number): number {
    const slot = this.#slot(dueMs);
    let items = this.#slots.get(slot);
    if (items === undefined) {
      items = new Set();
      this.#slots.set(slot, items);
    }
    items.add(item);
    item.scheduledMs = dueMs;
    return slot;
  }

  #arm(slot: number): void {
    this.#cancel?.();
    this.#nextSlot = slot;
    this.#cancel = this.#clock.after(Math.max(1, slot * this.#slotMs - this.#clock.now()), this.#tick);
  }

  readonly #tick = (): void => {
    this.#nextSlot = Number.POSITIVE_INFINITY;
    this.#cancel = undefined;
    const nowMs = this.#clock.now();
    for (const slot of [...this.#slots.keys()]) {
      if (slot * this.#slotMs > nowMs) continue;
      const items = this.#slots.get(slot) as Set<Due>;
      this.#slots.delete(slot);
      for (const item of items) {
        item.scheduledMs = Number.POSITIVE_INFINITY;
        const dueMs = item.due(nowMs);
        if (dueMs < item.scheduledMs) this.schedule(item, dueMs);
      }
    }
    let next = Number.POSITIVE_INFINITY;
    for (const slot of this.#slots.keys()) if (slot < next) next = slot;
    if (next < this.#nextSlot) this.#arm(next);
  };
}
