import { pino } from "pino";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { systemClock } from "../clock.ts";
import { parseRedisUrl, type RedisPlace } from "../engine/redis/redis-url.ts";
import { RedisEngine } from "../engine/redis-engine.ts";
import { type Address, within } from "./ask.ts";
import type { TransportCase } from "./company.ts";
import { type House, openHouse } from "./house.ts";
import type { Member } from "./member.ts";
import { RedisServer } from "./redis-server.ts";

let rooms = 0;
let databases = 0;

/** Several nodes that share a Redis: houses of this process, each with connections of its own. Time passes as it does. */
export class Nodes {
  readonly #redis: RedisServer;
  readonly #database = databases++ % 16;
  readonly #settings: Readonly<Record<string, string>>;
  readonly houses: House[] = [];

  constructor(redis: RedisServer, settings: Readonly<Record<string, string>>) {
    this.#redis = redis;
    this.#settings = settings;
  }

  /** One more node; `through` is another way to the same Redis. */
  async open(through: { readonly url: string } = this.#redis): Promise<House> {
    const engine = await RedisEngine.start({
      place: parseRedisUrl(`${through.url}/${this.#database}`) as RedisPlace,
      clock: systemClock,
      history: { packets: 10_000, days: 30 },
      log: pino({ level: "silent" }),
    });
    const house = await openHouse(this.#settings, { engine });
    this.houses.push(house);
    return house;
  }

  async stop(): Promise<void> {
    await within(Promise.all(this.houses.map((house) => house.stop())), "the nodes to stop", 20_000);
  }

  /** Where each request comes to the next node, whatever it asks. */
  inTurn(): Address {
    const { houses } = this;
    let next = 0;
    return {
      get port() {
        return (houses[next++ % houses.length] as House).port;
      },
    };
  }

  /** A room that nobody was in. */
  newRoom(): string {
    return `room-${++rooms}`;
  }

  /** Somebody who has not said anything yet, at one of the nodes or at each in turn. */
  somebody<Kind extends Member>({ Kind }: TransportCase<Kind>, at: Address, nick: string, room: string, session?: string): Kind {
    const member = new Kind(at as House, nick, room, session);
    member.patienceMs = 10_000;
    onTestFinished(() => member.drops());
    return member;
  }

  /** Somebody who came in, and whose coming was said. */
  async joins<Kind extends Member>(transport: TransportCase<Kind>, at: Address, nick: string, room: string): Promise<Kind> {
    const member = this.somebody(transport, at, nick, room);
    const told = await member.comes();
    if (told.type !== "welcome") throw new Error(`no welcome, but ${JSON.stringify(told)}`);
    await member.until(() => member.told.find(({ type, nicks }) => type === "joined" && nicks?.includes(nick)), `joined of ${nick}`);
    return member;
  }
}

/** Two nodes that stand for all tests of a `describe`. Tests keep apart by rooms of their own. */
export function standingNodes(settings: Readonly<Record<string, string>> = {}): { nodes: Nodes; a: House; b: House; redis: RedisServer } {
  const standing = {} as { nodes: Nodes; a: House; b: House; redis: RedisServer };
  beforeAll(async () => {
    standing.redis = await RedisServer.start();
    standing.nodes = new Nodes(standing.redis, settings);
    standing.a = await standing.nodes.open();
    standing.b = await standing.nodes.open();
  }, 30_000);
  afterAll(async () => {
    await standing.nodes?.stop();
    await standing.redis?.dispose();
  }, 30_000);
  return standing;
}
