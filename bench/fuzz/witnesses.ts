import { randomBytes } from "node:crypto";
import { nodeEnvironment } from "../../server/testing/node-environment.ts";
import { ChatConnection } from "../../shared/connection/chat-connection.ts";
import type { ConnectionState, TransportKind } from "../../shared/connection/connection-state.ts";
import type { OutboxEntry } from "../../shared/connection/outbox.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { SessionSecret } from "../../shared/session-secret.ts";

const OPEN_WITHIN_MS = 20_000;
/** How long the last words may take to be heard and acknowledged. */
const SETTLE_WITHIN_MS = 30_000;
const TALK_EVERY_MS = 250;

/** Somebody of good manners. */
class Witness {
  readonly name: string;
  readonly said: string[] = [];
  /** What the witnesses said, as this one heard it. */
  readonly heard: string[] = [];
  readonly faults: string[] = [];
  readonly connection: ChatConnection;
  outbox: readonly OutboxEntry[] = [];
  #wasOpen = false;

  constructor(url: string, name: string, only: TransportKind) {
    this.name = name;
    const options = { url, session: randomBytes(24).toString("base64url") as SessionSecret, nick: name, room: "lobby" as RoomName, only };
    this.connection = new ChatConnection(options, nodeEnvironment(), {
      events: (events) => {
        for (const event of events) {
          if (event.kind === "message" && event.nick.startsWith("witness")) this.heard.push(event.message);
          if (event.kind === "gap") this.faults.push(`a gap from ${event.from} to ${event.to}`);
          if (event.kind === "left" && event.nicks.some((nick) => nick.startsWith("witness")))
            this.faults.push("a witness is said to have left");
        }
      },
      state: (state) => this.#in(state),
      outbox: (entries) => {
        this.outbox = entries;
        for (const { text, state } of entries) if (state.kind === "refused") this.faults.push(`${text} was refused: ${state.code}`);
      },
    });
  }

  get open(): boolean {
    return this.#wasOpen;
  }

  says(text: string): void {
    this.said.push(text);
    this.connection.send(text);
  }

  #in(state: ConnectionState): void {
    if (this.#wasOpen && state.kind !== "open") this.faults.push(`was disturbed: ${JSON.stringify(state)}`);
    this.#wasOpen ||= state.kind === "open";
  }
}

/** Two who talk to each other all the time, and must never notice what the others do: one by WebSocket, one by long polling. */
export class Witnesses {
  readonly #pair: readonly [Witness, Witness];
  #talking: NodeJS.Timeout | undefined;

  constructor(url: string) {
    this.#pair = [new Witness(url, "witness-ws", "websocket"), new Witness(url, "witness-poll", "long-poll")];
  }

  /** Comes in, and begins to talk. Rejects where that can't be done. */
  async start(): Promise<void> {
    for (const { connection } of this.#pair) connection.start();
    if (!(await until(() => this.#pair.every(({ open }) => open), OPEN_WITHIN_MS))) throw new Error("the witnesses did not come in");
    let number = 0;
    this.#talking = setInterval(() => {
      const speaker = this.#pair[number % 2] as Witness;
      speaker.says(`${speaker.name} ${++number}`);
    }, TALK_EVERY_MS);
  }

  /** What disturbed them so far. */
  get faults(): string[] {
    return this.#pair.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
  }

  /** Stops talking and waits for the end of it; gives all that is wrong, and how much was said. A server that is gone disturbs everybody: then nothing is said of it. */
  async finish(alive: boolean): Promise<{ faults: string[]; said: number }> {
    clearInterval(this.#talking);
    const said = this.#pair.reduce((sum, witness) => sum + witness.said.length, 0);
    if (!alive) {
      this.stop();
      return { faults: [], said };
    }
    await until(() => this.#pair.every(({ heard, outbox }) => heard.length >= said && outbox.length === 0), SETTLE_WITHIN_MS);
    const faults = this.faults;
    for (const { name, heard, outbox } of this.#pair) {
      if (outbox.length > 0) faults.push(`${name}: ${outbox.length} of its messages were not acknowledged`);
      for (const speaker of this.#pair) {
        const from = heard.filter((text) => text.startsWith(`${speaker.name} `));
        if (from.join() !== speaker.said.join())
          faults.push(`${name}: of ${speaker.said.length} messages of ${speaker.name} heard ${from.length}, or in another order`);
      }
    }
    const [one, other] = this.#pair;
    if (one.heard.join() !== other.heard.join()) faults.push("the witnesses did not hear the same in the same order");
    this.stop();
    return { faults, said };
  }

  stop(): void {
    clearInterval(this.#talking);
    for (const { connection } of this.#pair) connection.stop();
  }
}

/** Looks every now and then; true when `done` is, false after `withinMs`. */
export async function until(done: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!done()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}
