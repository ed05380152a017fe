import { beforeEach, expect, it } from "vitest";
import { parseRoomName, type RoomName } from "../../shared/room-name.ts";
import { encodeSessionSecret } from "../../shared/session-secret.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { ScriptedConnection } from "../testing/scripted-connection.ts";
import { Keepsake } from "./keepsake.ts";
import { Preferences } from "./preferences.ts";
import { RoomStore } from "./room-store.ts";
import { TextStorage } from "./text-storage.ts";

const ROOM = parseRoomName("lobby") as RoomName;

let clock: ManualClock;
let connections: ScriptedConnection[];
/** What became of what is opened beforehand. */
let warmth: string[];

beforeEach(() => {
  clock = new ManualClock();
  connections = [];
  warmth = [];
});

function openPage(): RoomStore {
  const nowhere = new TextStorage(() => undefined as never, "");
  return new RoomStore({
    room: ROOM,
    connect(options, listener) {
      const connection = new ScriptedConnection(options, listener);
      connections.push(connection);
      return connection;
    },
    warmSocket: { warm: () => void warmth.push("warm"), cool: () => void warmth.push("cool") },
    newSecret: () => encodeSessionSecret(new Uint8Array(16)),
    clock,
    keepsake: new Keepsake(nowhere, ROOM),
    preferences: new Preferences(nowhere),
  });
}

async function asksIn(store: RoomStore): Promise<ScriptedConnection> {
  store.join("Ana");
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  return connections.at(-1) as ScriptedConnection;
}

it("opens beforehand what it can while a name is asked for, and not once it is on its way in", async () => {
  const store = openPage();
  store.warm();
  expect(warmth).toEqual(["warm"]);
  const connection = await asksIn(store);
  store.warm();
  connection.welcomes();
  store.warm();
  expect(warmth).toEqual(["warm"]);
  store.leave();
  store.warm();
  expect(warmth).toEqual(["warm", "warm"]);
});

it("opens nothing in a page that is not in front, and keeps nothing open there, nor in one that goes", () => {
  const store = openPage();
  store.visible.value = false;
  store.warm();
  expect(warmth).toEqual(["cool"]);
  store.visible.value = true;
  store.warm();
  store.sleep();
  expect(warmth).toEqual(["cool", "warm", "cool"]);
});

it("says that it takes longer than usual after 4 s of one attempt, and only while it lasts", async () => {
  const store = openPage();
  const connection = await asksIn(store);
  clock.pass(1_000);
  connection.listener.state({ kind: "connecting", attempt: 1 });
  clock.pass(2_999);
  expect(store.slow.value).toBe(false);
  clock.pass(1);
  expect(store.slow.value).toBe(true);
  connection.listener.state({ kind: "waiting", attempt: 2, retryAtMs: clock.now() + 1_000, why: { code: "unreachable" } });
  expect(store.slow.value).toBe(false);
  connection.listener.state({ kind: "connecting", attempt: 2, why: { code: "unreachable" } });
  clock.pass(3_999);
  connection.welcomes();
  clock.pass(1);
  expect(store.slow.value).toBe(false);
});
