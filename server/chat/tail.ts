import { packetLength } from "../../shared/packet.ts";
import type { Chunk, Offset } from "../engine/engine.ts";

/** A run of packets, ready to be written. */
export type Slice = { readonly octets: Uint8Array; readonly first: Offset; readonly last: Offset };

/** Where each packet of a chunk ends, in octets. Found when it is first asked for: most chunks go out whole. */
const endsOf = new WeakMap<Chunk, Uint32Array>();

function ends(chunk: Chunk): Uint32Array {
  let found = endsOf.get(chunk);
  if (found === undefined) {
    found = new Uint32Array(chunk.last - chunk.first + 1);
    for (let index = 0, at = 0; index < found.length; index++) {
      at += packetLength(chunk.octets, at) as number; // well formed: it is in the log
      found[index] = at;
    }
    endsOf.set(chunk, found);
  }
  return found;
}

/** Where the packet at `offset` of this chunk starts; its length for the offset after its last. */
function startOf(chunk: Chunk, offset: Offset): number {
  if (offset <= chunk.first) return 0;
  if (offset > chunk.last) return chunk.octets.length;
  return ends(chunk)[offset - chunk.first - 1] as number;
}

/**
 * The packets after `after`, up to and with `until`, from chunks that follow each other: as many as fit into `maxOctets`, and at least one.
 * Undefined where the chunks have none of them.
 */
export function sliceChunks(
  chunks: readonly Chunk[],
  after: Offset,
  maxOctets: number,
  until: Offset = Number.POSITIVE_INFINITY,
): Slice | undefined {
  const pieces: Uint8Array[] = [];
  let first = 0;
  let last = 0;
  let room = maxOctets;
  for (const chunk of chunks) {
    if (chunk.last <= after) continue;
    const from = Math.max(chunk.first, after + 1);
    if (from > until) break;
    let to = Math.min(chunk.last, until);
    const start = startOf(chunk, from);
    if (startOf(chunk, to + 1) - start > room) to = lastThatFits(chunk, start, room);
    if (to < from) {
      if (last !== 0) break;
      to = from;
    }
    const piece = chunk.octets.subarray(start, startOf(chunk, to + 1));
    pieces.push(piece);
    if (first === 0) first = from;
    last = to;
    room -= piece.length;
    if (to < chunk.last) break;
  }
  if (last === 0) return undefined;
  return { octets: pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces), first, last };
}

/** The last offset of `chunk` whose packet ends within `room` octets of `start`: by halving. */
function lastThatFits(chunk: Chunk, start: number, room: number): Offset {
  const all = ends(chunk);
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle] as number) - start <= room) low = middle + 1;
    else high = middle;
  }
  return chunk.first + low - 1;
}

/** The time in force after the packet at `offset`, which these chunks hold or border on; undefined where they do not. */
export function timeAt(chunks: readonly Chunk[], offset: Offset): number | undefined {
  for (const chunk of chunks) {
    if (offset === chunk.first - 1) return chunk.before;
    if (offset <= chunk.last) return offset >= chunk.first ? chunk.at : undefined;
  }
  return undefined;
}

/** The end of a room's log, in memory: what live receivers and those who are a little behind need. */
export class Tail {
  readonly #maxOctets: number;
  #chunks: Chunk[] = [];
  #octets = 0;
  #first: Offset = 1;

  /** Keeps at least the newest `maxOctets`, and at most twice that and a chunk: so that dropping old chunks is rare work. */
  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
  }

  /** The offset before the oldest packet that it gives; undefined while it has none. */
  get before(): Offset | undefined {
    const oldest = this.#chunks[0];
    return oldest === undefined ? undefined : Math.max(oldest.first, this.#first) - 1;
  }

  /** What the log no longer keeps, from before `first`, is not to be had here either. */
  trim(first: Offset): void {
    if (first <= this.#first) return;
    this.#first = first;
    this.#chunks = this.#chunks.filter((chunk) => chunk.last >= first);
    this.#octets = this.#chunks.reduce((octets, chunk) => octets + chunk.octets.length, 0);
  }

  append(chunk: Chunk): void {
    this.#chunks.push(chunk);
    this.#octets += chunk.octets.length;
    if (this.#octets <= 2 * this.#maxOctets) return;
    let stale = 0;
    while (this.#octets > this.#maxOctets && stale < this.#chunks.length - 1) {
      this.#octets -= (this.#chunks[stale] as Chunk).octets.length;
      stale++;
    }
    this.#chunks = this.#chunks.slice(stale);
  }

  /** The chunks from the one that holds `after + 1` on; undefined where older ones would be needed, none at the end. */
  from(after: Offset): readonly Chunk[] | undefined {
    const { before } = this;
    if (before === undefined || after < before) return undefined;
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle] as Chunk).last <= after) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? this.#chunks : this.#chunks.slice(low);
  }
}
