import { createClient, createCluster, createSentinel, RESP_TYPES } from "redis";
import { NoAnswer, redisTrouble } from "./redis-trouble.ts";
import type { RedisPlace } from "./redis-url.ts";
import type { Script } from "./script.ts";
import type { Argument, Reply } from "./wire.ts";

const CONNECT_WITHIN_MS = 3000;
/** How often a connection that ended is tried again, ms. */
const RECONNECT_MS = 250;
/** With it octets stay octets. */
const OCTETS = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

type Listener = (message: Buffer) => void;
type Evaluation = { keys: string[]; arguments: (string | Buffer)[] };
/** What is used of the three kinds of client; each knows where a key is. */
type Client = {
  connect(): Promise<unknown>;
  destroy(): unknown;
  on(event: string, listener: (error: unknown) => void): unknown;
  evalSha(sha: string, options: Evaluation): Promise<unknown>;
  eval(source: string, options: Evaluation): Promise<unknown>;
  sSubscribe(channel: string, listener: Listener, octets: true): Promise<unknown>;
  sUnsubscribe(channel: string): Promise<unknown>;
  withTypeMapping(mapping: typeof OCTETS): Client;
};

export type ConnectionEvents = {
  /** It ended, or could not be had. */
  failed(error: unknown): void;
  /** What the channels said may have been missed. */
  back(): void;
};

/** Connections to Redis: one for commands, one for what the channels say. They come back by themselves. */
export class RedisConnection {
  readonly #place: RedisPlace;
  readonly #events: ConnectionEvents;
  #commands: Client;
  #octets: Client;
  #subscriber: Client;
  readonly #listeners = new Map<string, Listener>();
  #closed = false;

  private constructor(place: RedisPlace, events: ConnectionEvents) {
    this.#place = place;
    this.#events = events;
    this.#commands = this.#client();
    this.#octets = this.#commands.withTypeMapping(OCTETS);
    this.#subscriber = this.#client();
  }

  /** Rejects with RedisTrouble where it cannot be had. */
  static async open(place: RedisPlace, events: ConnectionEvents): Promise<RedisConnection> {
    const connection = new RedisConnection(place, events);
    let first: unknown;
    connection.#commands.on("error", (error) => {
      first ??= error;
    });
    try {
      await within(CONNECT_WITHIN_MS, connection.#connect());
      return connection;
    } catch (error) {
      connection.close();
      throw redisTrouble(error instanceof NoAnswer ? (first ?? error) : error);
    }
  }

  async #connect(): Promise<void> {
    await Promise.all([this.#commands.connect(), this.#subscriber.connect()]);
    this.#subscriber.on("ready", () => this.#events.back());
  }

  /** Runs a script; its first key says where. Rejects with RedisTrouble, also where no answer comes in time. */
  async run(script: Script, keys: readonly string[], args: readonly Argument[], withinMs: number): Promise<Reply> {
    const options = { keys: [...keys], arguments: args.map(asArgument) };
    try {
      return (await within(withinMs, this.#evaluate(script, options))) as Reply;
    } catch (error) {
      throw redisTrouble(error);
    }
  }

  async #evaluate({ sha, source }: Script, options: Evaluation): Promise<unknown> {
    try {
      return await this.#octets.evalSha(sha, options);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("NOSCRIPT")) return this.#octets.eval(source, options);
      throw error;
    }
  }

  /** Sends a command to where `key` is. Rejects with RedisTrouble. */
  async send(key: string, args: readonly Argument[], withinMs: number): Promise<unknown> {
    const { kind } = this.#place;
    const client = this.#commands as unknown as { sendCommand(...args: unknown[]): Promise<unknown> };
    const words = args.map(asArgument);
    const command = kind === "single" ? [words] : kind === "sentinel" ? [false, words] : [key, false, words];
    try {
      return await within(withinMs, client.sendCommand(...command));
    } catch (error) {
      throw redisTrouble(error);
    }
  }

  /** Resolves when nothing more that the channel says is missed. */
  async subscribe(channel: string, listener: Listener, withinMs: number): Promise<void> {
    this.#listeners.set(channel, listener);
    try {
      await within(withinMs, this.#subscriber.sSubscribe(channel, listener, true));
    } catch (error) {
      throw redisTrouble(error);
    }
  }

  unsubscribe(channel: string): void {
    this.#listeners.delete(channel);
    if (!this.#closed) this.#subscriber.sUnsubscribe(channel).catch(() => {}); // the connection is gone, and with it what was subscribed
  }

  /** Other connections instead of these, of which nothing is heard any more. */
  async renew(): Promise<void> {
    if (this.#closed) return;
    for (const client of [this.#commands, this.#subscriber]) destroy(client);
    this.#commands = this.#client();
    this.#octets = this.#commands.withTypeMapping(OCTETS);
    const subscriber = this.#client();
    this.#subscriber = subscriber;
    await within(CONNECT_WITHIN_MS, this.#connect()).catch((error: unknown) => this.#events.failed(error));
    for (const [channel, listener] of this.#listeners) subscriber.sSubscribe(channel, listener, true).catch(() => {}); // the next look at the room finds what it missed
    this.#events.back();
  }

  close(): void {
    this.#closed = true;
    for (const client of [this.#commands, this.#subscriber]) destroy(client);
  }

  #client(): Client {
    const { kind, hosts, tls, username, password, database, primary } = this.#place;
    const login = { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
    const socket = {
      connectTimeout: CONNECT_WITHIN_MS,
      reconnectStrategy: RECONNECT_MS,
      noDelay: true,
      ...(tls ? { tls: true as const } : {}),
    };
    const client = ((): unknown => {
      if (kind === "single") {
        const [first] = hosts as [{ host: string; port: number }];
        return createClient({ ...login, database, socket: { ...socket, ...first }, disableOfflineQueue: true });
      }
      if (kind === "sentinel") {
        const own = { ...login, database, socket, disableOfflineQueue: true };
        return createSentinel({
          name: primary as string,
          sentinelRootNodes: [...hosts],
          nodeClientOptions: own as never,
          sentinelClientOptions: { socket } as never,
          passthroughClientErrorEvents: true,
        });
      }
      const rootNodes = hosts.map((host) => ({ socket: { ...socket, ...host } as never }));
      return createCluster({ rootNodes, defaults: { ...login, socket: socket as never, disableOfflineQueue: true } });
    })() as Client;
    client.on("error", (error) => {
      if (!this.#closed && (client === this.#commands || client === this.#subscriber)) this.#events.failed(error);
    });
    return client;
  }
}

function asArgument(argument: Argument): string | Buffer {
  if (typeof argument === "string" || Buffer.isBuffer(argument)) return argument;
  return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);
}

function destroy(client: Client): void {
  try {
    const gone = client.destroy();
    if (gone instanceof Promise) gone.catch(() => {});
  } catch {
    // It was not connected.
  }
}

async function within<Result>(ms: number, promise: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => {}); // what comes after that interests nobody
  }
}
