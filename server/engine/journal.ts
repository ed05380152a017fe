import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { RoomName } from "../../shared/room-name.ts";
import { openChunk } from "./chunk-record.ts";
import type { LogState, Offset, SessionId } from "./engine.ts";
import { Place } from "./place.ts";
import { type KeptSession, PlaceError, type SealedChunk, type Transaction } from "./store.ts";

/**
 * An entry: octets of the body (4), a CRC-32 (4), the body. A body: octets of JSON (4), JSON, the chunk records that it lists. The CRC goes on
 * from that of the entry before: what an earlier use of the file left behind it never reads as what comes next.
 */
const HEAD_OCTETS = 8;

type Listed = {
  readonly number: number;
  readonly sessions: readonly [SessionId, Readonly<KeptSession> | null][];
  readonly logs: readonly [RoomName, LogState | null][];
  readonly chunks: readonly [RoomName, Offset, octets: number][];
};

/**
 * A file of transactions, in order. What was appended survives the end of this process, because the operating system has it; it is never
 * flushed, so a loss of power may tear it, anywhere. Reading stops before the first entry that is not whole.
 */
export class Journal {
  #file: FileHandle;
  #place: Place;
  #octets = 0;
  #crc = 0;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#place = new Place(path);
  }

  /** Opens, or creates, the file. Appending overwrites what is in it: read it first. */
  static async open(path: string): Promise<Journal> {
    return new Journal(await openFile(path), path);
  }

  /** False where its file was moved or deleted: what is appended then is lost. */
  get inPlace(): boolean {
    return this.#place.holds;
  }

  /** Begins anew in whatever file is in its place now; makes one where there is none. Nothing that is in it is needed any more. */
  async renew(): Promise<void> {
    const { path } = this.#place;
    const file = await openFile(path);
    try {
      await file.truncate();
      this.#place = new Place(path);
    } catch (cause) {
      await file.close();
      throw cause;
    }
    await this.#file.close().catch(() => {}); // it is lost as it is
    this.#file = file;
    this.#octets = 0;
    this.#crc = 0;
  }

  get octets(): number {
    return this.#octets;
  }

  /** The transactions from an earlier process. */
  async read(): Promise<Transaction[]> {
    const { size } = await this.#file.stat();
    const octets = Buffer.alloc(size);
    let end = 0;
    for (let read = -1; read !== 0 && end < size; end += read) ({ bytesRead: read } = await this.#file.read(octets, end, size - end, end));
    return decode(octets.subarray(0, end));
  }

  /** Appends one. Where that fails the next one takes its place. */
  async append(transaction: Transaction): Promise<void> {
    const { pieces, octets, crc } = encode(transaction, this.#crc);
    await this.#write(pieces, octets);
    this.#octets += octets;
    this.#crc = crc;
  }

  /** Writes so many zeros where the next entry goes, which overwrites them. Rejects where there is no room. */
  async probe(octets: number): Promise<void> {
    await this.#write([Buffer.alloc(octets)], octets);
  }

  async #write(pieces: readonly Uint8Array[], octets: number): Promise<void> {
    if (!this.#place.holds)
      throw new PlaceError(`The journal ${this.#place.path} was moved or deleted. Put it back, or start Palabre again.`);
    const { bytesWritten } = await this.#file.writev(pieces, this.#octets);
    if (bytesWritten !== octets) throw new Error(`only ${bytesWritten} of ${octets} octets could be written`);
  }

  /** Begins anew: nothing of it is needed any more. */
  async reset(): Promise<void> {
    await this.#file.truncate();
    this.#octets = 0;
    this.#crc = 0;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    return open(path, "w+", 0o600);
  }
}

function encode({ number, sessions, logs, chunks }: Transaction, crcBefore: number): { pieces: Uint8Array[]; octets: number; crc: number } {
  const listed: Listed = {
    number,
    sessions: [...sessions].map(([id, kept]) => [id, kept ?? null]),
    logs: [...logs].map(([room, log]) => [room, log ?? null]),
    chunks: chunks.map(({ room, chunk, record }) => [room, chunk.first, record.length]),
  };
  const json = Buffer.from(JSON.stringify(listed));
  const jsonOctets = Buffer.alloc(4);
  jsonOctets.writeUInt32BE(json.length);
  const body = [jsonOctets, json, ...chunks.map(({ record }) => record)];
  const head = Buffer.alloc(HEAD_OCTETS);
  const length = body.reduce((sum, piece) => sum + piece.length, 0);
  const crc = body.reduce((before, piece) => crc32(piece, before), crcBefore);
  head.writeUInt32BE(length);
  head.writeUInt32BE(crc, 4);
  return { pieces: [head, ...body], octets: HEAD_OCTETS + length, crc };
}

function decode(octets: Buffer): Transaction[] {
  const transactions: Transaction[] = [];
  let at = 0;
  let crc = 0;
  while (at + HEAD_OCTETS <= octets.length) {
    const length = octets.readUInt32BE(at);
    const body = octets.subarray(at + HEAD_OCTETS, at + HEAD_OCTETS + length);
    // An empty body leaves the CRC as it is: 0 at first, as a hole in the file has it.
    if (length === 0 || body.length < length) break;
    crc = crc32(body, crc);
    if (crc !== octets.readUInt32BE(at + 4)) break;
    transactions.push(decodeBody(body));
    at += HEAD_OCTETS + length;
  }
  return transactions;
}

function decodeBody(body: Buffer): Transaction {
  let at = 4 + body.readUInt32BE();
  const { number, sessions, logs, chunks } = JSON.parse(body.toString("utf8", 4, at)) as Listed;
  const sealed = chunks.map(([room, first, octets]): SealedChunk => {
    const record = body.subarray(at, at + octets);
    at += octets;
    return { room, chunk: openChunk(first, record), record };
  });
  return {
    number,
    sessions: new Map(sessions.map(([id, kept]) => [id, kept === null ? undefined : { ...kept, ended: kept.ended }])),
    logs: new Map(logs.map(([room, log]) => [room, log ?? undefined])),
    chunks: sealed,
  };
}
