import type { RoomName } from "../../shared/room-name.ts";
import type { Clock } from "../clock.ts";
import { KEPT_LIMITS, type KeptLimits } from "./embedded.ts";
import type { Chunk, Committed, Engine, HistoryLimits, LogState, News, Offset, Operation, SessionId, SessionRecord } from "./engine.ts";
import { Adoption } from "./redis/adoption.ts";
import { Commits } from "./redis/commits.ts";
import { Failures } from "./redis/failures.ts";
import { FollowedRooms } from "./redis/followed-rooms.ts";
import { HOUSE } from "./redis/keys.ts";
import { LEASE, type Lease, Leases } from "./redis/leases.ts";
import { Places } from "./redis/places.ts";
import { PULSE_WITHIN_MS, Pulse } from "./redis/pulse.ts";
import { checkFormat, checkServer } from "./redis/redis-check.ts";
import { RedisConnection } from "./redis/redis-connection.ts";
import type { RedisPlace } from "./redis/redis-url.ts";
import { Requests } from "./redis/requests.ts";
import { Rooms } from "./redis/rooms.ts";
import { ROUND_MS, Rounds } from "./redis/rounds.ts";
import { Sessions } from "./redis/sessions.ts";
import { Tidying } from "./redis/tidying.ts";
import { Turns } from "./redis/turns.ts";
import { SteadyTime } from "./steady-time.ts";
import { type EngineLog, engineError } from "./trouble.ts";

export type RedisEngineParts = {
  readonly place: RedisPlace;
  readonly clock: Clock;
  readonly log: EngineLog;
  readonly history: HistoryLimits;
  readonly limits?: KeptLimits;
  /** What an acknowledgement waits for beside the primary: so many replicas have it. */
  readonly replicas?: number;
  readonly lease?: Lease;
  /** In which time each room is asked once whether something was missed, for tests that cannot wait for it, ms. */
  readonly roundMs?: number;
  /** Instead of Redis' own time, for tests that move it: ms since the epoch. */
  readonly wall?: () => number;
};

/** What has to be there before anything else can be. */
type Base = { readonly connection: RedisConnection; readonly requests: Requests; readonly leases: Leases; readonly time: SteadyTime };

/**
 * The engine that several nodes share: everything is in Redis, and every change is one script there. This node only keeps what it needs to hand on, in
 * order, what the others do.
 */
export class RedisEngine implements Engine {
  readonly node: string;
  readonly #limits: KeptLimits;
  readonly #connection: RedisConnection;
  readonly #requests: Requests;
  readonly #failures: Failures;
  readonly #turns = new Turns();
  readonly #rooms: Rooms;
  readonly #sessions: Sessions;
  readonly #places: Places;
  readonly #followed: FollowedRooms;
  readonly #commits: Commits;
  readonly #adoption: Adoption;
  readonly #tidying: Tidying;
  readonly #pulse: Pulse;
  #closed: Promise<void> | undefined;

  private constructor(parts: RedisEngineParts, { connection, requests, leases, time }: Base) {
    const { clock, log, history, limits = KEPT_LIMITS, lease = LEASE, wall } = parts;
    const { node } = leases;
    const { everyMs } = lease;
    // Where it does not say when channels come back, what was missed shows only in the rooms.
    const roundMs = connection.tellsWhenBack ? (parts.roundMs ?? ROUND_MS) : 0;
    const turns = this.#turns;
    const failures = new Failures({ clock, log, requests, tryAgain: () => void this.#pulse.beat() });
    const rooms = new Rooms(requests, time);
    const sessions = new Sessions(requests, rooms);
    const places = new Places({ node, requests, rooms, sessions, turns, failures });
    const rounds = new Rounds({ roundMs, everyMs });
    const followed = new FollowedRooms({ node, connection, requests, rooms, turns, failures, log, rounds });
    const commits = new Commits({ requests, rooms, leases, places, turns, failures, time, wall, packets: history.packets });
    const adoption = new Adoption({ requests, rooms, turns, leases, followed });
    const { days } = history;
    this.node = node;
    this.#limits = limits;
    this.#connection = connection;
    this.#requests = requests;
    this.#failures = failures;
    this.#rooms = rooms;
    this.#sessions = sessions;
    this.#places = places;
    this.#followed = followed;
    this.#commits = commits;
    this.#adoption = adoption;
    this.#tidying = new Tidying({ requests, rooms, places, turns, followed, time, wall, days, endedSessions: limits.endedSessions });
    this.#pulse = new Pulse({ clock, everyMs, connection, leases, failures, commits, followed, adoption });
  }

  /** Rejects with EngineError where Redis cannot be used as it is. */
  static async start(parts: RedisEngineParts): Promise<RedisEngine> {
    const { place, clock, log, replicas = 0, lease = LEASE } = parts;
    let engine: RedisEngine | undefined;
    const connection = await RedisConnection.open(place, {
      // Whether it is back in a moment shows at once.
      failed: () => {
        if (engine !== undefined) void engine.#pulse.beat();
      },
      back: () => {
        if (engine !== undefined) engine.#followed.lookAtAll();
      },
    });
    const requests = new Requests(connection, replicas);
    const leases = new Leases(requests, lease);
    try {
      await checkServer(connection, log);
      await checkFormat(connection);
      const nowMs = await leases.renew();
      const wall = parts.wall ?? (() => nowMs);
      const time = new SteadyTime({ ...clock, wall, now: () => clock.now() });
      engine = new RedisEngine(parts, { connection, requests, leases, time });
      engine.#pulse.begin();
      await engine.tidy();
      return engine;
    } catch (error) {
      await (engine?.close() ?? takeLeave(connection, leases.node));
      throw engineError("The log could not be opened", "Mend that, or give Palabre another REDIS_URL.", error);
    }
  }

  async open(room: RoomName): Promise<LogState> {
    this.#requests.alive();
    return this.#turns
      .take(room, () => this.#followed.open(room))
      .catch((error: unknown) => {
        throw this.#failures.failed(error, room);
      });
  }

  async commit(room: RoomName, operations: readonly Operation[]): Promise<Committed> {
    this.#requests.alive();
    const reply = await this.#commits.commit(room, operations);
    const { outcomes, chunk, first } = reply;
    if (reply.told) await this.#followed.turn(room, { ...reply, last: chunk?.last });
    return chunk === undefined ? { outcomes, first } : { outcomes, chunk, first };
  }

  async read(room: RoomName, after: Offset, maxOctets: number): Promise<Chunk[]> {
    const chunks = await this.#rooms.read(room, after, maxOctets);
    return chunks.map(({ revision: _, tag: __, ...chunk }) => chunk);
  }

  follow(room: RoomName, listener: (news: News) => void): () => void {
    return this.#followed.follow(room, listener);
  }

  catchUp(room: RoomName): Promise<void> {
    return this.#followed.catchUp(room);
  }

  find(session: SessionId): Promise<SessionRecord | undefined> {
    return this.#sessions.find(session);
  }

  offsets(session: SessionId): Promise<ReadonlyMap<number, Offset>> {
    return this.#sessions.offsets(session);
  }

  adopt(): Promise<SessionRecord[]> {
    return this.#adoption.adopt();
  }

  orphans(listener: (records: readonly SessionRecord[]) => void): () => void {
    return this.#adoption.listen(listener);
  }

  tidy(): Promise<void> {
    return this.#tidying.tidy();
  }

  get well(): boolean {
    return !this.#failures.trouble.lasts;
  }

  async hasRoomFor(room: RoomName): Promise<boolean> {
    return this.#followed.has(room) || this.#rooms.mayHaveLog(room, this.#limits.rooms);
  }

  held(): Promise<number> {
    return this.#places.held();
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#requests.close();
      this.#failures.trouble.close();
      this.#pulse.end();
      await this.#turns.settled();
      this.#followed.end();
      await takeLeave(this.#connection, this.node);
    })();
    return this.#closed;
  }
}

/** From here on others may look after its sessions: at once, and not only when its lease has run out. */
async function takeLeave(connection: RedisConnection, node: string): Promise<void> {
  await connection.send(HOUSE.nodes, ["ZREM", HOUSE.nodes, node], PULSE_WITHIN_MS).catch(() => {});
  connection.close();
}
