import type { RoomName } from "../../shared/room-name.ts";
import type { AgeSearch } from "../engine/age-search.ts";
import type { Chunk, Offset, SessionId } from "../engine/engine.ts";
import type { KeptSession, Loaded, Store, Transaction } from "../engine/store.ts";

/** A store before another one: it fails, or takes its time, when a test wants it to. */
export class TriedStore implements Store {
  readonly #store: Store;
  /** While it is set every write rejects with it, and nothing is written. */
  failure: Error | undefined;
  /** While it is set writes wait for it. */
  gate: Promise<void> | undefined;
  /** While it is set writes are written, and then wait for it before they say so. */
  late: Promise<void> | undefined;
  /** What it was asked to write. */
  readonly asked: Transaction[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  get number(): number {
    return this.#store.number;
  }

  session(id: SessionId): Readonly<KeptSession> | undefined {
    return this.#store.session(id);
  }

  visitEnded(visit: (kept: Readonly<KeptSession>) => void): Promise<void> {
    return this.#store.visitEnded(visit);
  }

  load(): Loaded {
    return this.#store.load();
  }

  async write(transaction: Transaction): Promise<void> {
    this.asked.push(transaction);
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    await this.#store.write(transaction);
    await this.late;
  }

  look(): void {}

  async probe(): Promise<void> {
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
  }

  read(room: RoomName, from: Offset, maxOctets: number): Promise<Chunk[]> {
    return this.#store.read(room, from, maxOctets);
  }

  startOf(room: RoomName, offset: Offset): Promise<Offset | undefined> {
    return this.#store.startOf(room, offset);
  }

  firstSince(room: RoomName, search: AgeSearch): Promise<Offset | undefined> {
    return this.#store.firstSince(room, search);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

/** A promise, and how to keep it. */
export function gate(): { readonly closed: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { closed, open };
}
