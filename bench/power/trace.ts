/** The calls that a trace has to show: what changes files, what flushes them, and what leaves by a socket. */
export const TRACED =
  "openat,close,lseek,pwrite64,pwritev,write,writev,fdatasync,fsync,msync,sync_file_range,ftruncate,fallocate,rename,unlink,unlinkat,sendmsg,sendto,io_uring_enter";

/** A file as the disk knows it: it keeps its number whatever its name becomes. */
export type FileNumber = number;

/**
 * One call, as far as it concerns a disk or a client. `from` and `to` count the lines of the trace: the call took effect after `from`, and had
 * returned by `to`. A call that came later has a `from` above that `to`.
 */
export type Call = { readonly from: number; readonly to: number } & (
  | { readonly kind: "made"; readonly file: FileNumber; readonly name: string }
  | { readonly kind: "renamed"; readonly name: string; readonly now: string }
  | { readonly kind: "removed"; readonly name: string }
  /** `flushed`: through a descriptor that returns when it is on disk (O_DSYNC). */
  | { readonly kind: "written"; readonly file: FileNumber; readonly at: number; readonly octets: Buffer; readonly flushed: boolean }
  | { readonly kind: "cut"; readonly file: FileNumber; readonly length: number }
  | { readonly kind: "flushed"; readonly file: FileNumber }
  | { readonly kind: "directory-flushed" }
  | { readonly kind: "told"; readonly socket: string; readonly octets: Buffer }
);

type Descriptor = { readonly file: FileNumber | "directory"; readonly flushes: boolean; position: number };
type Line = { readonly from: number; readonly to: number; readonly name: string; readonly args: string; readonly result: number };

/** Reads what `strace -f -yy -xx` wrote down of processes that used one data directory, one after the other. */
export class TraceReader {
  readonly calls: Call[] = [];
  /** Names in the directory, as they stand after what was read. */
  readonly #names = new Map<string, FileNumber>();
  readonly #directory: string;
  #files = 0;
  #lines = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The trace of one process, from its start. */
  read(text: string): void {
    const descriptors = new Map<number, Descriptor>();
    for (const line of this.#whole(text)) this.#take(line, descriptors);
    this.calls.sort((one, other) => one.from - other.from);
  }

  /** Calls of several threads interrupt each other: their two halves are put together. */
  *#whole(text: string): Generator<Line> {
    const begun = new Map<string, { from: number; name: string; args: string }>();
    for (let at = 0; at < text.length; ) {
      const newline = text.indexOf("\n", at);
      const end = newline < 0 ? text.length : newline;
      const line = text.slice(at, end);
      at = end + 1;
      const lineNumber = ++this.#lines;
      const [, thread = "", rest = ""] = /^(\d+) +(.*)$/s.exec(line) ?? [];
      const resumed = /^<\.\.\. (\w+) resumed>(.*)$/s.exec(rest);
      const before = begun.get(thread);
      if (resumed !== null && before !== undefined) {
        begun.delete(thread);
        yield finished(before.from, lineNumber, before.name, before.args + resumed[2]);
        continue;
      }
      const open = rest.indexOf("(");
      if (open < 1) continue; // an exit, a signal
      const name = rest.slice(0, open);
      const args = rest.slice(open + 1);
      if (args.endsWith(" <unfinished ...>"))
        begun.set(thread, { from: lineNumber, name, args: args.slice(0, -" <unfinished ...>".length) });
      else yield finished(lineNumber, lineNumber, name, args);
    }
    // A process that is killed leaves calls behind that never returned: they may have been done, or not.
    for (const { from, name, args } of begun.values()) yield { from, to: Number.POSITIVE_INFINITY, name, args, result: 0 };
  }

  #take({ from, to, name, args, result }: Line, descriptors: Map<number, Descriptor>): void {
    if (result < 0) return;
    const number = Number(/^\d+/.exec(args)?.[0] ?? -1);
    const descriptor = descriptors.get(number);
    switch (name) {
      case "openat":
        return this.#open({ from, to, name, args, result }, descriptors);
      case "close":
        descriptors.delete(number);
        return;
      case "rename": {
        const [was, now] = strings(args).map((path) => this.#nameOf(path.toString()));
        if (was === undefined || now === undefined) return;
        const file = this.#names.get(was);
        this.#names.delete(was);
        if (file !== undefined) this.#names.set(now, file);
        this.calls.push({ kind: "renamed", from, to, name: was, now });
        return;
      }
      case "unlink":
      case "unlinkat": {
        const removed = this.#nameOf(strings(args)[0]?.toString() ?? "");
        if (removed === undefined || !this.#names.delete(removed)) return;
        this.calls.push({ kind: "removed", from, to, name: removed });
        return;
      }
      case "write":
      case "writev":
      case "sendmsg":
      case "sendto": {
        const socket = /^\d+<TCP:\[(.*?)\]>/.exec(args)?.[1];
        if (socket !== undefined) {
          this.calls.push({ kind: "told", from, to, socket, octets: Buffer.concat(strings(args)) });
          return;
        }
      }
    }
    if (descriptor === undefined) return;
    if (descriptor.file === "directory") {
      if (name === "fsync" || name === "fdatasync") this.calls.push({ kind: "directory-flushed", from, to });
      return;
    }
    this.#change({ from, to, name, args, result }, descriptor, descriptor.file);
  }

  #open({ from, to, args, result }: Line, descriptors: Map<number, Descriptor>): void {
    // The first string is the path; the directory that a relative one would start from is no string.
    const path = strings(args)[0]?.toString() ?? "";
    if (path === this.#directory) {
      descriptors.set(result, { file: "directory", flushes: false, position: 0 });
      return;
    }
    const name = this.#nameOf(path);
    if (name === undefined) {
      descriptors.delete(result);
      return;
    }
    let file = this.#names.get(name);
    if (file === undefined) {
      file = ++this.#files;
      this.#names.set(name, file);
      this.calls.push({ kind: "made", from, to, file, name });
    } else if (args.includes("O_TRUNC")) this.calls.push({ kind: "cut", from, to, file, length: 0 });
    descriptors.set(result, { file, flushes: /O_D?SYNC/.test(args), position: 0 });
  }

  #change({ from, to, name, args, result }: Line, descriptor: Descriptor, file: FileNumber): void {
    const last = Number(/, (\d+)\) *$/.exec(args)?.[1] ?? Number.NaN);
    const { flushes } = descriptor;
    const written = (at: number): void => {
      const octets = whole(args, to === Number.POSITIVE_INFINITY ? undefined : result);
      this.calls.push({ kind: "written", from, to, file, at, octets, flushed: flushes });
    };
    switch (name) {
      case "lseek":
        descriptor.position = result;
        return;
      case "pwrite64":
      case "pwritev":
        return written(last);
      case "write":
      case "writev":
        written(descriptor.position);
        descriptor.position += result;
        return;
      case "ftruncate":
        this.calls.push({ kind: "cut", from, to, file, length: last });
        return;
      case "fsync":
      case "fdatasync":
        this.calls.push({ kind: "flushed", from, to, file });
        return;
      default:
        throw new Error(`The data directory was changed by ${name}, which this reader of traces does not know.`);
    }
  }

  /** A path's name within the directory; undefined where it lies elsewhere. */
  #nameOf(path: string): string | undefined {
    const start = `${this.#directory}/`;
    return path.startsWith(start) ? path.slice(start.length) : undefined;
  }
}

function finished(from: number, to: number, name: string, rest: string): Line {
  const [, args = "", result = "-1"] = /^(.*)\) += (-?\d+)/s.exec(rest.replace(/<[^<>]*>( \(.*\))?$/, "")) ?? [];
  return { from, to, name, args: `${args})`, result: Number(result) };
}

/** Every string among the arguments. */
function strings(args: string): Buffer[] {
  return [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = ""]) => Buffer.from(hex.replaceAll("\\x", ""), "hex"));
}

/** What was written: as much of it as the call took. Of zeros that make a file longer only the first are written down. */
function whole(args: string, length: number | undefined): Buffer {
  const shown = Buffer.concat(strings(args));
  if (length === undefined || shown.length === length) return shown;
  if (shown.length > length) return shown.subarray(0, length);
  if (shown.some((octet) => octet !== 0)) throw new Error(`A write of ${length} octets is written down by its first ${shown.length} only.`);
  return Buffer.alloc(length);
}
