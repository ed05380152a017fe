import type { LogState, News } from "../engine.ts";
import type { OpenedRoom, ReadChunk, Told } from "./wire.ts";

export type FollowerParts = {
  readonly node: string;
  readonly listener: (news: News) => void;
  /** Something is missing: it is to be looked at, and `fill` to be called. */
  readonly missing: () => void;
};

/**
 * What the nodes are told of a room, in its order: each commit that they are told of has a number, and none is handed on before the ones before it. This
 * node's own commits take their turn among them, and are handed out by their promises.
 */
export class Follower {
  readonly #parts: FollowerParts;
  /** What was told, and whose turn has not come. */
  readonly #told = new Map<number, Told>();
  readonly #own = new Map<number, () => void>();
  #revision: number | undefined;
  #highest = 0;
  #log: LogState = { log: "", first: 1, last: 0, at: 0 };
  #waiting: { revision: number; resolve: () => void }[] = [];
  #handing = false;
  #ended = false;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** False until the room was looked at. */
  get begun(): boolean {
    return this.#revision !== undefined;
  }

  get revision(): number {
    return this.#revision ?? 0;
  }

  /** The end of what was handed out. */
  get last(): number {
    return this.#log.last;
  }

  /** Something is known to have happened that was not handed on. */
  get behind(): boolean {
    return !this.#ended && this.begun && this.#highest > this.revision;
  }

  /** So many commits there are. */
  note(revision: number): void {
    this.#highest = Math.max(this.#highest, revision);
  }

  /** What this follows on. */
  begin({ state, revision, present }: OpenedRoom): void {
    this.#revision = revision;
    this.#log = state;
    this.#tellWhole(present);
    this.#forgetBefore();
    this.#goOn();
  }

  /** Something that the nodes were told; of this node's own commits their promises tell. */
  heard(told: Told): void {
    if (this.#ended || (this.#revision !== undefined && told.revision <= this.#revision)) return;
    this.note(told.revision);
    if (told.node !== this.#parts.node) this.#told.set(told.revision, told);
    if (this.#revision === undefined) return;
    this.#goOn();
    if (this.behind) this.#parts.missing();
  }

  /** Resolves when all that came before this node's own commit has been handed on. */
  turn(revision: number, last: number): Promise<void> {
    if (this.#ended || this.#revision === undefined || revision <= this.#revision) return Promise.resolve();
    this.note(revision);
    return new Promise((resolve) => {
      this.#own.set(revision, () => {
        this.#log = { ...this.#log, last };
        resolve();
      });
      this.#goOn();
      if (this.behind) this.#parts.missing();
    });
  }

  /** Resolves when all up to `revision` has been handed on. */
  upTo(revision: number): Promise<void> {
    if (this.#ended || this.revision >= revision) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ revision, resolve }));
  }

  /** True where what Redis has does not follow on what it had. */
  isLost({ state, revision }: OpenedRoom): boolean {
    return state.log !== this.#log.log || revision < this.revision || state.last < this.#log.last || state.first > this.#log.last + 1;
  }

  /** The room as it is now, and what was appended since. What this node still waits for is among it. */
  async fill({ state, revision, present }: OpenedRoom, chunks: readonly ReadChunk[]): Promise<void> {
    this.#handing = true;
    const turns = new Set([...chunks.map((chunk) => chunk.revision), ...this.#own.keys()]);
    for (const turn of [...turns].sort((a, b) => a - b)) {
      if (turn <= this.revision || turn > revision) continue;
      const own = this.#own.get(turn);
      if (own !== undefined) await this.#handOut(turn, own);
      else
        for (const chunk of chunks) {
          if (chunk.revision !== turn || chunk.last <= this.#log.last) continue;
          this.#log = { ...this.#log, last: chunk.last };
          this.#parts.listener({ kind: "changed", chunk, first: state.first, came: [], went: [], taken: [] });
        }
      this.#revision = turn;
    }
    this.#handing = false;
    if (this.#ended) return;
    this.#revision = revision;
    this.#log = state;
    this.#tellWhole(present);
    this.#forgetBefore();
    this.#goOn();
  }

  /** What was handed out is not kept any more. */
  lose(): void {
    if (this.#ended) return;
    this.end();
    this.#parts.listener({ kind: "lost" });
  }

  end(): void {
    this.#ended = true;
    for (const own of this.#own.values()) own();
    for (const { resolve } of this.#waiting) resolve();
    this.#own.clear();
    this.#told.clear();
    this.#waiting = [];
  }

  #tellWhole(present: OpenedRoom["present"]): void {
    const people = present.map(({ node, ...person }) => ({ ...person, own: node === this.#parts.node }));
    this.#parts.listener({ kind: "whole", log: this.#log, present: people });
  }

  #goOn(): void {
    if (!this.#handing && !this.#ended) void this.#handOn();
  }

  async #handOn(): Promise<void> {
    this.#handing = true;
    for (;;) {
      const turn = this.revision + 1;
      const own = this.#own.get(turn);
      const told = this.#told.get(turn);
      if (own !== undefined) await this.#handOut(turn, own);
      else if (told !== undefined) {
        this.#told.delete(turn);
        this.#revision = turn;
        if (told.chunk !== undefined) this.#log = { ...this.#log, last: told.chunk.last };
        const { chunk, first, came, went, taken } = told;
        this.#parts.listener({ kind: "changed", ...(chunk === undefined ? {} : { chunk }), first, came, went, taken });
      } else break;
      if (this.#ended) return;
    }
    this.#handing = false;
    this.#resolveWaiting();
  }

  /** Whoever committed has dealt with it before anything that comes after is handed on. */
  async #handOut(turn: number, own: () => void): Promise<void> {
    this.#own.delete(turn);
    this.#revision = turn;
    own();
    await new Promise((resolve) => setImmediate(resolve));
  }

  #forgetBefore(): void {
    for (const turn of this.#told.keys()) if (turn <= this.revision) this.#told.delete(turn);
    for (const [turn, own] of this.#own) {
      if (turn > this.revision) continue;
      this.#own.delete(turn);
      own();
    }
    this.#resolveWaiting();
  }

  #resolveWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ revision }) => revision > this.revision);
    for (const { revision, resolve } of waiting) if (revision <= this.revision) resolve();
  }
}
