import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { TextStorage } from "./text-storage.ts";

/** One thing that a person chose, for all rooms and visits. What is kept of it may be anything: `read` makes a choice of it. */
export class Preference<Value extends string> {
  readonly #storage: TextStorage;
  readonly #name: string;
  readonly #read: (kept: string | undefined) => Value;
  readonly #value: Signal<Value>;

  constructor(storage: TextStorage, name: string, read: (kept: string | undefined) => Value) {
    this.#storage = storage;
    this.#name = name;
    this.#read = read;
    this.#value = signal(read(storage.get(name)));
  }

  get chosen(): ReadonlySignal<Value> {
    return this.#value;
  }

  choose(value: Value): void {
    this.#value.value = value;
    this.#storage.set(this.#name, value);
  }

  /** Another tab may have chosen. */
  look(): void {
    this.#value.value = this.#read(this.#storage.get(this.#name));
  }
}
