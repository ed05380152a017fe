import { createClient, createCluster, createSentinel, RESP_TYPES } from "redis";
import { isOffline, NoAnswer, noAnswerOverTls, type RedisTrouble, redisTrouble } from "./redis-trouble.ts";
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
  /** Only one Redis' client knows. */
  readonly isReady?: boolean;
  on(event: string, listener: (error: unknown) => void): unknown;
  evalSha(sha: string, options: Evaluation): Promise<unknown>;
  eval(source: string, options: Evaluation): Promise<unknown>;
  sSubscribe(channel: string, listener: Listener, octets: true): Promise<unknown>;
  sUnsubscribe(channel: string): Promise<unknown>;
  withTypeMapping(mapping: typeof OCTETS): Client;
};

export type ConnectionEvents = {
  /** The one for commands ended, or could not be had. */
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
  /** Why there is no connection for commands, the last time there was none. */
  #why: unknown;
  #closed = false;

  private constructor(place: RedisPlace, events: ConnectionEvents) {
    this.#place = place;
    this.#events = events;
    this.#commands = this.#client();
    this.#octets = this.#commands.withTypeMapping(OCTETS);
    const subscriber = this.#client();
    this.#subscriber = subscriber;
    subscriber.on("ready", () => this.#listenAgain(subscriber));
  }

  /** Rejects with RedisTrouble where it cannot be had. */
  static async open(place: RedisPlace, events: ConnectionEvents): Promise<RedisConnection> {
    const connection = new RedisConnection(place, events);
    let first: unknown;
    // What does not pass by itself is not waited for.
    const hopeless = new Promise<never>((_, reject) =>
      connection.#commands.on("error", (error) => {
        first ??= error;
        if (!redisTrouble(error).passes) reject(error);
      }),
    );
    try {
      await within(CONNECT_WITHIN_MS, Promise.race([connection.#connect(), hopeless]));
      return connection;
    } catch (error) {
      connection.close();
      const cause = error instanceof NoAnswer ? (first ?? error) : error;
      throw cause instanceof NoAnswer && place.tls ? noAnswerOverTls(cause) : redisTrouble(cause);
    }
  }

  async #connect(): Promise<void> {
    const subscriber = this.#subscriber;
    const { kind } = this.#place;
    // One Redis' client says itself when it is there, also later.
    const listening = subscriber.connect().then(() => (kind === "single" ? undefined : this.#listenAgain(subscriber)));
    await Promise.all([this.#commands.connect(), listening]);
  }

  /** What is subscribed already stays so. Whatever was missed is found by looking at the rooms. */
  #listenAgain(subscriber: Client): void {
    if (this.#closed || subscriber !== this.#subscriber) return;
    const channels = [...this.#listeners].map(([channel, listener]) => subscriber.sSubscribe(channel, listener, true));
    // What is said before that is missed as well. One that fails is gone again, and comes back again.
    void Promise.allSettled(channels).then(() => this.#closed || subscriber !== this.#subscriber || this.#events.back());
  }

  /** False where nobody says when channels come back (`back`), after the first time. */
  get tellsWhenBack(): boolean {
    return this.#place.kind === "single";
  }

  /** False while it is known that nothing comes from the channels. */
  get hears(): boolean {
    return this.#subscriber.isReady !== false;
  }

  /** Runs a script; its first key says where. Rejects with RedisTrouble, also where no answer comes in time. */
  async run(script: Script, keys: readonly string[], args: readonly Argument[], withinMs: number): Promise<Reply> {
    const options = { keys: [...keys], arguments: args.map(asArgument) };
    try {
      return (await within(withinMs, this.#evaluate(script, options))) as Reply;
    } catch (error) {
      throw this.#explained(error);
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
      throw this.#explained(error);
    }
  }

  #explained(error: unknown): RedisTrouble {
    return redisTrouble(isOffline(error) ? (this.#why ?? error) : error);
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
    this.#why = new NoAnswer(); // before these say why they cannot be had
    this.#commands = this.#client();
    this.#octets = this.#commands.withTypeMapping(OCTETS);
    const subscriber = this.#client();
    this.#subscriber = subscriber;
    subscriber.on("ready", () => this.#listenAgain(subscriber));
    await within(CONNECT_WITHIN_MS, this.#connect()).catch((error: unknown) => this.#events.failed(error));
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
      if (this.#closed || client !== this.#commands) return;
      this.#why = error;
      this.#events.failed(error);
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
