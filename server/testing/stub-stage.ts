import { afterEach, beforeEach, expect, vi } from "vitest";
import type { ConnectionOptions } from "../../shared/connection/chat-connection.ts";
import type { Environment } from "../../shared/connection/environment.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { SessionSecret } from "../../shared/session-secret.ts";
import { ChatClient } from "./chat-client.ts";
import { ManualClock } from "./manual-clock.ts";
import { nodeEnvironment } from "./node-environment.ts";
import { ROSTER, type StubRequest, StubServer, type StubSocket, welcome } from "./stub-server.ts";

export const SECRET = "AAAAAAAAAAAAAAAAAAAAAA" as SessionSecret;

/** A stub server, a clock that stands still, and connections to that server by that clock: new for each test, and no timer left at its end. */
export class StubStage {
  server = new StubServer();
  clock = new ManualClock();
  readonly #timers = new Set<{ readonly dueMs: number }>();
  readonly #clients: ChatClient[] = [];

  constructor() {
    beforeEach(async () => {
      this.server = new StubServer();
      this.clock = new ManualClock();
      this.#timers.clear();
      await this.server.open();
    });
    afterEach(async () => {
      for (const client of this.#clients.splice(0)) client.connection.stop();
      await this.server.close();
      expect(this.#timers.size).toBe(0);
    });
  }

  connect(options: Partial<ConnectionOptions> = {}, changes: Partial<Environment> = {}): ChatClient {
    const usual = { url: `${this.server.url}/`, session: SECRET, nick: "ana", room: "lobby" as RoomName };
    const client = new ChatClient({ ...usual, ...options }, this.#environment(changes));
    this.#clients.push(client);
    client.connection.start();
    return client;
  }

  /** In the room over WebSocket. */
  async onWebSocket(options: Partial<ConnectionOptions> = {}): Promise<{ client: ChatClient; socket: StubSocket }> {
    const client = this.connect(options);
    const socket = await this.server.sockets.next();
    await socket.heard.next();
    socket.says(welcome(), ROSTER);
    await client.reaches("open");
    return { client, socket };
  }

  /** In the room over long polling, with one poll parked. */
  async onLongPoll(options: Partial<ConnectionOptions> = {}): Promise<{ client: ChatClient; poll: StubRequest }> {
    const client = this.connect({ only: "long-poll", ...options });
    (await this.server.posts.next()).says(welcome(), ROSTER);
    return { client, poll: await this.server.polls.next() };
  }

  /** After how many ms from now something falls due, sorted. */
  get waits(): number[] {
    return [...this.#timers].map(({ dueMs }) => Math.round(dueMs - this.clock.now())).sort((a, b) => a - b);
  }

  /** Lets `ms` pass, once the connection waits for just that: until then what it was told has not been dealt with. */
  async pass(ms: number): Promise<void> {
    await vi.waitFor(() => expect(this.waits).toContain(ms));
    this.clock.advance(ms);
  }

  #environment(changes: Partial<Environment>): Environment {
    const { clock } = this;
    const timers = this.#timers;
    const after = (delayMs: number, run: () => void) => {
      const timer = { dueMs: clock.now() + delayMs };
      timers.add(timer);
      const callOff = clock.after(delayMs, () => {
        timers.delete(timer);
        run();
      });
      return () => {
        timers.delete(timer);
        callOff();
      };
    };
    return nodeEnvironment({ clock: { now: () => clock.now(), wall: () => clock.wall(), after }, random: () => 0.5, ...changes });
  }
}
