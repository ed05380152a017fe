import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Call, FileNumber } from "./trace.ts";

/** What a disk writes whole or not at all. */
const SECTOR_OCTETS = 512;

type Change = Extract<Call, { kind: "written" | "cut" }> & { readonly safeFrom: number };
type NameChange = Extract<Call, { kind: "made" | "renamed" | "removed" }> & { readonly safeFrom: number };
export type Chance = () => number;

/** A moment after a line of the trace, and what a disk that lost its power then may be left with. */
export class TracedDisk {
  readonly #changes: Change[] = [];
  readonly #names: NameChange[] = [];

  constructor(calls: readonly Call[]) {
    // From the end: what flushes a change is the first flush that began after the change had returned.
    const flushes = new Map<FileNumber | "directory", { from: number; to: number }[]>();
    const flushed = (what: FileNumber | "directory", after: number): number => {
      let to = Number.POSITIVE_INFINITY;
      for (const flush of flushes.get(what) ?? []) if (flush.from > after) to = Math.min(to, flush.to);
      return to;
    };
    for (const call of calls) {
      if (call.kind === "flushed") flushes.set(call.file, [...(flushes.get(call.file) ?? []), call]);
      if (call.kind === "directory-flushed") flushes.set("directory", [...(flushes.get("directory") ?? []), call]);
    }
    for (const call of calls) {
      if (call.kind === "written") this.#changes.push({ ...call, safeFrom: call.flushed ? call.to : flushed(call.file, call.to) });
      else if (call.kind === "cut") this.#changes.push({ ...call, safeFrom: flushed(call.file, call.to) });
      else if (call.kind === "made" || call.kind === "renamed" || call.kind === "removed")
        this.#names.push({ ...call, safeFrom: flushed("directory", call.to) });
    }
  }

  /**
   * The files as one possible disk has them after the power went at `instant`: all that was flushed by then, and of the rest whatever
   * `chance` picks, torn between sectors. Names change in order, and up to anywhere.
   */
  lose(instant: number, chance: Chance): Map<string, Buffer> {
    // Now and then everything that was under way arrived, or nothing.
    const mood = chance();
    const lucky = (): boolean => (mood < 0.15 ? false : mood < 0.3 ? true : chance() < 0.5);
    const contents = new Map<FileNumber, Buffer>();
    for (const change of this.#changes) {
      if (change.from > instant) break;
      const safe = change.safeFrom <= instant;
      const before = contents.get(change.file) ?? Buffer.alloc(0);
      if (change.kind === "cut") {
        if (safe || lucky()) contents.set(change.file, resized(before, change.length));
      } else if (safe || mood >= 0.15) {
        contents.set(change.file, safe || (mood < 0.3 && lucky()) ? put(before, change.at, change.octets) : tear(before, change, chance));
      }
    }
    const files = new Map<string, Buffer>();
    for (const [name, file] of this.#namesAt(instant, lucky)) files.set(name, contents.get(file) ?? Buffer.alloc(0));
    return files;
  }

  #namesAt(instant: number, lucky: () => boolean): Map<string, FileNumber> {
    const names = new Map<string, FileNumber>();
    for (const change of this.#names) {
      if (change.from > instant || (change.safeFrom > instant && !lucky())) break;
      if (change.kind === "made") names.set(change.name, change.file);
      else if (change.kind === "removed") names.delete(change.name);
      else {
        const file = names.get(change.name);
        names.delete(change.name);
        if (file !== undefined) names.set(change.now, file);
      }
    }
    return names;
  }
}

/** Puts files into a new directory. */
export function restore(directory: string, files: ReadonlyMap<string, Buffer>): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, octets] of files) writeFileSync(join(directory, name), octets);
}

function resized(octets: Buffer, length: number): Buffer {
  if (length <= octets.length) return octets.subarray(0, length);
  return Buffer.concat([octets, Buffer.alloc(length - octets.length)]);
}

function put(before: Buffer, at: number, octets: Buffer): Buffer {
  // `before` is this image's own: nobody else sees it change.
  const after = before.length < at + octets.length ? resized(before, at + octets.length) : before;
  octets.copy(after, at);
  return after;
}

/** Of a write some sectors only: each one as it was, or as it was to be. */
function tear(before: Buffer, { at, octets }: { at: number; octets: Buffer }, chance: Chance): Buffer {
  const share = chance() < 0.3 ? (chance() < 0.5 ? 0 : 1) : chance();
  let after = before;
  for (let start = at; start < at + octets.length; ) {
    const end = Math.min(at + octets.length, (Math.floor(start / SECTOR_OCTETS) + 1) * SECTOR_OCTETS);
    if (chance() < share) after = put(after, start, octets.subarray(start - at, end - at));
    start = end;
  }
  return after;
}
