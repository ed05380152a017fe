import { MAX_HISTORY } from "../../shared/limits.ts";
import type { LogState, Offset } from "../engine/engine.ts";
import type { Delivery } from "./delivery.ts";
import { sliceChunks, timeAt } from "./tail.ts";

const PIECE_OCTETS = 256 * 1024;

/** A page of older packets; `first` is the first one's offset, `at` its time unless a `clock` says otherwise. */
export type HistoryPage = { readonly first: Offset; readonly at: number; readonly octets: Uint8Array };

/** The packets before offset `before`, oldest first, at most `limit` and 500. Source: H18. */
export async function readHistory(delivery: Delivery, log: LogState, before: Offset, limit: number): Promise<HistoryPage> {
  const last = Math.min(before - 1, log.last);
  const after = Math.max(last - Math.min(limit, MAX_HISTORY), log.first - 1);
  const pieces: Uint8Array[] = [];
  let first = last + 1;
  let { at } = log;
  for (let from = after; from < last; ) {
    const chunks = await delivery.chunks(from, PIECE_OCTETS);
    const slice = sliceChunks(chunks, from, PIECE_OCTETS, last);
    if (slice === undefined) break; // trimmed meanwhile
    if (pieces.length === 0) {
      first = slice.first;
      at = timeAt(chunks, slice.first - 1) ?? at;
    }
    pieces.push(slice.octets);
    from = slice.last;
  }
  return { first, at, octets: Buffer.concat(pieces) };
}
