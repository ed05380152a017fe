/** What things cost, in microseconds of one processor. Measured: docs/scale.md. */
export type Costs = {
  /** A commit in Redis, each message in it, and telling each node of it. */
  readonly commit: number;
  readonly message: number;
  readonly tell: number;
  /** Handing one payload to one receiver. */
  readonly write: number;
  /** There and back between a node and Redis. */
  readonly roundTrip: number;
};

export type Room = {
  readonly nodes: number;
  readonly people: number;
  /** Messages a second, all together. */
  readonly rate: number;
  readonly seconds: number;
};

export type Simulated = {
  /** Ms from a message's arrival at a node until the last receiver of the slowest node has it. */
  readonly medianMs: number;
  readonly worstMs: number;
  /** Messages in a commit. */
  readonly batch: number;
  /** Shares of one processor. */
  readonly redis: number;
  readonly node: number;
};

/** What a node was told and has not handed out, as what to do when that is done. */
type Node = { waiting: number[]; committing: boolean; told: ((doneAt: number) => void)[]; freeAt: number; busy: number };
type Event = { readonly at: number; readonly run: () => void };

/**
 * One room on many nodes, event by event: messages arrive at nodes in turn; a node has one commit under way and gathers what arrives meanwhile; Redis takes one commit
 * after the other and tells every node; a node hands what it was told meanwhile to its receivers as one payload. Times are microseconds.
 */
export function simulate({ nodes, people, rate, seconds }: Room, costs: Costs): Simulated {
  const all: Node[] = Array.from({ length: nodes }, () => ({ waiting: [], committing: false, told: [], freeAt: 0, busy: 0 }));
  const events = new Events();
  const random = generator(1);
  const delivery = (people / nodes) * costs.write;
  const delays: number[] = [];
  let redisFreeAt = 0;
  let redisBusy = 0;
  let commits = 0;
  let messages = 0;

  /** All that it was told, handed out at once, when its one thread is free. */
  const handOut = (node: Node, at: number) => {
    if (node.told.length === 0) return;
    if (node.freeAt > at) {
      const freeAt = node.freeAt;
      events.add(freeAt, () => handOut(node, freeAt));
      return;
    }
    const told = node.told;
    node.told = [];
    node.freeAt = at + delivery;
    node.busy += delivery;
    for (const done of told) done(node.freeAt);
  };
  const commit = (node: Node, at: number) => {
    if (node.committing || node.waiting.length === 0) return;
    node.committing = true;
    const batch = node.waiting;
    node.waiting = [];
    const cost = costs.commit + batch.length * costs.message + nodes * costs.tell;
    redisFreeAt = Math.max(redisFreeAt, at + costs.roundTrip / 2) + cost;
    redisBusy += cost;
    commits++;
    messages += batch.length;
    const told = redisFreeAt + costs.roundTrip / 2;
    let handed = 0;
    let left = all.length;
    const handedTo = (other: Node) => (doneAt: number) => {
      handed = Math.max(handed, doneAt);
      if (--left === 0) for (const arrived of batch) delays.push(handed - arrived);
      if (other !== node) return;
      // Not before half of what handing it out cost has passed again: what arrives meanwhile goes together.
      const next = doneAt + delivery / 2;
      events.add(next, () => {
        node.committing = false;
        commit(node, next);
      });
    };
    for (const other of all)
      events.add(told, () => {
        other.told.push(handedTo(other));
        handOut(other, told);
      });
  };
  for (let at = 0, index = 0; at < seconds * 1e6; index++) {
    at += -Math.log(1 - random()) * (1e6 / rate);
    const node = all[index % nodes] as Node;
    const arrived = at;
    events.add(arrived, () => {
      node.waiting.push(arrived);
      // The thread that would begin it may have other things to do.
      const begins = Math.max(arrived, node.freeAt);
      events.add(begins, () => commit(node, begins));
    });
  }
  const endedAt = events.runAll();
  delays.sort((a, b) => a - b);
  return {
    medianMs: (delays[delays.length >> 1] ?? 0) / 1000,
    worstMs: (delays.at(-1) ?? 0) / 1000,
    batch: messages / Math.max(1, commits),
    redis: redisBusy / endedAt,
    node: Math.max(...all.map(({ busy }) => busy)) / endedAt,
  };
}

/** What is to happen, earliest first: a binary heap. */
class Events {
  readonly #heap: Event[] = [];

  add(at: number, run: () => void): void {
    const heap = this.#heap;
    let index = heap.push({ at, run }) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if ((heap[above] as Event).at <= at) break;
      this.#swap(index, above);
      index = above;
    }
  }

  /** Gives when the last one happened. */
  runAll(): number {
    let now = 0;
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      now = next.at;
      next.run();
    }
    return now;
  }

  #take(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      let least = index;
      for (const child of [left, left + 1]) if (child < heap.length && (heap[child] as Event).at < (heap[least] as Event).at) least = child;
      if (least === index) return first;
      this.#swap(index, least);
      index = least;
    }
  }

  #swap(one: number, other: number): void {
    [this.#heap[one], this.#heap[other]] = [this.#heap[other] as Event, this.#heap[one] as Event];
  }
}

/** The same numbers each time (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
