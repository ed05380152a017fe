import { MAX_HISTORY } from "../../shared/limits.ts";
import type { LogState, Offset } from "../engine/engine.ts";
import type { Delivery } from "./delivery.ts";
import { sliceChunks, timeAt } from "./tail.ts";

const PIECE_OCTETS = 256 * 1024;

/** A page of older packets; `first` and `last` are the offsets of its ends (`last` is `first - 1` where it has none), `at` its time unless a `clock` says otherwise. */
export type HistoryPage = { readonly first: Offset; readonly last: Offset; readonly at: number; readonly octets: Uint8Array };

/** The packets before offset `before`, oldest first, at most `limit` and 500. Source: H18. */
export async function readHistory(delivery: Delivery, log: LogState, before: Offset, limit: number): Promise<HistoryPage> {
  const end = Math.min(before - 1, log.last);
  const after = Math.max(end - Math.min(limit, MAX_HISTORY), log.first - 1);
  const pieces: Uint8Array[] = [];
  let first = end + 1;
  let last = end;
  let { at } = log;
  for (let from = after; from < end; last = from) {
    const chunks = await delivery.chunks(from, PIECE_OCTETS);
    const slice = sliceChunks(chunks, from, PIECE_OCTETS, end);
    if (slice === undefined) break; // trimmed meanwhile
    if (pieces.length === 0) {
      first = slice.first;
      at = timeAt(chunks, slice.first - 1) ?? at;
    }
    pieces.push(slice.octets);
    from = slice.last;
  }
  return { first, last, at, octets: Buffer.concat(pieces) };
}
