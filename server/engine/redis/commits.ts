import type { RoomName } from "../../../shared/room-name.ts";
import type { Operation } from "../engine.ts";
import type { SteadyTime } from "../steady-time.ts";
import type { Failures } from "./failures.ts";
import { allOf } from "./keys.ts";
import type { Leases } from "./leases.ts";
import type { Claimed, Places } from "./places.ts";
import { unknownNode } from "./redis-trouble.ts";
import type { Requests } from "./requests.ts";
import { newLogId, type Rooms } from "./rooms.ts";
import { SCRIPTS } from "./script.ts";
import type { Turns } from "./turns.ts";
import { type Argument, type CommitReply, putOperation, readCommit } from "./wire.ts";

/** How long a commit may take, from when it is asked for: what has no answer by then has failed, though it may be kept. */
const COMMIT_WITHIN_MS = 5000;
const NO_PLACES: Claimed = { held: 0, reserved: 0, foreign: new Set() };

type Parts = {
  readonly requests: Requests;
  readonly rooms: Rooms;
  readonly leases: Leases;
  readonly places: Places;
  readonly turns: Turns;
  readonly failures: Failures;
  readonly time: SteadyTime;
  /** What packets are stamped with, where it is not Redis' own time. */
  readonly wall: (() => number) | undefined;
  /** So many packets are kept. */
  readonly packets: number;
};

/** This node's commits, which it numbers in each room. */
export class Commits {
  readonly #parts: Parts;
  readonly #numbers = new Map<RoomName, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Rejects with EngineError. */
  commit(room: RoomName, operations: readonly Operation[]): Promise<CommitReply> {
    const deadlineMs = performance.now() + COMMIT_WITHIN_MS;
    const presence = operations.some(({ kind }) => kind === "hello" || kind === "release");
    return this.#parts.turns.take(room, () => this.#commit(room, operations, deadlineMs), presence);
  }

  /** Does all that what is asked for in a room needs, and changes nothing. */
  async attempt(room: RoomName, withinMs: number): Promise<void> {
    const { rooms, places, turns } = this.#parts;
    const deadlineMs = performance.now() + withinMs;
    await turns.take(
      room,
      async () => {
        await rooms.remember(room, true);
        await rooms.look(room, false);
        const claimed = await places.claim(room, [], deadlineMs);
        await this.#carryOut(room, [], claimed, deadlineMs);
        await places.settle(room, []);
      },
      true,
    );
  }

  async #commit(room: RoomName, operations: readonly Operation[], deadlineMs: number): Promise<CommitReply> {
    const { rooms, places, failures } = this.#parts;
    const hellos = operations.filter((operation) => operation.kind === "hello");
    try {
      const claimed = hellos.length > 0 ? await places.claim(room, hellos, deadlineMs) : NO_PLACES;
      const reply = await this.#carryOut(room, operations, claimed, deadlineMs);
      if (reply.made) await rooms.remember(room, true).catch((error: unknown) => failures.failed(error));
      if (hellos.length > 0 || reply.places.length > 0) await places.settle(room, reply.places);
      return reply;
    } catch (error) {
      if (hellos.length > 0) void places.settle(room, []);
      throw failures.failed(error, room);
    }
  }

  async #carryOut(
    room: RoomName,
    operations: readonly Operation[],
    { held, reserved, foreign }: Claimed,
    deadlineMs: number,
  ): Promise<CommitReply> {
    const { requests, rooms, leases, time, wall, packets } = this.#parts;
    const keys = rooms.keysOf(room);
    const number = (this.#numbers.get(room) ?? 0) + 1;
    this.#numbers.set(room, number);
    const args: Argument[] = [leases.node, `${number}`, newLogId(), wall === undefined ? "" : `${wall()}`, `${Math.round(time.now())}`];
    args.push(`${packets}`, keys.channel, `${held}`, `${reserved}`);
    const asked: Argument[] = [];
    for (const operation of operations) putOperation(asked, operation, "session" in operation && foreign.has(operation.session));
    for (;;) {
      try {
        const reply = await requests.insist(SCRIPTS.commit, allOf(keys), [...args, ...leases.known, ...asked], deadlineMs);
        await requests.replicated(keys.log, deadlineMs);
        return readCommit(reply, room, operations);
      } catch (error) {
        const node = unknownNode(error);
        if (node === undefined) throw error;
        await leases.meet(node);
      }
    }
  }
}
