import { expect, it } from "vitest";
import { nicknameKey } from "../../shared/nickname.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { SessionId, SessionRecord } from "../engine/engine.ts";
import type { Room } from "./room.ts";
import { Session } from "./session.ts";

const record: SessionRecord = {
  session: "s" as SessionId,
  room: "lobby" as RoomName,
  nick: "alice",
  key: nicknameKey("alice"),
  turn: 1,
  seq: 3,
  refusals: [],
  held: true,
  announced: true,
  graceMs: 1000,
};

function session(): Session {
  return new Session({} as Room, record, { nowMs: 0, wallMs: 0, heartbeatMs: 1, graceMs: 1 }, { burst: 1, perSecond: 1 });
}

it("[S16] what is on its way keeps its numbers when it is found out what other nodes did", () => {
  const alice = session();
  alice.queuedSeq = 5;
  alice.catchUp({ ...record, seq: 4 });
  expect(alice).toMatchObject({ seq: 4, queuedSeq: 5 });
  alice.catchUp({ ...record, seq: 7 });
  expect(alice).toMatchObject({ seq: 7, queuedSeq: 7 });
});

it("[S8, H11] what an earlier turn had on its way has no number in the next one: it is not taken for dealt with", () => {
  const alice = session();
  alice.queuedSeq = 4;
  alice.catchUp({ ...record, turn: 2 });
  expect(alice).toMatchObject({ turn: 2, seq: 3, queuedSeq: 3 });
});
