import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LIBRARIES = "/usr/lib";
const NAME = "faketime/libfaketimeMT.so.1";

function findLibrary(): string | undefined {
  if (!existsSync(LIBRARIES)) return undefined;
  const folders = ["", ...readdirSync(LIBRARIES).filter((name) => name.includes("-linux-"))];
  return folders.map((folder) => join(LIBRARIES, folder, NAME)).find((path) => existsSync(path));
}

/** Why there can be none on this machine; undefined where there can. */
export function whyNoSteppedClock(): string | undefined {
  return findLibrary() === undefined ? "there is no libfaketime (Debian: apt-get install libfaketime)" : undefined;
}

/** The system's clock as a process sees it that is started with its `environment`: a test can set it while that runs. Monotonic time goes on undisturbed. */
export class SteppedClock {
  readonly environment: Readonly<Record<string, string>>;
  readonly #folder = mkdtempSync(join(tmpdir(), "palabre-clock-"));
  #aheadMs = 0;

  constructor() {
    this.set(0);
    this.environment = {
      LD_PRELOAD: findLibrary() as string,
      FAKETIME_TIMESTAMP_FILE: join(this.#folder, "clock"),
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1", // as older versions call it
      // The times of files stay as they are, and so do waits.
      NO_FAKE_STAT: "1",
      FAKETIME_DONT_RESET: "1",
    };
  }

  /** So many hours before or after what this process takes for the time. */
  set(hours: number): void {
    this.#aheadMs = hours * 3_600_000;
    const file = join(this.#folder, "clock");
    writeFileSync(`${file}.new`, `${hours < 0 ? "-" : "+"}${Math.abs(hours)}h\n`);
    renameSync(`${file}.new`, file);
  }

  /** What it shows now, ms since the epoch. */
  wall(): number {
    return Date.now() + this.#aheadMs;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
