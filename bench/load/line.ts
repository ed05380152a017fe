/** What carries a listener's session. */
export interface Line {
  /** Connects where it is not connected, says `hello`, and resolves at the `welcome`. Rejects where it did not come to that. */
  hello(port: number): Promise<void>;
  /** Sends packets as one message, or one request. Resolves when there is room for more. */
  send(packets: Uint8Array): Promise<void>;
  /** Reads no more, or asks no more, until it `listens`. */
  stalls(): void;
  listens(): void;
  /** Breaks, without a word. */
  drop(): void;
  /** Called once for each connection that was welcomed and then ended, unless it was dropped. `code` of its close frame or error, where there was one. */
  onEnd: ((why: string) => void) | undefined;
}
