import { MemoryStore } from "../engine/memory-store.ts";
import type { Transaction } from "../engine/store.ts";

/** A store whose disk takes its time: what is written is kept only when a test lets it. */
export class HeldStore extends MemoryStore {
  #held: Promise<void> | undefined;
  #letGo: (() => void) | undefined;

  override async write(transaction: Transaction): Promise<void> {
    await this.#held;
    await super.write(transaction);
  }

  holds(): void {
    this.#held = new Promise((resolve) => {
      this.#letGo = resolve;
    });
  }

  letsGo(): void {
    this.#letGo?.();
    this.#held = undefined;
  }
}
