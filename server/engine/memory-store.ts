import type { RoomName } from "../../shared/room-name.ts";
import type { AgeSearch } from "./age-search.ts";
import type { Chunk, LogState, Offset, SessionId } from "./engine.ts";
import { type KeptSession, type Loaded, needsCare, type Store, type Transaction } from "./store.ts";

/** Keeps everything for as long as it is there itself, and nothing on disk. */
export class MemoryStore implements Store {
  readonly #sessions = new Map<SessionId, Readonly<KeptSession>>();
  readonly #logs = new Map<RoomName, LogState>();
  readonly #chunks = new Map<RoomName, Chunk[]>();
  #number = 0;

  get number(): number {
    return this.#number;
  }

  load(): Loaded {
    return { sessions: [...this.#sessions.values()].filter(needsCare), logs: this.#logs };
  }

  session(id: SessionId): Readonly<KeptSession> | undefined {
    return this.#sessions.get(id);
  }

  async visitEnded(visit: (kept: Readonly<KeptSession>) => void): Promise<void> {
    for (const kept of this.#sessions.values()) if (!needsCare(kept)) visit(kept);
  }

  async write({ number, sessions, logs, chunks }: Transaction): Promise<void> {
    this.#number = number;
    for (const [id, kept] of sessions) {
      if (kept === undefined) this.#sessions.delete(id);
      else this.#sessions.set(id, kept);
    }
    for (const { room, chunk } of chunks) {
      const kept = this.#chunks.get(room);
      if (kept === undefined) this.#chunks.set(room, [chunk]);
      else kept.push(chunk);
    }
    for (const [room, log] of logs) {
      if (log === undefined) {
        this.#logs.delete(room);
        this.#chunks.delete(room);
        continue;
      }
      const kept = this.#chunks.get(room) ?? [];
      if (log.first > (this.#logs.get(room)?.first ?? 1)) this.#chunks.set(room, kept.slice(indexOf(kept, log.first)));
      this.#logs.set(room, log);
    }
  }

  look(): void {}

  async probe(): Promise<void> {}

  async read(room: RoomName, from: Offset, maxOctets: number): Promise<Chunk[]> {
    const kept = this.#chunks.get(room) ?? [];
    const chunks: Chunk[] = [];
    let left = maxOctets;
    for (let index = indexOf(kept, from); index < kept.length; index++) {
      const chunk = kept[index] as Chunk;
      left -= chunk.octets.length;
      if (left < 0 && chunks.length > 0) break;
      chunks.push(chunk);
    }
    return chunks;
  }

  async startOf(room: RoomName, offset: Offset): Promise<Offset | undefined> {
    const kept = this.#chunks.get(room) ?? [];
    const chunk = kept[indexOf(kept, offset)];
    return chunk !== undefined && chunk.first <= offset ? chunk.first : undefined;
  }

  async firstSince(room: RoomName, search: AgeSearch): Promise<Offset | undefined> {
    for (const { first, at } of this.#chunks.get(room) ?? []) if (search.ends(first, at)) break;
    return search.found;
  }

  async close(): Promise<void> {}
}

/** Where the first chunk is that ends at `offset` or later: by halving. */
function indexOf(chunks: readonly Chunk[], offset: Offset): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunks[middle] as Chunk).last < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
