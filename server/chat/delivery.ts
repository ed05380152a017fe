import type { RoomName } from "../../shared/room-name.ts";
import type { Chunk, Engine, Offset } from "../engine/engine.ts";
import { encodeReply } from "./replies.ts";
import type { Roster } from "./roster.ts";
import type { Session } from "./session.ts";
import { type Slice, sliceChunks, Tail } from "./tail.ts";
import { Payload, type Transport } from "./transport.ts";

/** What a room keeps in memory of its log's end, octets: receivers that are further behind read from the engine. */
const TAIL_OCTETS = 128 * 1024;
/** What is handed to one transport at once, octets: so much may wait in memory for each one that does not read. */
const PIECE_OCTETS = 64 * 1024;

/** What delivery has to know of the room's log. */
export type LogEnd = { readonly last: Offset; readonly at: number };

/**
 * Brings the room's log to those who listen. Who is up to date and writable gets the same octets as everybody else; anyone else is a
 * cursor, and reads on from the log when they can take more.
 */
export class Delivery {
  readonly #room: RoomName;
  readonly #engine: Engine;
  readonly #roster: Roster;
  readonly #end: () => LogEnd;
  readonly #failed: (session: Session, cause: unknown) => void;
  readonly #written: (session: Session) => void;
  readonly #tail = new Tail(TAIL_OCTETS);
  readonly #live = new Set<Session>();
  #ping: { offset: Offset; online: number; octets: Uint8Array } | undefined;

  /** `written` is called after a write to a session's transport; `failed` when its packets could not be read. */
  constructor(options: {
    room: RoomName;
    engine: Engine;
    roster: Roster;
    end: () => LogEnd;
    written: (session: Session) => void;
    failed: (session: Session, cause: unknown) => void;
  }) {
    this.#room = options.room;
    this.#engine = options.engine;
    this.#roster = options.roster;
    this.#end = options.end;
    this.#written = options.written;
    this.#failed = options.failed;
  }

  get live(): ReadonlySet<Session> {
    return this.#live;
  }

  /** The session is listened to by `session.transport` from `session.cursor` on. */
  attach(session: Session): void {
    this.#live.add(session);
    this.pump(session);
  }

  detach(session: Session): void {
    this.#live.delete(session);
  }

  /** Takes in what was appended, without telling anybody yet. */
  append(chunk: Chunk): void {
    this.#tail.append(chunk);
  }

  /** The log keeps nothing from before `first` any more. */
  trim(first: Offset): void {
    this.#tail.trim(first);
  }

  /** Hands the newest chunk to all who have everything before it, and lets the others go on from where they are. */
  broadcast(chunk: Chunk): void {
    const payloads = inPieces(chunk);
    for (const session of this.#live) {
      const { transport } = session;
      // A poll has one answer, and cuts it to its own measure.
      if (payloads.length > 1 && transport?.kind === "long-poll") this.pump(session);
      else this.#broadcast(session, chunk.first - 1, payloads);
    }
  }

  /** One piece after the other, as long as the transport takes them whole: of who is slow no more waits here than one piece. */
  #broadcast(session: Session, before: Offset, payloads: readonly Payload[]): void {
    let next = before;
    for (const payload of payloads) {
      const { transport } = session;
      if (session.cursor !== next || !transport?.writable || session.rosterOwed || session.reading) return this.pump(session);
      const owed = session.owes ? this.#owed(session) : undefined;
      next = payload.last as Offset;
      session.cursor = next;
      if (owed === undefined) transport.write(payload);
      else transport.write(owed, payload);
      this.#written(session);
    }
  }

  /** Writes what the session has not had yet, as far as its transport takes it, and goes on by itself when it takes more. */
  pump(session: Session): void {
    const { transport } = session;
    if (transport === undefined || transport.closed || session.reading) return;
    if (!this.#lacks(session)) return;
    if (!transport.writable) {
      transport.whenWritable(() => this.pump(session));
      return;
    }
    const chunks = session.cursor < this.#end().last ? this.#tail.from(session.cursor) : [];
    if (chunks !== undefined) return this.#write(session, transport, chunks);
    // What is owed, a welcome perhaps, does not wait for the disk; a poll has only one answer for both.
    if (session.owes && transport.kind !== "long-poll") {
      transport.write(this.#owed(session));
      this.#written(session);
    }
    this.#read(session, transport);
  }

  /** The chunks from the one that holds `after + 1` on, from memory or from the engine; the first may begin later, where older ones are trimmed. */
  async chunks(after: Offset, maxOctets: number): Promise<readonly Chunk[]> {
    return this.#tail.from(after) ?? (await this.#engine.read(this.#room, after, maxOctets));
  }

  #lacks(session: Session): boolean {
    return session.cursor < this.#end().last || session.owes || session.rosterOwed;
  }

  #read(session: Session, transport: Transport): void {
    session.reading = true;
    const { cursor } = session;
    this.#engine.read(this.#room, cursor, transport.pieceOctets).then(
      (chunks) => {
        session.reading = false;
        // Meanwhile the session may have gone on elsewhere, or asked from another offset.
        if (session.transport !== transport || session.cursor !== cursor || !transport.writable) return this.pump(session);
        this.#write(session, transport, chunks);
      },
      (cause) => {
        session.reading = false;
        this.#failed(session, cause);
      },
    );
  }

  #write(session: Session, transport: Transport, chunks: readonly Chunk[]): void {
    const { last, at } = this.#end();
    const pieces: Uint8Array[] = session.takeOwed(this.#encodePing);
    const behind = session.cursor < last;
    const oldest = chunks[0];
    if (behind && (oldest === undefined || oldest.first > session.cursor + 1)) {
      const to = oldest === undefined ? last : Math.min(oldest.first - 1, last);
      pieces.push(encodeReply({ type: "gap", from: session.cursor + 1, to, at: oldest?.before ?? at }));
      session.rosterOwed = true;
    }
    // Where other nodes append as well, what was read may go on beyond what this room knows of.
    const slice = behind ? sliceChunks(chunks, session.cursor, this.#space(session, transport, pieces), last) : undefined;
    if (slice !== undefined) pieces.push(slice.octets);
    if (behind) session.cursor = slice?.last ?? last;
    if (session.rosterOwed && (session.cursor === last || transport.kind === "long-poll")) {
      pieces.push(this.#roster.encode());
      session.rosterOwed = false;
    }
    transport.write(join(pieces, session.cursor));
    this.#written(session);
    if (transport.kind !== "long-poll") this.pump(session);
  }

  /** What is left for packets in one write: the answer to a poll carries the roster too, and has an end. */
  #space(session: Session, transport: Transport, pieces: readonly Uint8Array[]): number {
    let octets = transport.pieceOctets;
    if (session.rosterOwed && transport.kind === "long-poll") octets -= this.#roster.encode().length;
    for (const piece of pieces) octets -= piece.length;
    return octets;
  }

  #owed(session: Session): Payload {
    return join(session.takeOwed(this.#encodePing), session.cursor);
  }

  /** Most receivers are at the same place: their heartbeat is encoded once. */
  readonly #encodePing = (offset: Offset): Uint8Array => {
    const { online } = this.#roster;
    if (this.#ping?.offset !== offset || this.#ping.online !== online) {
      this.#ping = { offset, online, octets: encodeReply({ type: "ping", offset, online }) };
    }
    return this.#ping.octets;
  };
}

/** A chunk as payloads of at most `PIECE_OCTETS`, each made once for everybody. */
function inPieces(chunk: Chunk): Payload[] {
  if (chunk.octets.length <= PIECE_OCTETS) return [new Payload(asBuffer(chunk.octets), chunk.last)];
  const payloads: Payload[] = [];
  for (let after = chunk.first - 1; after < chunk.last; ) {
    const slice = sliceChunks([chunk], after, PIECE_OCTETS) as Slice;
    payloads.push(new Payload(asBuffer(slice.octets), slice.last));
    after = slice.last;
  }
  return payloads;
}

function join(pieces: readonly Uint8Array[], last: Offset): Payload {
  const [only] = pieces;
  return new Payload(pieces.length === 1 && only !== undefined ? asBuffer(only) : Buffer.concat(pieces), last);
}

function asBuffer(octets: Uint8Array): Buffer {
  return Buffer.isBuffer(octets) ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
}
