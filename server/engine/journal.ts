import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { RoomName } from "../../shared/room-name.ts";
import { openChunk } from "./chunk-record.ts";
import type { LogState, Offset, SessionId } from "./engine.ts";
import type { KeptSession, SealedChunk, Transaction } from "./store.ts";

/** An entry: octets of the body (4), their CRC-32 (4), the body. A body: octets of JSON (4), JSON, the chunk records that it lists. */
const HEAD_OCTETS = 8;

type Listed = {
  readonly number: number;
  readonly sessions: readonly [SessionId, Readonly<KeptSession> | null][];
  readonly logs: readonly [RoomName, LogState][];
  readonly chunks: readonly [RoomName, Offset, octets: number][];
};

/**
 * A file of transactions, in order. What was appended survives the end of this process, because the operating system has it; it is never
 * flushed, so a loss of power may tear it, anywhere. Reading stops before the first entry that is not whole.
 */
export class Journal {
  readonly #file: FileHandle;
  #octets = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens, or creates, the file. Appending overwrites what is in it: read it first. */
  static async open(path: string): Promise<Journal> {
    try {
      return new Journal(await open(path, "r+"));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
      return new Journal(await open(path, "w+", 0o600));
    }
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
    const pieces = encode(transaction);
    const octets = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const { bytesWritten } = await this.#file.writev(pieces, this.#octets);
    if (bytesWritten !== octets) throw new Error(`only ${bytesWritten} of ${octets} octets could be written`);
    this.#octets += octets;
  }

  /** Begins anew: nothing of it is needed any more. */
  async reset(): Promise<void> {
    await this.#file.truncate();
    this.#octets = 0;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function encode({ number, sessions, logs, chunks }: Transaction): Uint8Array[] {
  const listed: Listed = {
    number,
    sessions: [...sessions].map(([id, kept]) => [id, kept ?? null]),
    logs: [...logs],
    chunks: chunks.map(({ room, chunk, record }) => [room, chunk.first, record.length]),
  };
  const json = Buffer.from(JSON.stringify(listed));
  const jsonOctets = Buffer.alloc(4);
  jsonOctets.writeUInt32BE(json.length);
  const body = [jsonOctets, json, ...chunks.map(({ record }) => record)];
  const head = Buffer.alloc(HEAD_OCTETS);
  head.writeUInt32BE(body.reduce((sum, piece) => sum + piece.length, 0));
  head.writeUInt32BE(
    body.reduce((crc, piece) => crc32(piece, crc), 0),
    4,
  );
  return [head, ...body];
}

function decode(octets: Buffer): Transaction[] {
  const transactions: Transaction[] = [];
  let at = 0;
  while (at + HEAD_OCTETS <= octets.length) {
    const length = octets.readUInt32BE(at);
    const body = octets.subarray(at + HEAD_OCTETS, at + HEAD_OCTETS + length);
    // An empty body has the CRC 0, as a hole in the file would.
    if (length === 0 || body.length < length || crc32(body) !== octets.readUInt32BE(at + 4)) break;
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
    logs: new Map(logs),
    chunks: sealed,
  };
}
