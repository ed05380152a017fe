import type { RoomName } from "../../shared/room-name.ts";
import type { Chunk, Offset } from "./engine.ts";
import type { SealedChunk } from "./store.ts";

/** A record holds `before` and `at` (8 octets each), how many packets there are (4), and the packets. */
const HEADER_OCTETS = 20;
/** What one record holds at most, so that a reader can take a log in pieces; a single packet is far smaller. */
const MAX_RECORD_PACKETS = 1024;
const MAX_RECORD_OCTETS = 512 * 1024;

/** Packets that are appended together, as one chunk, and the records that it is kept in. */
export type Appended = { readonly chunk: Chunk; readonly records: readonly SealedChunk[] };

type Times = { readonly before: number; readonly at: number };

/**
 * Joins packets (one or more). They are copied once: the chunk's octets are the end of its record. Only what is too much for one
 * record, or has more than `maxPackets`, is cut into several.
 */
export function appendPackets(room: RoomName, first: Offset, times: Times, packets: readonly Uint8Array[], maxPackets: number): Appended {
  const records: SealedChunk[] = [];
  let start = 0;
  while (start < packets.length) {
    const end = endOfRecord(packets, start, Math.min(maxPackets, MAX_RECORD_PACKETS));
    // The clock, where there is one, is the very first packet: what follows begins in the time that it gave.
    const before = start === 0 ? times.before : times.at;
    records.push(sealChunk(room, first + start, { before, at: times.at }, packets.slice(start, end)));
    start = end;
  }
  const [only] = records;
  if (only !== undefined && records.length === 1) return { chunk: only.chunk, records };
  const octets = Buffer.concat(records.map(({ chunk }) => chunk.octets));
  return { chunk: { first, last: first + packets.length - 1, ...times, octets }, records };
}

function endOfRecord(packets: readonly Uint8Array[], start: number, maxPackets: number): number {
  let octets = 0;
  let end = start;
  while (end < packets.length && end - start < maxPackets) {
    octets += (packets[end] as Uint8Array).length;
    if (octets > MAX_RECORD_OCTETS && end > start) break;
    end++;
  }
  return end;
}

function sealChunk(room: RoomName, first: Offset, { before, at }: Times, packets: readonly Uint8Array[]): SealedChunk {
  let length = HEADER_OCTETS;
  for (const packet of packets) length += packet.length;
  const record = Buffer.allocUnsafe(length);
  record.writeDoubleBE(before, 0);
  record.writeDoubleBE(at, 8);
  record.writeUInt32BE(packets.length, 16);
  let position = HEADER_OCTETS;
  for (const packet of packets) {
    record.set(packet, position);
    position += packet.length;
  }
  return { room, chunk: { first, last: first + packets.length - 1, before, at, octets: record.subarray(HEADER_OCTETS) }, record };
}

/** The chunk that a record stands for: a view into it. */
export function openChunk(first: Offset, record: Uint8Array): Chunk {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  return {
    first,
    last: first + view.getUint32(16) - 1,
    before: view.getFloat64(0),
    at: view.getFloat64(8),
    octets: record.subarray(HEADER_OCTETS),
  };
}

/** The time of a chunk's packets, without the rest. */
export function timeOf(record: Uint8Array): number {
  return new DataView(record.buffer, record.byteOffset, record.byteLength).getFloat64(8);
}
