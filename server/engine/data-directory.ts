import { rmSync, writeFileSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tryLock } from "fs-native-extensions";
import { flushDirectory, Place } from "./place.ts";
import { PlaceError } from "./store.ts";

/** Who looks whether the directory is in use holds the lock for an instant. */
const TRIES = 25;
const TRY_AGAIN_MS = 20;

/** Where a running server is to be found. */
export type Description = { readonly pid: number; readonly url: string };

/** The data directory cannot be used. `message` says why and what to do, for the operator. */
export class DataDirectoryError extends Error {
  override readonly name = "DataDirectoryError";
}

/**
 * A directory that is this process's alone, for as long as it is open. The kernel holds the lock, on the file `lock` in it, and frees it
 * however the process ends.
 */
export class DataDirectory {
  readonly path: string;
  readonly #lock: FileHandle;
  /** Of the lock, and of what somebody watches: the lock without its name keeps nobody else out. */
  readonly #places: Place[];
  #closed: Promise<void> | undefined;

  private constructor(path: string, lock: FileHandle) {
    this.path = path;
    this.#lock = lock;
    this.#places = [new Place(join(path, LOCK))];
  }

  /** Creates the directory where there is none, and takes it. Rejects with DataDirectoryError. */
  static async open(path: string): Promise<DataDirectory> {
    let lock: FileHandle;
    try {
      await makeDirectory(path);
      lock = await open(join(path, LOCK), "a+", 0o600);
    } catch (cause) {
      throw unusable(path, cause);
    }
    try {
      if (!(await takeLock(lock))) throw await inUse(path);
      await lock.truncate();
      await lock.write(`${process.pid}\n`);
      rmSync(join(path, DESCRIPTION), { force: true });
      return new DataDirectory(path, lock);
    } catch (cause) {
      await lock.close();
      throw cause instanceof DataDirectoryError ? cause : unusable(path, cause);
    }
  }

  /** Looks after a file in it, too, from now on: one that is there. Throws the system's error. */
  watch(name: string): void {
    this.#places.push(new Place(join(this.path, name)));
  }

  /** Throws PlaceError where the directory, or what is watched in it, is not where it was. A few microseconds. */
  check(): void {
    for (const place of this.#places) {
      if (place.holds) continue;
      throw new PlaceError(
        `${place.path} is not where it was, so nothing can be kept: was the data directory ${this.path} moved, deleted or replaced? Put it back and Palabre goes on by itself; if it is gone for good, start Palabre again.`,
      );
    }
  }

  /** Makes the names in it safe from a loss of power. Throws the system's error. */
  flush(): void {
    flushDirectory(this.path);
  }

  /** Writes down where the server is, for `readDescription`. Where that fails it is only harder to find. */
  describe(description: Description): void {
    try {
      writeFileSync(join(this.path, DESCRIPTION), `${JSON.stringify(description)}\n`, { mode: 0o600 });
    } catch {
      rmSync(join(this.path, DESCRIPTION), { force: true });
    }
  }

  /** Gives it back. A second call does nothing. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      // Where another directory is in its place, what is in that is another server's.
      if (this.#places[0]?.holds) rmSync(join(this.path, DESCRIPTION), { force: true });
      await this.#lock.close();
    })();
    return this.#closed;
  }
}

const LOCK = "lock";
const DESCRIPTION = "server.json";

/** True while some process, this one included, has the directory open. */
export async function isLocked(path: string): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(join(path, LOCK), "r");
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw unusable(path, cause);
  }
  try {
    return !tryLock(file.fd, { shared: true });
  } finally {
    await file.close();
  }
}

/** What the server that has the directory wrote down; undefined where it did not yet, or there is none. */
export async function readDescription(path: string): Promise<Description | undefined> {
  try {
    const { pid, url } = JSON.parse(await readFile(join(path, DESCRIPTION), "utf8")) as Partial<Description>;
    return Number.isSafeInteger(pid) && (pid as number) > 0 && typeof url === "string" ? { pid: pid as number, url } : undefined;
  } catch (cause) {
    // Not there, or only half written.
    if (isMissing(cause) || cause instanceof SyntaxError) return undefined;
    throw unusable(path, cause);
  }
}

/** Where one is made, its name is to outlive a loss of power, and so is that of each that was made for it. */
async function makeDirectory(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  const above = dirname(resolve(made));
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    flushDirectory(at);
    if (at === above) return;
  }
}

async function takeLock(lock: FileHandle): Promise<boolean> {
  for (let tries = 1; !tryLock(lock.fd); tries++) {
    if (tries === TRIES) return false;
    await sleep(TRY_AGAIN_MS);
  }
  return true;
}

async function inUse(path: string): Promise<DataDirectoryError> {
  const pid = (await readFile(join(path, LOCK), "utf8").catch(() => "")).trim();
  const who = /^\d+$/.test(pid) ? ` (process ${pid})` : "";
  return new DataDirectoryError(
    `The data directory ${path} is in use by another Palabre${who}. Stop it first, or give this one its own DATA_DIR.`,
  );
}

function isMissing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

function unusable(path: string, cause: unknown): DataDirectoryError {
  return new DataDirectoryError(`The data directory ${path} cannot be used: ${reason(cause)}`, { cause });
}

function reason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "this user has no right to write there. Give it that right, or set DATA_DIR to a directory of its own.";
    case "ENOTDIR":
    case "EEXIST":
      return "it is a file, or lies below one. Set DATA_DIR to a directory.";
    case "ENOENT": // what making a directory on a read-only file system says
      return "it is not there and cannot be made. Make it, or set DATA_DIR to another place.";
    case "EROFS":
      return "it is on a file system that is mounted read-only. Mount it for writing, or set DATA_DIR to another place.";
    case "ENOSPC":
    case "EDQUOT":
      return "its disk is full. Free some space, or set DATA_DIR to another disk.";
    default:
      return `${message}. Mend that, or set DATA_DIR to another place.`;
  }
}
