import { spawnSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";

/** What a disk does wrong from now on: how long a flush takes, and with which error flushes, flushed writes (O_DSYNC) and writes fail. */
export type DiskOrders = {
  readonly flushMs?: number;
  readonly flush?: keyof typeof constants.errno;
  readonly flushedWrite?: keyof typeof constants.errno;
  readonly write?: keyof typeof constants.errno;
};

/** Stands before the C library's functions, for files in one directory. Reads its orders anew each time. */
const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FLUSH_MS, FLUSH, FLUSHED_WRITE, WRITE, ORDERS };

static int concerned(int file) {
  char link[40], path[4096];
  const char *directory = getenv("FAILING_DISK");
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  return directory && length > 0 && !strncmp(path, directory, strlen(directory));
}

static int fails(int file, int flushes, int writes) {
  int orders[ORDERS] = {0};
  if (!concerned(file)) return 0;
  FILE *said = fopen(getenv("FAILING_DISK_ORDERS"), "r");
  if (said) {
    for (int at = 0; at < ORDERS && fscanf(said, "%d", &orders[at]) == 1; at++) continue;
    fclose(said);
  }
  int flushed_write = writes && (fcntl(file, F_GETFL) & O_DSYNC);
  if (flushes || flushed_write) usleep(orders[FLUSH_MS] * 1000);
  errno = flushes ? orders[FLUSH] : flushed_write ? orders[FLUSHED_WRITE] : orders[WRITE];
  return errno != 0;
}

#define BEFORE(result, name, flushes, writes, declared, ...) \\
  result name declared { \\
    static result (*real) declared; \\
    if (!real) real = (result (*) declared)dlsym(RTLD_NEXT, #name); \\
    return fails(file, flushes, writes) ? -1 : real(__VA_ARGS__); \\
  }

BEFORE(int, fsync, 1, 0, (int file), file)
BEFORE(int, fdatasync, 1, 0, (int file), file)
BEFORE(ssize_t, write, 0, 1, (int file, const void *octets, size_t count), file, octets, count)
BEFORE(ssize_t, writev, 0, 1, (int file, const struct iovec *pieces, int count), file, pieces, count)
BEFORE(ssize_t, pwrite, 0, 1, (int file, const void *octets, size_t count, off_t at), file, octets, count, at)
BEFORE(ssize_t, pwrite64, 0, 1, (int file, const void *octets, size_t count, off64_t at), file, octets, count, at)
BEFORE(ssize_t, pwritev, 0, 1, (int file, const struct iovec *pieces, int count, off_t at), file, pieces, count, at)
BEFORE(ssize_t, pwritev64, 0, 1, (int file, const struct iovec *pieces, int count, off64_t at), file, pieces, count, at)
`;

/** Why there can be none on this machine; undefined where there can. */
export function whyNoFailingDisk(): string | undefined {
  if (process.platform !== "linux") return "it takes Linux";
  return spawnSync("gcc", ["--version"]).status === 0 ? undefined : "there is no gcc (Debian: apt-get install gcc libc6-dev)";
}

/** A disk under one directory that a test can make slow, or fail, for a process that is started with its `environment`. */
export class FailingDisk {
  readonly environment: Readonly<Record<string, string>>;
  readonly #folder = mkdtempSync(join(tmpdir(), "palabre-disk-"));
  readonly #orders = join(this.#folder, "orders");

  /** Compiles it; throws where that fails. */
  constructor(directory: string) {
    const library = join(this.#folder, "disk.so");
    const source = join(this.#folder, "disk.c");
    writeFileSync(source, SOURCE);
    const { status, stderr } = spawnSync("gcc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    this.obeys({});
    this.environment = { LD_PRELOAD: library, FAILING_DISK: directory, FAILING_DISK_ORDERS: this.#orders };
  }

  /** From here on it does this, and nothing else, wrong. */
  obeys({ flushMs = 0, flush, flushedWrite, write }: DiskOrders): void {
    const number = (error: DiskOrders["write"]) => (error === undefined ? 0 : constants.errno[error]);
    // At once: whoever reads them half written would obey none.
    writeFileSync(`${this.#orders}.new`, [flushMs, number(flush), number(flushedWrite), number(write)].join(" "));
    renameSync(`${this.#orders}.new`, this.#orders);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
