import { expect, vi } from "vitest";
import { ChatConnection, type ConnectionOptions } from "../../shared/connection/chat-connection.ts";
import type { ConnectionEvent } from "../../shared/connection/connection-event.ts";
import type { ConnectionState } from "../../shared/connection/connection-state.ts";
import type { Environment } from "../../shared/connection/environment.ts";
import type { OutboxEntry } from "../../shared/connection/outbox.ts";

/** A connection, and all that it told. */
export class ChatClient {
  readonly connection: ChatConnection;
  readonly events: ConnectionEvent[] = [];
  readonly states: ConnectionState[] = [];
  outbox: readonly OutboxEntry[] = [];
  /** Called when it was told, as a page is. */
  onOutbox: (() => void) | undefined;
  onEvents: (() => void) | undefined;

  constructor(options: ConnectionOptions, environment: Environment) {
    this.connection = new ChatConnection(options, environment, {
      events: (events) => {
        this.events.push(...events);
        this.onEvents?.();
      },
      state: (state) => void this.states.push(state),
      outbox: (entries) => {
        this.outbox = entries;
        this.onOutbox?.();
      },
    });
  }

  /** What was said in the room since the timeline last began, each with its offset. */
  get heard(): string[] {
    let heard: string[] = [];
    for (const event of this.events) {
      if (event.kind === "welcome" && event.fresh) heard = [];
      if (event.kind === "message") heard.push(`${event.offset} ${event.message}`);
    }
    return heard;
  }

  /** The words alone. */
  get words(): string[] {
    return this.heard.map((line) => line.slice(line.indexOf(" ") + 1));
  }

  get shown(): string[] {
    return this.outbox.map(({ text, state }) => `${text} ${state.kind}`);
  }

  /** The transport while it was open, else what it was: each once in a row. */
  get path(): string[] {
    const path = this.states.map((state) => (state.kind === "open" ? state.transport : state.kind));
    return path.filter((step, index) => step !== path[index - 1]);
  }

  async reaches(kind: ConnectionState["kind"]): Promise<void> {
    await vi.waitFor(() => expect(this.connection.state.kind).toBe(kind), { timeout: 10_000, interval: 10 });
  }

  async hears(...words: string[]): Promise<void> {
    await vi.waitFor(() => expect(this.words).toEqual(words), { timeout: 10_000, interval: 10 });
  }
}
