import type { Socket } from "node:net";
import type { Random } from "../random.ts";
import type { Course } from "./plan.ts";

/** More than this is not taken from the sender while it waits here. */
const MAX_WAITING_OCTETS = 256 * 1024;
const MAX_RECHUNKED_OCTETS = 16 * 1024;
/** What is throttled goes on in steps of this length. */
const STEP_MS = 50;

export type LaneListener = {
  /** `course.stopAfter` octets are with the receiver, and not one more will be. */
  stopped(): void;
  /** There is room again. */
  room(): void;
  /** Told each time; who counts connections, counts the first. */
  happened(what: "delay" | "throttle" | "rechunk" | "join"): void;
};

type Waiting = { octets: Buffer; readonly dueMs: number };

/** One direction of a connection: octets in order, when and in what pieces the plan says. */
export class Lane {
  readonly #to: Socket;
  readonly #random: Random;
  readonly #listener: LaneListener;
  #course: Course;
  #queue: Waiting[] = [];
  #waitingOctets = 0;
  #writtenOctets = 0;
  /** When what waits last is due, and when the throttle lets more through. */
  #lastDueMs = 0;
  #throttledUntilMs = 0;
  /** Something will call `#pump`: a timer, or the receiver. */
  #timer: NodeJS.Timeout | undefined;
  #writing = false;
  #ended: "fin" | "rst" | undefined;
  #state: "open" | "closed" = "open";

  constructor(to: Socket, course: Course, random: Random, listener: LaneListener) {
    this.#to = to;
    this.#course = course;
    this.#random = random;
    this.#listener = listener;
    to.on("drain", () => {
      this.#writing = false;
      this.#pump();
    });
  }

  get full(): boolean {
    return this.#waitingOctets > MAX_WAITING_OCTETS;
  }

  push(octets: Buffer): void {
    if (this.#state === "closed" || this.#ended !== undefined || octets.length === 0) return;
    this.#queue.push({ octets, dueMs: this.#dueMs(performance.now()) });
    this.#waitingOctets += octets.length;
    this.#pump();
  }

  /** FIN or RST, behind all that waits. */
  end(by: "fin" | "rst"): void {
    this.#ended ??= by;
    this.#pump();
  }

  /** Nothing more goes through, and what waits is lost. */
  close(): void {
    this.#state = "closed";
    this.#queue = [];
    this.#waitingOctets = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** From now on a plain lane; what waits goes now. */
  calm(): void {
    this.#course = {};
    this.#throttledUntilMs = 0;
    this.#lastDueMs = 0;
    for (const [index, { octets }] of this.#queue.entries()) this.#queue[index] = { octets, dueMs: 0 };
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pump();
  }

  #dueMs(nowMs: number): number {
    const { delayMs, joinMs } = this.#course;
    if (joinMs !== undefined && this.#lastDueMs <= nowMs) this.#lastDueMs = nowMs + this.#random.between(...joinMs);
    if (delayMs !== undefined) {
      const heldMs = this.#random.between(...delayMs);
      this.#lastDueMs = Math.max(this.#lastDueMs, nowMs + heldMs);
      if (heldMs > 0) this.#listener.happened("delay");
    }
    return this.#lastDueMs;
  }

  #pump(): void {
    while (this.#state === "open" && this.#timer === undefined && !this.#writing) {
      const [first] = this.#queue;
      if (first === undefined) {
        if (this.#ended !== undefined) this.#finish(this.#ended);
        return;
      }
      const waitMs = Math.max(first.dueMs, this.#throttledUntilMs) - performance.now();
      if (waitMs > 0) this.#pumpIn(waitMs);
      else this.#write(this.#take());
    }
  }

  #finish(by: "fin" | "rst"): void {
    this.close();
    if (by === "fin") this.#to.end();
    else this.#to.resetAndDestroy();
  }

  #pumpIn(waitMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, Math.ceil(waitMs));
  }

  /** The piece that goes now. */
  #take(): Buffer {
    const nowMs = performance.now();
    const due = this.#queue.findIndex(({ dueMs }) => dueMs > nowMs);
    const together = this.#queue.splice(0, due < 0 ? this.#queue.length : due);
    if (together.length > 1 && this.#course.joinMs !== undefined) this.#listener.happened("join");
    const octets =
      together.length === 1 && together[0] !== undefined ? together[0].octets : Buffer.concat(together.map((waiting) => waiting.octets));
    const length = Math.min(octets.length, this.#mostOctets());
    if (length < octets.length) this.#queue.unshift({ octets: octets.subarray(length), dueMs: 0 });
    this.#waitingOctets -= length;
    return octets.subarray(0, length);
  }

  #mostOctets(): number {
    const { chunkOctets, octetsPerSecond } = this.#course;
    let most = Number.POSITIVE_INFINITY;
    if (octetsPerSecond !== undefined) most = Math.max(1, Math.floor((octetsPerSecond * STEP_MS) / 1000));
    if (this.#rechunks && chunkOctets !== undefined) most = Math.min(most, Math.max(1, this.#random.between(...chunkOctets)));
    return most;
  }

  get #rechunks(): boolean {
    return this.#course.chunkOctets !== undefined && this.#writtenOctets < MAX_RECHUNKED_OCTETS;
  }

  #write(piece: Buffer): void {
    const { octetsPerSecond, stopAfter = Number.POSITIVE_INFINITY } = this.#course;
    const rest = stopAfter - this.#writtenOctets;
    if (piece.length >= rest) {
      this.close();
      this.#to.write(piece.subarray(0, rest), (fault) => {
        if (!fault) this.#listener.stopped();
      });
      return;
    }
    const more = this.#queue.length > 0;
    const rechunks = this.#rechunks;
    this.#writtenOctets += piece.length;
    if (octetsPerSecond !== undefined) {
      this.#throttledUntilMs = performance.now() + (piece.length / octetsPerSecond) * 1000;
      if (more) this.#listener.happened("throttle");
    }
    if (rechunks) {
      if (more) this.#listener.happened("rechunk");
      this.#writing = true;
      // One turn of the loop for each piece: else the kernel hands them over together.
      this.#to.write(piece, () =>
        setImmediate(() => {
          this.#writing = false;
          this.#pump();
        }),
      );
    } else this.#writing = !this.#to.write(piece);
    if (!this.full) this.#listener.room();
  }
}
