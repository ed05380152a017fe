import { beforeEach, describe, expect, it } from "vitest";
import type { RoomEvent } from "../../shared/connection/connection-event.ts";
import { parseRoomName, type RoomName } from "../../shared/room-name.ts";
import { encodeSessionSecret } from "../../shared/session-secret.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { ScriptedConnection } from "../testing/scripted-connection.ts";
import { storageOf } from "../testing/texts.ts";
import { Keepsake } from "./keepsake.ts";
import { Preferences } from "./preferences.ts";
import { RoomStore } from "./room-store.ts";
import { MOST_LINES } from "./timeline.ts";

const ROOM = parseRoomName("lobby") as RoomName;
const AT = new Date(2026, 5, 15, 12).getTime();

let clock: ManualClock;
let texts: Map<string, string>;
let connections: ScriptedConnection[];

beforeEach(() => {
  clock = new ManualClock();
  texts = new Map();
  connections = [];
});

/** The page as it comes up in this tab. */
function openPage(): RoomStore {
  const storage = storageOf(texts);
  const store = new RoomStore({
    room: ROOM,
    connect(options, listener) {
      const connection = new ScriptedConnection(options, listener);
      connections.push(connection);
      return connection;
    },
    newSecret: () => encodeSessionSecret(new Uint8Array(16).fill(connections.length + 1)),
    clock,
    keepsake: new Keepsake(storage, ROOM),
    preferences: new Preferences(storage),
  });
  store.restore();
  return store;
}

function write(store: RoomStore, text: string): void {
  store.writing.setDraft(text);
  store.writing.submit();
}

function connection(): ScriptedConnection {
  const last = connections.at(-1);
  if (!last) throw new Error("nothing is connected");
  return last;
}

/** Lets what is promised happen. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

async function inTheRoom(nick = "Ana"): Promise<RoomStore> {
  const store = openPage();
  store.join(nick);
  await settled();
  connection().welcomes();
  return store;
}

function says(offset: number, nick: string, message = "x"): RoomEvent {
  return { kind: "message", offset, at: AT, nick, message };
}

describe("coming in", () => {
  it("asks with the name, and shows the room when it is let in", async () => {
    const store = openPage();
    expect(store.screen.value).toEqual({ kind: "join" });
    store.join("Ana");
    expect(store.screen.value).toEqual({ kind: "entering" });
    await settled();
    expect(connection().options).toMatchObject({ nick: "Ana", room: "lobby" });
    connection().welcomes();
    expect(store.screen.value).toEqual({ kind: "room" });
    expect(store.nick.value).toBe("Ana");
    expect(openPage().usualNickname).toBe("Ana");
  });

  it("offers another name where one is taken, and never one that was taken, too", async () => {
    const store = openPage();
    store.join("Ana");
    await settled();
    for (const suggestion of ["Ana2", "Ana3"]) {
      connection().listener.state({ kind: "ended", why: { code: "nick-taken", message: "" } });
      expect(store.screen.value).toEqual({ kind: "join", refused: "nick-taken" });
      expect(store.suggestion.value).toBe(suggestion);
      store.join(suggestion);
      await settled();
    }
    connection().welcomes();
    expect(store.nick.value).toBe("Ana3");
  });

  it("waits where the chat is full, counting down, and can be called off", async () => {
    const store = openPage();
    store.join("Ana");
    await settled();
    connection().listener.state({ kind: "waiting", attempt: 1, retryAtMs: clock.now() + 4000, why: { code: "full", message: "" } });
    expect(store.screen.value).toEqual({ kind: "queue", why: "full" });
    expect(store.retryIn.value).toBe(4);
    clock.pass(1000);
    expect(store.retryIn.value).toBe(3);
    store.leave();
    expect(store.screen.value).toEqual({ kind: "join" });
    expect(store.retryIn.value).toBeUndefined();
    expect(connection().asked).toContain("leave");
  });

  it("does not come in again before the server knows that one left", async () => {
    const store = await inTheRoom();
    let told = () => {};
    connection().leave = () =>
      new Promise((resolve) => {
        told = resolve;
      });
    store.leave();
    store.join("Ana");
    await settled();
    expect(connections).toHaveLength(1);
    told();
    await settled();
    expect(connections).toHaveLength(2);
    expect(connection().options.session).not.toBe(connections[0]?.options.session);
  });

  it("listens to one connection at a time", async () => {
    const store = await inTheRoom();
    const old = connection();
    store.takeUp();
    old.brings(says(1, "Bo"));
    old.listener.state({ kind: "ended", why: { code: "replaced", message: "" } });
    expect(old.asked).toContain("stop");
    expect(store.timeline.value.items.length).toBe(0);
    expect(store.screen.value).toEqual({ kind: "room" });
  });
});

describe("a reload", () => {
  it("goes on in the room, with what was on screen, the outbox and the draft", async () => {
    const store = await inTheRoom();
    connection().brings({ kind: "roster", nicks: ["Ana", "Bo"], online: 2 }, says(1, "Bo", "hello"));
    write(store, "on its way");
    store.writing.setDraft("half a thou");
    store.place = { offset: 1, top: 5 };
    store.sleep();
    expect(connection().asked.at(-1)).toBe("linger");

    const again = openPage();
    expect(again.screen.value).toEqual({ kind: "room" });
    expect(connection().options.session).toBe(connections[0]?.options.session);
    expect(connection().options.saved).toMatchObject({ log: "x", offset: 1, outbox: [{ text: "on its way" }] });
    expect(again.timeline.value).toEqual(store.timeline.value);
    expect([...again.roster.value.people.values()]).toEqual(["Ana", "Bo"]);
    expect(again.outbox.value.map((entry) => entry.text)).toEqual(["on its way"]);
    expect([again.writing.draft.value, again.place, again.nick.value]).toEqual(["half a thou", { offset: 1, top: 5 }, "Ana"]);
    connection().resumes();
    connection().brings(says(2, "Bo", "what was missed"));
    expect(again.timeline.value.end).toBe(2);
  });

  it("[S15] finds what was typed also where the page had no time to say good-bye", async () => {
    const store = await inTheRoom();
    write(store, "typed in the last moment");
    const again = openPage();
    expect(again.outbox.value.map((entry) => entry.text)).toEqual(["typed in the last moment"]);
  });

  it("finds what was heard until a second before the page was gone", async () => {
    await inTheRoom();
    connection().brings(says(1, "Bo"));
    clock.pass(1000);
    connection().brings(says(2, "Bo"));
    expect(openPage().timeline.value.end).toBe(1);
    expect(connection().options.saved?.offset).toBe(1);
  });

  it("does not bring back a session that one left", async () => {
    const store = await inTheRoom();
    store.leave();
    await settled();
    expect(openPage().screen.value).toEqual({ kind: "join" });
    expect(texts.get("session:lobby")).toBeUndefined();
  });

  it("comes back from the browser's memory with the same session", async () => {
    const store = await inTheRoom();
    store.sleep();
    store.wake();
    expect(connections).toHaveLength(2);
    expect(connection().options.session).toBe(connections[0]?.options.session);
    store.wake();
    expect(connection().asked).toContain("probe");
  });
});

describe("leaving", () => {
  it("asks first where something typed would be lost", async () => {
    const store = await inTheRoom();
    write(store, "not sent yet");
    store.leave();
    expect(store.writing.hint.value).toEqual({ kind: "unsent", count: 1 });
    expect(store.screen.value).toEqual({ kind: "room" });
    store.leave(true);
    expect(store.screen.value).toEqual({ kind: "join" });
    expect(store.outbox.value).toEqual([]);
  });
});

describe("unread", () => {
  it("counts what others say while the person looks elsewhere, and marks where it began", async () => {
    const store = await inTheRoom();
    connection().brings(says(1, "Bo"));
    expect(store.unread.value).toBe(0);
    store.visible.value = false;
    connection().brings(says(2, "Ana"), says(3, "Bo"), says(4, "Bo"));
    expect(store.unread.value).toBe(2);
    const kinds = () => [...store.timeline.value.items].map((item) => item.kind);
    expect(kinds()).toEqual(["day", "messages", "messages", "unread", "messages"]);
    store.visible.value = true;
    expect(store.unread.value).toBe(0);
    expect(kinds()).toContain("unread");
    write(store, "I read it");
    expect(kinds()).not.toContain("unread");
  });

  it("counts while the person reads further up", async () => {
    const store = await inTheRoom();
    store.atEnd.value = false;
    connection().brings(says(1, "Bo"));
    expect(store.unread.value).toBe(1);
    store.atEnd.value = true;
    expect(store.unread.value).toBe(0);
  });
});

describe("a stay of months", () => {
  it("keeps to a bound in memory, and what it forgot can be scrolled up to again", { timeout: 60_000 }, async () => {
    const store = await inTheRoom();
    expect(store.older.value).toBe("none");
    for (let offset = 1; offset <= MOST_LINES; offset += 1000) {
      connection().brings(...Array.from({ length: 1000 }, (_, index) => says(offset + index, "Bo")));
    }
    expect(store.timeline.value.size).toBe(MOST_LINES);
    connection().brings(says(MOST_LINES + 1, "Bo"));
    expect(store.timeline.value.size).toBeLessThan(MOST_LINES);
    expect(store.timeline.value.end).toBe(MOST_LINES + 1);
    expect(store.older.value).toBe("more");
    const { before, size } = store.timeline.value;
    connection().pages = [{ first: before - 200, events: Array.from({ length: 200 }, (_, index) => says(before - 200 + index, "Bo")) }];
    await store.loadOlder();
    expect(connection().asked).toContain(`history ${before}`);
    expect(store.timeline.value.size).toBe(size + 200);
  });
});

describe("older pages", () => {
  it("come when asked for, until there is nothing older", async () => {
    const store = openPage();
    store.join("Ana");
    await settled();
    connection().welcomes(10);
    connection().brings(says(11, "Bo"));
    expect(store.older.value).toBe("more");
    connection().pages = [
      { first: 5, events: [says(5, "Bo"), says(10, "Bo")] },
      { first: 1, events: [says(1, "Bo")] },
    ];
    const loading = store.loadOlder();
    void store.loadOlder();
    expect(store.older.value).toBe("loading");
    await loading;
    await store.loadOlder();
    expect(connection().asked.filter((asked) => asked.startsWith("history"))).toEqual(["history 11", "history 5"]);
    expect(store.older.value).toBe("none");
    expect(
      [...store.timeline.value.items].flatMap((item) => (item.kind === "messages" ? item.lines.map((line) => line.offset) : [])),
    ).toEqual([1, 5, 10, 11]);
  });

  it("are asked for again where the connection was given up in between", async () => {
    const store = openPage();
    store.join("Ana");
    await settled();
    connection().welcomes(10);
    connection().history = () => new Promise(() => {});
    void store.loadOlder();
    store.takeUp();
    connection().resumes();
    connection().pages = [{ first: 1, events: [] }];
    await store.loadOlder();
    expect(store.older.value).toBe("none");
  });

  it("end where the log begins, though it does not begin at 1", async () => {
    const store = openPage();
    store.join("Ana");
    await settled();
    connection().welcomes(10);
    connection().pages = [{ first: 11, events: [] }];
    await store.loadOlder();
    expect(store.older.value).toBe("none");
  });

  it("are asked for again only when the person wants it, where that failed", async () => {
    const store = openPage();
    store.join("Ana");
    await settled();
    connection().welcomes(10);
    await store.loadOlder();
    expect(store.older.value).toBe("failed");
    await store.loadOlder();
    expect(connection().asked.filter((asked) => asked.startsWith("history"))).toHaveLength(1);
    connection().pages = [{ first: 1, events: [] }];
    await store.loadOlder(true);
    expect(store.older.value).toBe("none");
  });
});

describe("what is typed", () => {
  it("goes to the connection", async () => {
    const store = await inTheRoom();
    write(store, "hello");
    expect(connection().entries.map((entry) => entry.text)).toEqual(["hello"]);
    write(store, "/nick Zoë");
    expect(connection().asked.at(-1)).toBe("rename Zoë");
    expect(connection().entries).toHaveLength(1);
  });

  it("remembers a name that the server gave", async () => {
    const store = await inTheRoom();
    connection().brings({ kind: "nick", nick: "Zoë" });
    expect(store.nick.value).toBe("Zoë");
    connection().brings({ kind: "rename-refused", code: "nick-taken", message: "" });
    expect(store.writing.hint.value).toEqual({ kind: "rename-refused", code: "nick-taken" });
    store.sleep();
    expect(openPage().usualNickname).toBe("Zoë");
  });
});

describe("the server's last word", () => {
  it("leaves the room to be read, and the session can be taken up again", async () => {
    const store = await inTheRoom();
    connection().brings(says(1, "Bo"));
    connection().listener.state({ kind: "ended", why: { code: "replaced", message: "" } });
    expect(store.screen.value).toEqual({ kind: "room", ended: "replaced" });
    store.takeUp();
    connection().resumes();
    expect(store.screen.value).toEqual({ kind: "room" });
    expect(store.timeline.value.end).toBe(1);
  });

  it("asks for another name where one's own was lost over night, and loses nothing else", async () => {
    const store = await inTheRoom();
    connection().brings(says(1, "Bo"));
    write(store, "typed in the drawer");
    connection().listener.state({ kind: "ended", why: { code: "nick-taken", message: "" } });
    expect(store.screen.value).toEqual({ kind: "join", refused: "nick-taken" });
    store.join("Ana2");
    await settled();
    expect(connection().options).toMatchObject({
      nick: "Ana2",
      saved: { nick: "Ana2", log: "x", outbox: [{ text: "typed in the drawer" }] },
    });
    expect(connection().options.session).toBe(connections[0]?.options.session);
  });
});
