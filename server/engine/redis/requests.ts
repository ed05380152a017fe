import { EngineError } from "../engine.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { NoAnswer, RedisTrouble, redisTrouble } from "./redis-trouble.ts";
import type { Script } from "./script.ts";
import type { Argument, Reply } from "./wire.ts";

export const ANSWER_WITHIN_MS = 5000;
/** What is asked for again, or looked at again, waits for so long. */
export const TRY_AGAIN_MS = 50;
/** How long replicas are waited for: nothing else is answered meanwhile. */
const REPLICATED_WITHIN_MS = 1000;

/** What the engine asks of Redis: how long an answer is waited for, and what is asked for again. Rejects with EngineError. */
export class Requests {
  readonly #connection: RedisConnection;
  /** So many of them have what is acknowledged. */
  readonly #replicas: number;
  #closed = false;

  constructor(connection: RedisConnection, replicas: number) {
    this.#connection = connection;
    this.#replicas = replicas;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Throws EngineError once it is closed. */
  alive(): void {
    if (this.#closed) throw new EngineError("The engine is closed: nothing more can be kept.");
  }

  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    return this.#connection.run(script, keys, args, ANSWER_WITHIN_MS);
  }

  /** Sends a command to where `key` is. */
  async send(key: string, args: readonly string[]): Promise<unknown> {
    this.alive();
    return this.#connection.send(key, args, ANSWER_WITHIN_MS);
  }

  /** Again and again until it is done, or until the deadline. */
  async insist(script: Script, keys: readonly string[], args: readonly Argument[], deadlineMs: number): Promise<Reply> {
    // What has waited for too long is not begun any more.
    if (performance.now() >= deadlineMs) throw redisTrouble(new NoAnswer());
    for (;;) {
      try {
        return await this.#connection.run(script, keys, args, Math.max(1, deadlineMs - performance.now()));
      } catch (error) {
        if (!(error as RedisTrouble).passes || performance.now() + TRY_AGAIN_MS > deadlineMs || this.#closed) throw error;
        await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
      }
    }
  }

  /** Waits until as many replicas have it as the operator wants. */
  async replicated(key: string, deadlineMs: number): Promise<void> {
    if (this.#replicas === 0) return;
    const leftMs = Math.max(1, Math.min(REPLICATED_WITHIN_MS, Math.round(deadlineMs - performance.now())));
    const count = Number(await this.#connection.send(key, ["WAIT", `${this.#replicas}`, `${leftMs}`], leftMs + ANSWER_WITHIN_MS));
    if (count < this.#replicas)
      throw new RedisTrouble(`Only ${count} replicas of Redis answer, and REDIS_REPLICAS asks for ${this.#replicas}.`, false, undefined);
  }

  /** What is being asked for is not asked for again; scripts that end it are still run. */
  close(): void {
    this.#closed = true;
  }
}
