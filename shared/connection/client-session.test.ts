import { describe, expect, it } from "vitest";
import { error, service, welcome } from "../../server/testing/stub-server.ts";
import { SECRET } from "../../server/testing/stub-stage.ts";
import { decode, encodeChat } from "../packet.ts";
import type { RoomName } from "../room-name.ts";
import { ClientSession, type Reading, type Way } from "./client-session.ts";
import { Outbox } from "./outbox.ts";

/** A session that is read to and asked, without a transport. */
class Desk {
  readonly outbox = new Outbox();
  readonly session = new ClientSession({ secret: SECRET, room: "lobby" as RoomName, nick: "ana", history: 50, outbox: this.outbox });

  reads(way: Partial<Way>, ...packets: Uint8Array[]): Reading {
    const usual = { kind: "websocket", asked: undefined, welcomed: true, after: undefined, nowMs: 0 } as const;
    return this.session.read(decode(Buffer.concat(packets)).packets, { ...usual, ...way });
  }

  enters(fields: Record<string, unknown> = {}): Reading {
    return this.reads({ welcomed: false }, welcome(fields));
  }

  /** What it would send now. */
  sends(nowMs = 0): string[] {
    const rename = this.session.takeRename(nowMs);
    const chats = this.session.takeChats(nowMs)?.octets;
    return [rename, chats].flatMap((octets) => (octets === undefined ? [] : [Buffer.from(octets).toString()]));
  }

  get shown(): string[] {
    return this.outbox.entries().map(({ text, state }) => `${text} ${state.kind}`);
  }
}

function says(nick: string, message: string): Uint8Array {
  return encodeChat(nick, message);
}

describe("what may come", () => {
  it.each([
    ["a ping", service("ping", { offset: 0, online: 1 })],
    ["an ack", service("ack", { seq: 1 })],
    ["somebody's words", says("bo", "one")],
    ["a welcome to nobody", welcome({ nick: "" })],
    ["a welcome to a name that no packet holds", welcome({ nick: "n".repeat(100) })],
    ["a welcome to a log that no hello holds", welcome({ log: "l".repeat(201) })],
  ])("[P4] before welcome, %s is malformed", (_, packet) => {
    const reading = new Desk().reads({ welcomed: false }, packet);
    expect(reading.malformed).toBe(true);
    expect(reading.events).toEqual([]);
  });

  it("[S39] before welcome, a refusal and the news of a stop are not", () => {
    expect(new Desk().reads({ welcomed: false }, error("full", 700))).toMatchObject({
      malformed: false,
      refusal: { code: "full", retryAfterMs: 700 },
    });
    expect(new Desk().reads({ welcomed: false }, service("stopping", { reason: "", reconnectIn: 9 })).stopping).toBeDefined();
  });

  it("[S20] what welcome dealt with is not settled while the rest of its payload could not be read", () => {
    const desk = new Desk();
    desk.enters();
    desk.outbox.add("one", 0);
    desk.sends();
    const fault = service("ack", { seq: "one" });
    expect(desk.reads({}, welcome({ seq: 1, turn: 2 }), fault).malformed).toBe(true);
    expect(desk.shown).toEqual(["one pending"]);
    expect(decode(desk.session.hello(0).octets).packets[0]).toMatchObject({ fields: { seq: 0 } });
  });
});

describe("how far it is", () => {
  it("[H5] reads the answer to a poll as what follows the offset it asked for", () => {
    const desk = new Desk();
    desk.enters({ offset: 10 });
    desk.reads({}, says("bo", "eleven"), says("bo", "twelve"));
    // The poll's hello was said at 10; its welcome brings nothing new.
    desk.reads({ kind: "long-poll", asked: { log: "log", offset: 10 }, welcomed: false }, welcome({ offset: 10, turn: 2 }));
    const { events } = desk.reads({ kind: "long-poll", after: 12 }, says("bo", "thirteen"));
    expect(events).toMatchObject([{ kind: "message", offset: 13, message: "thirteen" }]);
  });

  it("knows from a roster that all was read, but not in the answer to a poll, where it may stand before the end", () => {
    for (const [kind, shown] of [
      ["websocket", []],
      ["long-poll", ["one accepted"]],
    ] as const) {
      const desk = new Desk();
      desk.enters();
      desk.outbox.add("one", 0);
      desk.sends();
      desk.reads({ kind }, welcome({ seq: 1, turn: 2 }), service("roster", { nicks: [], online: 0 }));
      expect(desk.shown).toEqual(shown);
    }
  });

  /** Where its next hello would resume from. */
  const resumesFrom = (desk: Desk) => desk.session.hello(0).asked?.offset;

  it("[H3] takes the count as confirmed by a poll that carries the session, and by nothing else that comes by one", () => {
    const desk = new Desk();
    desk.enters({ offset: 10 });
    desk.reads({}, says("bo", "eleven"));
    desk.reads({ kind: "long-poll", welcomed: false }, service("confetti"));
    expect(resumesFrom(desk)).toBe(10);
    desk.reads({ kind: "long-poll", after: 11 }, service("confetti"), says("bo", "twelve"));
    expect(resumesFrom(desk)).toBe(12);
  });

  it("[H4] asks for the rest of a replay that was too long for one answer, also of what it knows", () => {
    const desk = new Desk();
    desk.enters({ offset: 10 });
    desk.reads({}, says("bo", "eleven"), says("bo", "twelve"));
    const asked = desk.session.hello(0).asked;
    desk.reads({ kind: "long-poll", asked, welcomed: false }, welcome({ offset: 10, turn: 2 }), says("bo", "eleven"));
    expect(desk.session.reached).toBe(11);
    expect(desk.session.known.offset).toBe(12);
    // The twelfth was another one.
    expect(desk.reads({ kind: "long-poll", after: 11 }, says("bo", "lost")).outOfStep).toBe(true);
    expect(resumesFrom(desk)).toBe(11);
  });

  it("[S33] knows that not all was read where it is out of step, whatever the roster says", () => {
    const desk = new Desk();
    desk.enters();
    desk.outbox.add("one", 0);
    desk.sends();
    desk.reads({}, welcome({ seq: 1, turn: 2 }));
    desk.reads({}, service("ping", { offset: 1, online: 1 }), service("roster", { nicks: [], online: 0 }));
    expect(desk.shown).toEqual(["one accepted"]);
  });

  it("[S19, S20] believes an ack to a POST, whose answer is whole, also where the room's words are not heard", () => {
    const desk = new Desk();
    desk.enters();
    desk.outbox.add("one", 0);
    desk.sends();
    desk.reads({ kind: "long-poll", after: 0 }, says("ana", "otherwise"));
    expect(desk.reads({ kind: "long-poll" }, service("ack", { seq: 1, offset: 1 })).outOfStep).toBe(false);
    expect(desk.shown).toEqual([]);
  });

  it("[L5] waits for no offset of a log that is gone", () => {
    const desk = new Desk();
    desk.enters();
    desk.outbox.add("one", 0);
    desk.sends();
    desk.reads({}, service("ack", { seq: 1, offset: 50 }));
    expect(desk.shown).toEqual(["one accepted"]);
    desk.reads({}, welcome({ log: "another", seq: 1 }), service("ping", { offset: 0, online: 1 }));
    expect(desk.shown).toEqual([]);
  });
});

describe("names", () => {
  it("[S10] speaks under the name that welcome says", () => {
    const desk = new Desk();
    desk.enters({ nick: "Ana" });
    desk.outbox.add("one", 0);
    expect(desk.sends()).toEqual(["03003Anaone"]);
  });

  it("[S41] has one rename on its way, and the newest wish after it", () => {
    const desk = new Desk();
    desk.enters();
    desk.session.rename("bea");
    expect(desk.sends()).toEqual(['00030{"type":"rename","nick":"bea"}']);
    desk.session.rename("cleo");
    desk.session.rename("dora");
    expect(desk.sends()).toEqual([]);
    desk.reads({}, service("you", { nick: "bea" }));
    expect(desk.sends().join()).toContain("dora");
  });

  it("[S22, S41] asks again, and tells nobody, where a rename was refused for the rate", () => {
    const desk = new Desk();
    desk.enters();
    desk.session.rename("bea");
    desk.sends();
    const refused = service("refused", { of: "rename", code: "rate-limited", message: "", retryAfter: 300 });
    expect(desk.reads({}, refused).events).toEqual([]);
    expect(desk.sends(299)).toEqual([]);
    expect(desk.session.sendsInMs(0)).toBe(300);
    expect(desk.sends(300).join()).toContain("bea");
  });

  it("[S21] a rename and a hello spend as words do", () => {
    const desk = new Desk();
    desk.enters({ limits: { nick: 15, message: 999, rate: { burst: 5, perSecond: 1 } } });
    desk.session.rename("bea");
    desk.sends();
    desk.session.hello(0);
    for (const text of ["one", "two"]) desk.outbox.add(text, 0);
    expect(desk.sends()).toEqual(["03003anaone"]);
    expect(desk.session.sendsInMs(0)).toBe(1000);
  });
});

describe("the roster", () => {
  it("[S37] lists no more than a server may", () => {
    const desk = new Desk();
    desk.enters();
    const part = (more: boolean) => service("roster", { nicks: Array.from({ length: 60 }, () => "bo"), more, online: 5_000 });
    const { events } = desk.reads({}, ...Array.from({ length: 20 }, () => part(true)), part(false));
    expect(events.map((event) => event.kind === "roster" && event.nicks.length)).toEqual([1_000]);
  });

  it("[S35] begins anew with each welcome", () => {
    const desk = new Desk();
    desk.enters();
    desk.reads({}, service("roster", { nicks: ["gone"], more: true, online: 1 }));
    const { events } = desk.reads({}, welcome({ turn: 2 }), service("roster", { nicks: ["ana"], online: 1 }));
    expect(events.at(-1)).toEqual({ kind: "roster", nicks: ["ana"], online: 1 });
  });
});
