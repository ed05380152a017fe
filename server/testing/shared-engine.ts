import type { RoomName } from "../../shared/room-name.ts";
import type { Committed, Engine, News, Operation, Outcome, SessionId, SessionRecord } from "../engine/engine.ts";

/** An engine as a node sees one that it shares: a test says what the others do, and what comes of this node's commits. */
export class SharedEngine implements Engine {
  readonly inner: Engine;
  readonly #listeners = new Map<RoomName, (news: News) => void>();
  #orphans: ((records: readonly SessionRecord[]) => void) | undefined;
  /** What an operation comes to instead of what the engine would do. */
  instead: ((operation: Operation) => Outcome | undefined) | undefined;
  /** What a session's record is instead. */
  found: ((session: SessionId) => SessionRecord | undefined) | undefined;
  /** Called with the operations of a commit; where it throws they are not kept. */
  before: ((operations: readonly Operation[]) => void) | undefined;
  /** Called when they are kept; where it throws this node does not hear of it. */
  after: ((operations: readonly Operation[]) => void) | undefined;

  constructor(inner: Engine) {
    this.inner = inner;
  }

  /** True while this node follows the room. */
  isFollowed(room: RoomName): boolean {
    return this.#listeners.has(room);
  }

  /** Tells this node what others did. */
  tell(room: RoomName, news: News): void {
    this.#listeners.get(room)?.(news);
  }

  /** Another node's commit: done, and told. */
  async does(room: RoomName, operations: readonly Operation[], more: Partial<News & { kind: "changed" }> = {}): Promise<void> {
    const { chunk, first } = await this.inner.commit(room, operations);
    this.tell(room, { kind: "changed", first, came: [], went: [], taken: [], ...(chunk === undefined ? {} : { chunk }), ...more });
  }

  leave(records: readonly SessionRecord[]): void {
    this.#orphans?.(records);
  }

  follow(room: RoomName, listener: (news: News) => void): () => void {
    this.#listeners.set(room, listener);
    return () => {
      if (this.#listeners.get(room) === listener) this.#listeners.delete(room);
    };
  }

  orphans(listener: (records: readonly SessionRecord[]) => void): () => void {
    this.#orphans = listener;
    return () => {
      this.#orphans = undefined;
    };
  }

  async commit(room: RoomName, operations: readonly Operation[]): Promise<Committed> {
    this.before?.(operations);
    const instead = operations.map((operation) => this.instead?.(operation));
    const committed = await this.inner.commit(
      room,
      operations.filter((_, index) => instead[index] === undefined),
    );
    this.after?.(operations);
    let next = 0;
    return { ...committed, outcomes: instead.map((outcome) => outcome ?? (committed.outcomes[next++] as Outcome)) };
  }

  async find(session: SessionId): Promise<SessionRecord | undefined> {
    return this.found?.(session) ?? (await this.inner.find(session));
  }

  open = (room: RoomName) => this.inner.open(room);
  read = (room: RoomName, after: number, maxOctets: number) => this.inner.read(room, after, maxOctets);
  catchUp = (room: RoomName) => this.inner.catchUp(room);
  offsets = (session: SessionId) => this.inner.offsets(session);
  adopt = () => this.inner.adopt();
  tidy = () => this.inner.tidy();
  hasRoomFor = (room: RoomName) => this.inner.hasRoomFor(room);
  held = () => this.inner.held();
  close = () => this.inner.close();

  get well(): boolean {
    return this.inner.well;
  }
}
