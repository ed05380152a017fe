import { HEADER_OCTETS } from "../../shared/limits.ts";
import { concatOctets, encodeUtf8 } from "../../shared/octets.ts";
import type { Random } from "../chaos/random.ts";
import { HOSTILE_OCTETS } from "./hostile.ts";

type Mutator = (random: Random, octets: Uint8Array, corpus: readonly Uint8Array[]) => Uint8Array;

const HEADERS = [
  "00000",
  "11111",
  "99999",
  "00999",
  "01000",
  "99000",
  "-0001",
  "+1+01",
  "0x1F1",
  " 1 01",
  "1e2e3",
  "00001",
  "\0\0\0\0\0",
  "٠٠٠",
];

const flipBits: Mutator = (random, octets) => {
  const flipped = Uint8Array.from(octets);
  for (let left = random.between(1, 8); left > 0 && flipped.length > 0; left--) {
    const at = random.between(0, flipped.length - 1);
    flipped[at] = (flipped[at] as number) ^ (1 << random.between(0, 7));
  }
  return flipped;
};

const cut: Mutator = (random, octets) => octets.slice(0, random.between(0, octets.length));

const takeOut: Mutator = (random, octets) => {
  const at = random.between(0, octets.length);
  return concatOctets([octets.subarray(0, at), octets.subarray(at + random.between(1, 8))]);
};

const splice: Mutator = (random, octets, corpus) => {
  const other = random.pick(corpus);
  return concatOctets([octets.subarray(0, random.between(0, octets.length)), other.subarray(random.between(0, other.length))]);
};

const insert: Mutator = (random, octets) => {
  const at = random.between(0, octets.length);
  return concatOctets([octets.subarray(0, at), random.pick(HOSTILE_OCTETS), octets.subarray(at)]);
};

const overwrite: Mutator = (random, octets) => {
  const written = Uint8Array.from(octets);
  written.set(random.pick(HOSTILE_OCTETS).subarray(0, written.length), random.between(0, Math.max(0, written.length - 5)));
  return written;
};

const repeat: Mutator = (random, octets) => concatOctets(Array<Uint8Array>(random.between(2, 12)).fill(octets));

const lengthOffByOne: Mutator = (random, octets) => {
  const changed = Uint8Array.from(octets);
  const at = random.between(0, Math.min(HEADER_OCTETS, changed.length) - 1);
  if (at >= 0) changed[at] = (changed[at] as number) + random.pick([-1, 1]);
  return changed;
};

const otherHeader: Mutator = (random, octets) => {
  const header = random.chance(0.3) ? String(random.between(0, 99999)).padStart(HEADER_OCTETS, "0") : random.pick(HEADERS);
  return concatOctets([encodeUtf8(header).subarray(0, HEADER_OCTETS), octets.subarray(HEADER_OCTETS)]);
};

const noise: Mutator = (random) => randomOctets(random, random.between(1, 200));

const MUTATORS: readonly Mutator[] = [flipBits, cut, takeOut, splice, insert, overwrite, repeat, lengthOffByOne, otherHeader, noise];

/** `octets`, broken in one way or in several. `corpus` is what is spliced in. */
export function mutate(random: Random, octets: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  let mutated = octets;
  for (let left = random.pick([1, 1, 1, 2, 4]); left > 0; left--) mutated = random.pick(MUTATORS)(random, mutated, corpus);
  return mutated.subarray(0, MAX_MUTANT_OCTETS);
}

/** Far above everything that is allowed; repeating what was repeated would have no end. */
const MAX_MUTANT_OCTETS = 100_000;

export function randomOctets(random: Random, count: number): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(count);
  for (let at = 0; at < count; at++) octets[at] = random.between(0, 255);
  return octets;
}
