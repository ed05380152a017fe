import type { ConnectionListener, ConnectionOptions, SavedConnection } from "../../shared/connection/chat-connection.ts";
import type { ConnectionEvent, HistoryPage } from "../../shared/connection/connection-event.ts";
import type { OutboxEntry } from "../../shared/connection/outbox.ts";
import type { Connection } from "../room/room-parts.ts";

/** A connection in which the test plays the server. */
export class ScriptedConnection implements Connection {
  readonly options: Omit<ConnectionOptions, "url">;
  readonly listener: ConnectionListener;
  /** What was asked of it, in order. */
  readonly asked: string[] = [];
  entries: OutboxEntry[];
  pages: HistoryPage[] = [];
  #saved: SavedConnection;

  constructor(options: Omit<ConnectionOptions, "url">, listener: ConnectionListener) {
    this.options = options;
    this.listener = listener;
    this.#saved = options.saved ?? { offset: 0, at: 0, nick: options.nick, knownSeq: 0, nextId: 1, outbox: [] };
    this.entries = this.#saved.outbox.map(({ id, text, typedAt }) => ({ id, text, typedAt, state: { kind: "pending" } }));
  }

  /** The server says `welcome` to somebody it did not know, in a room with so many packets before. */
  welcomes(offset = 0): void {
    this.#saved = { ...this.#saved, log: "x", offset, nick: this.options.nick };
    const { nick, room } = this.options;
    this.listener.state({ kind: "open", transport: "websocket" });
    this.listener.events([
      { kind: "welcome", nick, room, resumed: false, fresh: true, offset, online: 1 },
      { kind: "roster", nicks: [nick], online: 1 },
    ]);
  }

  resumes(): void {
    const { nick, offset } = this.#saved;
    this.listener.state({ kind: "open", transport: "websocket" });
    this.listener.events([{ kind: "welcome", nick, room: this.options.room, resumed: true, fresh: false, offset, online: 1 }]);
  }

  brings(...events: ConnectionEvent[]): void {
    for (const event of events) {
      if ("offset" in event && event.kind !== "welcome") this.#saved = { ...this.#saved, offset: event.offset };
      if (event.kind === "nick") this.#saved = { ...this.#saved, nick: event.nick };
    }
    this.listener.events(events);
  }

  start(): void {
    this.asked.push("start");
    if (this.entries.length > 0) this.listener.outbox(this.entries);
    this.listener.state({ kind: "connecting", attempt: 1 });
  }

  send(text: string): number[] {
    const id = this.#saved.nextId;
    this.entries = [...this.entries, { id, text, typedAt: 0, state: { kind: "pending" } }];
    this.#saved = { ...this.#saved, nextId: id + 1 };
    this.listener.outbox(this.entries);
    return [id];
  }

  sendAgain(id: number): void {
    this.asked.push(`sendAgain ${id}`);
  }

  discard(id: number): void {
    this.asked.push(`discard ${id}`);
  }

  rename(nick: string): void {
    this.asked.push(`rename ${nick}`);
  }

  async history(before: number): Promise<HistoryPage> {
    this.asked.push(`history ${before}`);
    const page = this.pages.shift();
    if (!page) throw new Error("no answer");
    return page;
  }

  async leave(): Promise<void> {
    this.asked.push("leave");
  }

  linger(): void {
    this.asked.push("linger");
  }

  probe(): void {
    this.asked.push("probe");
  }

  stop(): void {
    this.asked.push("stop");
  }

  save(): SavedConnection {
    return { ...this.#saved, outbox: this.entries.map(({ id, text, typedAt }) => ({ id, text, typedAt, seq: id })) };
  }
}
