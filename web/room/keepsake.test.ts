import { describe, expect, it } from "vitest";
import type { SavedConnection } from "../../shared/connection/chat-connection.ts";
import type { SessionSecret } from "../../shared/session-secret.ts";
import { Keepsake, type KeptSession } from "./keepsake.ts";
import { TextStorage, type WebStorage } from "./text-storage.ts";

/** Web Storage as browsers have it, with as much room as `characters`. */
class SmallStorage implements WebStorage {
  readonly texts = new Map<string, string>();
  readonly #characters: number;

  constructor(characters = Number.POSITIVE_INFINITY) {
    this.#characters = characters;
  }

  getItem(key: string): string | null {
    return this.texts.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    const others = [...this.texts].filter(([other]) => other !== key).reduce((sum, [, text]) => sum + text.length, 0);
    if (others + value.length > this.#characters) throw new Error("QuotaExceededError");
    this.texts.set(key, value);
  }

  removeItem(key: string): void {
    this.texts.delete(key);
  }
}

const connection: SavedConnection = {
  log: "x",
  offset: 3,
  at: 0,
  nick: "Ana",
  knownSeq: 1,
  nextId: 3,
  outbox: [{ id: 2, text: "unsent", typedAt: 0, seq: 2 }],
};
const events = [{ kind: "message", offset: 3, at: 0, nick: "Bo", message: "y".repeat(5000) }] as const;
const session: KeptSession = {
  secret: "AAAAAAAAAAAAAAAAAAAAAA" as SessionSecret,
  connection,
  snapshot: { before: 3, events, nicks: ["Ana"], online: 1 },
};

function keepsake(storage: WebStorage | undefined, room = "lobby"): Keepsake {
  return new Keepsake(new TextStorage(() => storage, "palabre:"), room);
}

describe("what survives a reload", () => {
  it("is the session, the draft and the place, of each room its own", () => {
    const storage = new SmallStorage();
    const kept = keepsake(storage);
    kept.session = session;
    kept.draft = "half a thou";
    kept.place = { offset: 3, top: -4 };
    expect(keepsake(storage)).toMatchObject({ session, draft: "half a thou", place: { offset: 3, top: -4 } });
    expect(keepsake(storage, "kitchen")).toMatchObject({ session: undefined, draft: "", place: "end" });
  });

  it("is gone when it is taken away", () => {
    const storage = new SmallStorage();
    const kept = keepsake(storage);
    kept.session = session;
    kept.draft = "x";
    kept.session = undefined;
    kept.draft = "";
    expect(storage.texts.size).toBe(0);
  });

  it("is what was typed, where there is room for no more: then the room is asked for anew", () => {
    const kept = keepsake(new SmallStorage(1000));
    kept.session = session;
    expect(kept.session?.snapshot).toBeUndefined();
    expect(kept.session?.connection.outbox).toEqual(connection.outbox);
    expect(kept.session?.connection.log).toBeUndefined();
  });

  it("is never what was true before, where what is true now could not be kept", () => {
    const storage = new SmallStorage(50);
    storage.texts.set("palabre:session:lobby", "{}");
    keepsake(storage).session = session;
    expect(storage.texts.size).toBe(0);
  });

  it.each(["", "{", "null", "[]", "7", '{"secret":"short","connection":{}}', '{"secret":"AAAAAAAAAAAAAAAAAAAAAA"}'])(
    "is nothing where %j was found",
    (text) => {
      const storage = new SmallStorage();
      storage.texts.set("palabre:session:lobby", text);
      expect(keepsake(storage).session).toBeUndefined();
    },
  );
});

describe("a browser that keeps nothing", () => {
  it.each([
    ["has no storage", () => undefined],
    [
      "forbids it",
      () => {
        throw new Error("SecurityError");
      },
    ],
    ["has no room", () => new SmallStorage(0)],
  ])("%s, and the page works on", (_, open) => {
    const kept = new Keepsake(new TextStorage(open, "palabre:"), "lobby");
    kept.session = session;
    kept.draft = "x";
    expect([kept.session, kept.draft, kept.place]).toEqual([undefined, "", "end"]);
  });
});
