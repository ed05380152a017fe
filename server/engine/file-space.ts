import { type FileHandle, open } from "node:fs/promises";

const MiB = 1024 * 1024;
const ZEROS = Buffer.alloc(MiB);
/** A file grows by an eighth of what it is, within these bounds, and by what is asked for where that is more. */
const LEAST_GROWTH_OCTETS = MiB;
const MOST_GROWTH_OCTETS = 16 * MiB;

/** The space on disk that a file has, so that writing within it cannot run out of any. */
export class FileSpace {
  readonly #file: FileHandle;
  #octets: number;

  private constructor(file: FileHandle, octets: number) {
    this.#file = file;
    this.#octets = octets;
  }

  /** Of a file that is there. */
  static async of(path: string): Promise<FileSpace> {
    const file = await open(path, "r+");
    return new FileSpace(file, (await file.stat()).size);
  }

  get octets(): number {
    return this.#octets;
  }

  /** Makes the file this long at least, with zeros. Nobody else may write behind its end meanwhile. Rejects where the disk has no room. */
  async ensure(octets: number): Promise<void> {
    if (octets <= this.#octets) return;
    // Whoever writes to the file may have made it longer.
    this.#octets = (await this.#file.stat()).size;
    const wanted = Math.max(octets, this.#octets + Math.min(MOST_GROWTH_OCTETS, Math.max(LEAST_GROWTH_OCTETS, this.#octets / 8)));
    try {
      while (this.#octets < wanted) {
        const { bytesWritten } = await this.#file.write(ZEROS, 0, Math.min(ZEROS.length, Math.ceil(wanted - this.#octets)), this.#octets);
        this.#octets += bytesWritten;
      }
    } catch (cause) {
      if (this.#octets < octets) throw cause;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
