import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encodeChat } from "../../shared/packet.ts";
import type { Chunk } from "../engine/engine.ts";
import { sliceChunks, Tail, timeAt } from "./tail.ts";

/** A log cut into chunks of the given lengths; the packet at offset N says N. */
function chunksOf(lengths: readonly number[]): Chunk[] {
  const chunks: Chunk[] = [];
  let first = 1;
  for (const length of lengths) {
    const packets = Array.from({ length }, (_, index) => encodeChat("n", `${first + index}`));
    chunks.push({ first, last: first + length - 1, before: chunks.length, at: chunks.length + 1, octets: Buffer.concat(packets) });
    first += length;
  }
  return chunks;
}

function numbers(octets: Uint8Array): number[] {
  const decoded = decode(octets);
  if (!decoded.ok || decoded.rest.length > 0) throw new Error("not whole packets");
  return decoded.packets.map((packet) => Number(packet.kind === "chat" && packet.message));
}

const lengths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });

describe("a slice of chunks", () => {
  it("has the packets that follow the cursor, whole and in order, as many as fit, and at least one", () => {
    fc.assert(
      fc.property(lengths, fc.nat(40), fc.integer({ min: 1, max: 200 }), fc.nat(60), (cut, after, maxOctets, extra) => {
        const chunks = chunksOf(cut);
        const last = chunks.at(-1)?.last ?? 0;
        const until = after + extra;
        const slice = sliceChunks(chunks, after, maxOctets, until);
        const wanted = Array.from({ length: last }, (_, index) => index + 1).filter((offset) => offset > after && offset <= until);
        if (wanted.length === 0) {
          expect(slice).toBeUndefined();
          return;
        }
        if (slice === undefined) throw new Error("nothing was sliced");
        const got = numbers(slice.octets);
        expect(got).toEqual(wanted.slice(0, got.length));
        expect([slice.first, slice.last]).toEqual([got[0], got.at(-1)]);
        expect(got.length === 1 || slice.octets.length <= maxOctets).toBe(true);
        const next = wanted[got.length];
        if (next !== undefined) expect(slice.octets.length + encodeChat("n", `${next}`).length).toBeGreaterThan(maxOctets);
      }),
    );
  });

  it("is the chunk's own octets where it is one whole chunk: nothing is copied", () => {
    const [chunk] = chunksOf([3]);
    const slice = sliceChunks([chunk as Chunk], 0, 1000);
    expect(slice?.octets.buffer).toBe(chunk?.octets.buffer);
  });

  it("begins later where the chunks do", () => {
    expect(sliceChunks(chunksOf([3, 3]).slice(1), 0, 1000)).toMatchObject({ first: 4, last: 6 });
  });
});

describe("the time in force", () => {
  it("is that of the chunk that holds the offset, or what was in force before the first", () => {
    const chunks = chunksOf([2, 2]);
    expect([0, 1, 2, 3, 4].map((offset) => timeAt(chunks, offset))).toEqual([0, 1, 1, 2, 2]);
    expect(timeAt(chunks, 5)).toBeUndefined();
  });
});

describe("the tail", () => {
  it("gives the chunks from the one that holds the next packet on, and none where older ones would be needed", () => {
    fc.assert(
      fc.property(lengths, fc.nat(50), fc.integer({ min: 1, max: 100 }), (cut, after, maxOctets) => {
        const tail = new Tail(maxOctets);
        const chunks = chunksOf(cut);
        for (const chunk of chunks) tail.append(chunk);
        const { before } = tail;
        if (before === undefined) throw new Error("it holds nothing");
        const from = tail.from(after);
        expect(from === undefined).toBe(after < before);
        if (from !== undefined) expect(from).toEqual(chunks.filter(({ last }) => last > after));
      }),
    );
  });

  it("keeps what it is to keep, and not much more", () => {
    const tail = new Tail(100);
    const chunks = chunksOf(Array.from({ length: 100 }, () => 1));
    for (const chunk of chunks) tail.append(chunk);
    const held = (tail.from(tail.before ?? 0) ?? []).reduce((octets, chunk) => octets + chunk.octets.length, 0);
    expect(held).toBeGreaterThanOrEqual(90);
    expect(held).toBeLessThanOrEqual(210);
  });
});
