import { DEFAULT_HISTORY, MAX_HISTORY } from "../../shared/limits.ts";
import { packetLength } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { Chunk, Engine, LogState, Offset } from "../engine/engine.ts";

const LOOK_BACK_PACKETS = 1000;
const READ_OCTETS = 256 * 1024;
const ZERO = 0x30;

/** Where the newest chat packets of a log are: what finds the start of a replay without reading the log. */
export class ChatOffsets {
  #offsets: Offset[];

  private constructor(offsets: Offset[]) {
    this.#offsets = offsets;
  }

  /** Reads the log from its end backwards until it has found enough, or all. */
  static async read(room: RoomName, engine: Engine, log: LogState): Promise<ChatOffsets> {
    let found: Offset[] = [];
    for (let end = log.last; end >= log.first && found.length < MAX_HISTORY; ) {
      const start = Math.max(log.first - 1, end - LOOK_BACK_PACKETS);
      found = [...(await chatsBetween(room, engine, start, end)), ...found];
      end = start;
    }
    return new ChatOffsets(found.slice(-MAX_HISTORY));
  }

  add(offset: Offset): void {
    this.#offsets.push(offset);
    if (this.#offsets.length >= 2 * MAX_HISTORY) this.#offsets = this.#offsets.slice(-MAX_HISTORY);
  }

  /** Takes in a chunk of which nobody here knows what is in it. */
  addFrom(chunk: Chunk): void {
    for (const offset of chatsOf(chunk)) this.add(offset);
  }

  /** The offset after which the last `count` chat packets stand, or all that there are. Source: S12. */
  before(count: number | undefined, log: LogState): Offset {
    const wanted = Math.min(count ?? DEFAULT_HISTORY, MAX_HISTORY);
    if (wanted === 0) return log.last;
    const offset = this.#offsets.at(-wanted);
    return offset === undefined ? log.first - 1 : Math.max(offset, log.first) - 1;
  }
}

/** The chat packets after `start` up to `end`. */
async function chatsBetween(room: RoomName, engine: Engine, start: Offset, end: Offset): Promise<Offset[]> {
  const found: Offset[] = [];
  for (let after = start; after < end; ) {
    const chunks = await engine.read(room, after, READ_OCTETS);
    if (chunks.length === 0) break;
    for (const chunk of chunks) {
      for (const offset of chatsOf(chunk)) if (offset > after && offset <= end) found.push(offset);
      after = Math.max(after, chunk.last);
    }
  }
  return found;
}

function* chatsOf({ first, last, octets }: Chunk): Generator<Offset> {
  for (let offset = first, at = 0; offset <= last; offset++) {
    if (octets[at] !== ZERO || octets[at + 1] !== ZERO) yield offset;
    at += packetLength(octets, at) as number; // well formed: it is in the log
  }
}
