import { closeSync, existsSync, openSync, readSync, renameSync, rmSync } from "node:fs";
import { open, type RootDatabase, type RootDatabaseOptions } from "lmdb";
import type { Clock } from "../clock.ts";
import { EngineError } from "./engine.ts";
import { atMost } from "./time-limit.ts";

/** Of the layout below. Another one is another number. */
const FORMAT = 1;

/*
 * One database, its keys in lmdb's own ordering (arrays by their elements):
 *
 *   "about"               → JSON { format }
 *   "number"              → JSON, the number of the last transaction
 *   ["chunk", room, first] → a chunk record (chunk-record.ts)
 *   ["log", room]         → JSON LogState
 *   ["session", id]       → JSON KeptSession without its id
 */
export type Key = string | [string, string] | [string, string, number];
export type Database = RootDatabase<Uint8Array, Key>;

/** The disk had its chance: what was written before is safe. */
export const CLOSING_MS = 5_000;

/** Near the start of every LMDB file. */
const MAGIC = Buffer.from([0xde, 0xc0, 0xef, 0xbe]);

/**
 * Makes a file where there is none: under another name until it is on disk and whole, so that a loss of power leaves none or one that opens.
 * The new name is still to be made safe. Rejects where it cannot; throws EngineError where it is another format's.
 */
export async function makeFile(path: string, directory: string, clock: Clock): Promise<void> {
  if (existsSync(path)) return;
  const beginning = `${path}.new`;
  rmSync(beginning, { force: true });
  const db = openFile(beginning);
  try {
    checkFormat(db, directory);
  } finally {
    await atMost(clock, CLOSING_MS, db.close());
    rmSync(`${beginning}-lock`, { force: true });
  }
  renameSync(beginning, path);
}

/** Opens, or creates, the file. Throws where it cannot. */
export function openFile(path: string): Database {
  if (!isNewOrLmdb(path)) throw new Error("it is no LMDB file");
  const options: RootDatabaseOptions & { permissionsMode: number } = {
    noSubdir: true,
    encoding: "binary",
    cache: false,
    compression: false,
    overlappingSync: false,
    // With it, every `batch` leaves a second promise behind that nobody can catch when the disk fails.
    eventTurnBatching: false,
    permissionsMode: 0o600, // lmdb's own types do not know it
  };
  return open<Uint8Array, Key>(path, options);
}

/** What is no LMDB file ends the process when lmdb opens it. */
function isNewOrLmdb(path: string): boolean {
  if (!existsSync(path)) return true;
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(64);
    const length = readSync(file, head);
    return length === 0 || head.includes(MAGIC);
  } finally {
    closeSync(file);
  }
}

/** Marks a new file with the format; throws EngineError where it is another one. */
export function checkFormat(db: Database, directory: string): void {
  const about = db.get("about");
  if (about === undefined && db.getKeysCount({ limit: 1 }) === 0) {
    db.putSync("about", json({ format: FORMAT }));
    return;
  }
  const format = about === undefined ? "unknown" : (parse(about) as { format?: unknown }).format;
  if (format === FORMAT) return;
  throw new EngineError(
    `The data directory ${directory} was written by another version of Palabre (format ${String(format)}; this one knows ${FORMAT}). Start that version, or give this one its own DATA_DIR.`,
  );
}

/** lmdb rejects with "Commit failed", and says why in a promise of its own. */
export async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<never> };
  if (commitError === undefined) return error;
  const cause = commitError.catch((reason: unknown) => reason);
  const inTime = new Promise<unknown>((resolve) => setImmediate(() => resolve(error)));
  return Promise.race([cause, inTime]);
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

export function parse(value: Uint8Array): unknown {
  return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString());
}
