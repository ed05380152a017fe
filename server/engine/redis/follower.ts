import type { LogState, News } from "../engine.ts";
import type { OpenedRoom, ReadChunk, Told } from "./wire.ts";

/** An own commit: where the log ends with it, where it appended; and the name of the last commit that did, before it and with it. */
export type OwnTurn = { readonly revision: number; readonly last?: number | undefined; readonly before: string; readonly tag: string };
type Own = OwnTurn & { readonly resolve: () => void };

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
  readonly #own = new Map<number, Own>();
  #revision: number | undefined;
  #highest = 0;
  #log: LogState = { log: "", first: 1, last: 0, at: 0 };
  /** The name of the last commit that appended what was handed out. */
  #tag = "";
  /** What comes next does not follow on what was handed out. */
  #broken = false;
  #held = false;
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

  /** What comes next does not follow on it. */
  get broken(): boolean {
    return this.#broken;
  }

  get tag(): string {
    return this.#tag;
  }

  get log(): string {
    return this.#log.log;
  }

  /** Something is known to have happened that was not handed on. */
  get behind(): boolean {
    return !this.#ended && this.begun && (this.#broken || this.#highest > this.revision);
  }

  /** So many commits there are. */
  note(revision: number): void {
    this.#highest = Math.max(this.#highest, revision);
  }

  /** What this follows on. */
  begin({ state, revision, tag, present }: OpenedRoom): void {
    this.#revision = revision;
    this.#log = state;
    this.#tag = tag;
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
  turn(own: OwnTurn): Promise<void> {
    if (this.#ended || this.#revision === undefined) return Promise.resolve();
    this.note(own.revision);
    return new Promise((resolve) => {
      this.#own.set(own.revision, { ...own, resolve });
      // It cannot come before what was handed out: that is not there any more.
      if (own.revision <= this.revision) this.#broken = true;
      else this.#goOn();
      if (this.behind) this.#parts.missing();
    });
  }

  /** Resolves when all up to `revision` has been handed on. */
  upTo(revision: number): Promise<void> {
    if (this.#ended || this.revision >= revision) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ revision, resolve }));
  }

  /** True where what Redis has does not follow on what it had. */
  isLost({ state, revision, tag }: OpenedRoom): boolean {
    if (state.log !== this.#log.log || revision < this.revision || state.last < this.#log.last) return true;
    return state.last === this.#log.last && tag !== this.#tag;
  }

  /** True where so much was appended meanwhile that not all of it is kept. */
  isTooLate({ state }: OpenedRoom): boolean {
    return state.first > this.#log.last + 1;
  }

  /** Nothing is handed on before `goOn`: it is being looked at what is missing. */
  hold(): void {
    this.#held = true;
  }

  goOn(): void {
    this.#held = false;
    this.#goOn();
  }

  /** The room as it is now, and what was appended since. What this node still waits for is among it. Held meanwhile. */
  async fill({ state, revision, tag, present }: OpenedRoom, chunks: readonly ReadChunk[]): Promise<void> {
    const turns = new Set([...chunks.map((chunk) => chunk.revision), ...this.#own.keys()]);
    for (const turn of [...turns].sort((a, b) => a - b)) {
      if (turn <= this.revision || turn > revision) continue;
      const own = this.#own.get(turn);
      if (own !== undefined) await this.#handOut(turn, own);
      else
        for (const chunk of chunks) {
          if (chunk.revision !== turn || chunk.last <= this.#log.last) continue;
          this.#log = { ...this.#log, last: chunk.last };
          this.#tag = chunk.tag;
          const { revision: _, tag: __, ...told } = chunk;
          this.#parts.listener({ kind: "changed", chunk: told, first: state.first, came: [], went: [], taken: [] });
        }
      this.#revision = turn;
    }
    if (this.#ended) return;
    this.#revision = revision;
    this.#log = state;
    this.#tag = tag;
    this.#broken = false;
    this.#tellWhole(present);
    this.#forgetBefore();
  }

  /** What was handed out is not kept any more. */
  lose(): void {
    if (this.#ended) return;
    this.end();
    this.#parts.listener({ kind: "lost" });
  }

  end(): void {
    this.#ended = true;
    for (const { resolve } of this.#own.values()) resolve();
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
    if (!this.#handing && !this.#ended && !this.#broken && !this.#held) void this.#handOn();
  }

  async #handOn(): Promise<void> {
    this.#handing = true;
    for (;;) {
      const turn = this.revision + 1;
      const own = this.#own.get(turn);
      const told = this.#told.get(turn);
      const next = own ?? told;
      if (next !== undefined && next.before !== this.#tag) {
        this.#told.delete(turn);
        this.#broken = true;
        this.#parts.missing();
        break;
      }
      if (own !== undefined) await this.#handOut(turn, own);
      else if (told !== undefined) {
        this.#told.delete(turn);
        this.#revision = turn;
        if (told.chunk !== undefined) this.#log = { ...this.#log, last: told.chunk.last };
        this.#tag = told.tag;
        const { chunk, first, came, went, taken } = told;
        this.#parts.listener({ kind: "changed", ...(chunk === undefined ? {} : { chunk }), first, came, went, taken });
      } else break;
      if (this.#ended || this.#broken || this.#held) break;
    }
    this.#handing = false;
    this.#resolveWaiting();
  }

  /** Whoever committed has dealt with it before anything that comes after is handed on. */
  async #handOut(turn: number, { last, tag, resolve }: Own): Promise<void> {
    this.#own.delete(turn);
    this.#revision = turn;
    this.#tag = tag;
    if (last !== undefined) this.#log = { ...this.#log, last };
    resolve();
    await new Promise((go) => setImmediate(go));
  }

  #forgetBefore(): void {
    for (const turn of this.#told.keys()) if (turn <= this.revision) this.#told.delete(turn);
    for (const [turn, own] of this.#own) {
      if (turn > this.revision) continue;
      this.#own.delete(turn);
      own.resolve();
    }
    this.#resolveWaiting();
  }

  #resolveWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ revision }) => revision > this.revision);
    for (const { revision, resolve } of waiting) if (revision <= this.revision) resolve();
  }
}
