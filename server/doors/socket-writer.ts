import type { Socket } from "node:net";

const NOTHING = Buffer.alloc(0);

/** The write side of a TCP socket, for a transport: one write at a time, and a word when the peer can take more. */
export class SocketWriter {
  readonly #socket: Socket;
  #whenEmpty: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Octets that the peer has not taken yet. */
  get unwritten(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength;
  }

  write(octets: Buffer, then?: Buffer): void {
    if (then === undefined) {
      this.#socket.write(octets);
      return;
    }
    this.#socket.cork();
    this.#socket.write(octets);
    this.#socket.write(then);
    this.#socket.uncork();
  }

  /** Calls `run` once, as soon as the peer has taken all. Only the newest `run` counts. */
  whenEmpty(run: () => void): void {
    const armed = this.#whenEmpty !== undefined;
    this.#whenEmpty = run;
    // `drain` comes only after a write that was told to wait; the callback of an empty write always comes, after all before it.
    if (!armed) this.#socket.write(NOTHING, this.#emptied);
  }

  readonly #emptied = (): void => {
    const run = this.#whenEmpty;
    this.#whenEmpty = undefined;
    run?.();
  };
}
