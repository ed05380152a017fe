/** Time as the server uses it, handed in through constructors so that tests can move it. */
export interface Clock {
  /** Monotonic, in ms, from an arbitrary start: for time-outs, graces and rates. Never steps. */
  now(): number;
  /** Ms since the epoch: for what people read. Steps when the system's clock is set. */
  wall(): number;
  /** Calls `run` once, `delayMs` from now. Returns how to call it off. Does not keep the process alive by itself. */
  after(delayMs: number, run: () => void): () => void;
  /** Calls `run` once, at the end of this turn of the event loop, when all that had arrived was read. */
  soon(run: () => void): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.ceil(delayMs) + 1); // Node counts whole milliseconds, and would be up to one early: whoever looks at the time then would find it not due yet
    timer.unref();
    return () => clearTimeout(timer);
  },
  soon: (run) => void setImmediate(run),
};
