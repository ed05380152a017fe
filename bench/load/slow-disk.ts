import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Flushes, and writes that flush, take `PALABRE_FLUSH_MS` longer than they do. */
const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>
static void slowly(void) {
  const char *ms = getenv("PALABRE_FLUSH_MS");
  if (ms) usleep(atoi(ms) * 1000);
}
static void slowly_if_flushing(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags != -1 && (flags & O_DSYNC)) slowly();
}
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
int fsync(int fd) { slowly(); return REAL(fsync)(fd); }
int fdatasync(int fd) { slowly(); return REAL(fdatasync)(fd); }
ssize_t pwrite(int fd, const void *from, size_t size, off_t at) { slowly_if_flushing(fd); return REAL(pwrite)(fd, from, size, at); }
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) { slowly_if_flushing(fd); return REAL(pwrite64)(fd, from, size, at); }
ssize_t pwritev(int fd, const struct iovec *from, int count, off_t at) { slowly_if_flushing(fd); return REAL(pwritev)(fd, from, count, at); }
ssize_t pwritev64(int fd, const struct iovec *from, int count, off64_t at) { slowly_if_flushing(fd); return REAL(pwritev64)(fd, from, count, at); }
`;

/** What makes a process's disk slow. */
export type SlowDisk = {
  /** For the process. */
  readonly environment: Readonly<Record<string, string>>;
  remove(): void;
};

/** Why a disk cannot be made slow here; undefined where it can. */
export function noSlowDisk(): string | undefined {
  if (process.platform !== "linux") return "it needs Linux";
  return spawnSync("gcc", ["--version"]).status === 0 ? undefined : "it needs gcc";
}

/** Compiles what a process is to load before its own libraries, so that each flush takes `flushMs` longer. Throws where it cannot be compiled. */
export function makeSlowDisk(flushMs: number): SlowDisk {
  const folder = mkdtempSync(join(tmpdir(), "palabre-slow-disk-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const [source, library] = [join(folder, "slow-disk.c"), join(folder, "slow-disk.so")];
  writeFileSync(source, SOURCE);
  const compiled = spawnSync("gcc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], { encoding: "utf8" });
  if (compiled.status !== 0) {
    remove();
    throw new Error(`gcc could not compile the slow disk: ${compiled.stderr}`);
  }
  return { environment: { LD_PRELOAD: library, PALABRE_FLUSH_MS: String(flushMs) }, remove };
}
