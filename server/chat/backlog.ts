/** So many operations may wait for the engine, all rooms together: some 25 MB, where each is a message of the longest kind. */
const MAX_OPERATIONS = 16_384;

/** What waits for the engine. When it is full, senders are held back, each at its own end. Source: X5. */
export class Backlog {
  #operations = 0;

  /** How many operations wait. */
  get operations(): number {
    return this.#operations;
  }

  get full(): boolean {
    return this.#operations >= MAX_OPERATIONS;
  }

  add(): void {
    this.#operations++;
  }

  /** So many are dealt with, or given up. */
  remove(operations: number): void {
    this.#operations -= operations;
  }
}
