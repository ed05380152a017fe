import { onTestFinished, vi } from "vitest";
import { decode } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import { systemClock } from "../clock.ts";
import type { Chunk, Committed, News, Offset, Operation, SessionRecord } from "../engine/engine.ts";
import { parseRedisUrl, type RedisPlace } from "../engine/redis/redis-url.ts";
import { RedisEngine, type RedisEngineParts } from "../engine/redis-engine.ts";
import { texts } from "./engine-samples.ts";

/** A lease that a test can wait for. */
export const SHORT_LEASE = { forMs: 2000, everyMs: 300 };

/** A node's engine on a Redis, and what it said to its operator. */
export class EngineNode {
  readonly lines: string[] = [];
  readonly adopted: SessionRecord[] = [];
  engine!: RedisEngine;

  static async open(url: string, parts: Partial<RedisEngineParts> = {}): Promise<EngineNode> {
    const node = new EngineNode();
    const note = (level: string) => (fields: { err?: Error }, message: string) =>
      void node.lines.push(`${level}: ${message}${fields.err === undefined ? "" : ` | ${fields.err.message}`}`);
    node.engine = await RedisEngine.start({
      place: parseRedisUrl(url) as RedisPlace,
      clock: systemClock,
      history: { packets: 100_000, days: 30 },
      log: { warn: note("warn"), error: note("error") },
      lease: SHORT_LEASE,
      ...parts,
    });
    node.engine.orphans((records) => node.adopted.push(...records));
    onTestFinished(() => node.engine.close());
    return node;
  }

  /** Follows a room from now on. */
  async hear(room: RoomName): Promise<Hearing> {
    const hearing = new Hearing(this.engine, room);
    await hearing.begin();
    return hearing;
  }

  /** Says what is wrong, without what Redis is at fault for from the beginning. */
  get complaints(): string[] {
    return this.lines.filter((line) => !line.includes("appendonly"));
  }

  async becomes(well: boolean, withinMs = 20_000): Promise<void> {
    await until(() => this.engine.well === well, `well to be ${well} after ${this.lines.join("; ")}`, withinMs);
  }
}

/** All that somebody at a node knows of a room: its own commits, and the news. Throws where something is missing, or comes twice. */
export class Hearing {
  readonly chunks: Chunk[] = [];
  readonly news: News[] = [];
  readonly faults: string[] = [];
  log = "";
  last: Offset = 0;
  lost = false;
  readonly #engine: RedisEngine;
  readonly #room: RoomName;

  constructor(engine: RedisEngine, room: RoomName) {
    this.#engine = engine;
    this.#room = room;
  }

  async begin(): Promise<void> {
    this.lost = false;
    let begun = false;
    onTestFinished(
      this.#engine.follow(this.#room, (news) => {
        this.news.push(news);
        if (news.kind === "lost") this.lost = true;
        if (news.kind === "changed" && news.chunk !== undefined) this.#take(news.chunk);
        if (news.kind !== "whole") return;
        if (begun && news.log.last !== this.last) this.faults.push(`whole up to ${news.log.last} after ${this.last}`);
        begun = true;
        this.last = news.log.last;
      }),
    );
    const { log, last } = await this.#engine.open(this.#room);
    this.log = log;
    if (last !== this.last) this.faults.push(`opened at ${last}, whole at ${this.last}`);
  }

  async commit(...operations: Operation[]): Promise<Committed> {
    const committed = await this.#engine.commit(this.#room, operations);
    if (committed.chunk !== undefined) this.#take(committed.chunk);
    return committed;
  }

  /** What was heard, one line a packet. */
  get texts(): string[] {
    return this.chunks.flatMap(({ octets }) => {
      const decoded = decode(octets);
      return texts(decoded.ok ? decoded.packets : []);
    });
  }

  get whole(): (News & { kind: "whole" }) | undefined {
    return this.news.findLast((news) => news.kind === "whole");
  }

  #take(chunk: Chunk): void {
    if (this.lost) return;
    if (chunk.first !== this.last + 1) this.faults.push(`${chunk.first} to ${chunk.last} after ${this.last}`);
    this.last = chunk.last;
    this.chunks.push(chunk);
  }
}

export async function until(holds: () => boolean | Promise<boolean>, what: string, withinMs = 15_000): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await holds())) throw new Error(`waited in vain for ${what}`);
    },
    { timeout: withinMs, interval: 20 },
  );
}
