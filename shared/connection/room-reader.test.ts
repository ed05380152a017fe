import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encodeChat, encodeService } from "../packet.ts";
import type { Welcome } from "../service.ts";
import { offsetAfter, type Place, RoomReader, type Said } from "./room-reader.ts";

function welcome(fields: { log?: string; offset: number; at?: number }): Welcome {
  const limits = { nick: 15, message: 999, rate: { burst: 20, perSecond: 5 } };
  const rest = { version: 1, nick: "ana", room: "lobby", resumed: true, turn: 1, seq: 0, heartbeat: 25_000, online: 1, limits };
  return { type: "welcome", log: "log", at: 1_000, ...rest, ...fields };
}

function say(message: string): Said {
  return { nick: "ana", message };
}

/** What was handed over of `packets`, as "offset@time words". */
function read(reader: RoomReader, ...packets: Said[]): string[] {
  return packets.flatMap((said) => {
    const event = reader.read(said);
    return event === undefined ? [] : [`${event.offset}@${event.at} ${event.kind === "message" ? event.message : event.kind}`];
  });
}

describe("counting", () => {
  it("[L1, L3, L4] gives each packet its offset and its time", () => {
    const reader = new RoomReader();
    expect(reader.enter(welcome({ offset: 41 }), undefined)).toBe(true);
    const packets: Said[] = [say("a"), { type: "clock", at: 5_000 }, { type: "joined", nicks: ["bo"] }, say("b")];
    expect(read(reader, ...packets)).toEqual(["42@1000 a", "44@5000 joined", "45@5000 b"]);
    expect(reader.known).toBe(45);
    expect(reader.at).toBe(5_000);
  });

  it("[L6] goes on after a gap, and says what is missing", () => {
    const reader = new RoomReader();
    reader.enter(welcome({ offset: 10 }), undefined);
    expect(reader.skip({ from: 11, to: 20, at: 7_000 })).toEqual({ from: 11, to: 20, at: 7_000 });
    expect(read(reader, say("a"))).toEqual(["21@7000 a"]);
  });

  it("[H3] knows what an answer has to come to", () => {
    const packets = [welcome({ offset: 5 }), { type: "gap", from: 6, to: 9, at: 0 }, { type: "roster", nicks: [], online: 0 }] as const;
    const octets = [...packets.map(encodeService), encodeChat("ana", "a"), encodeService({ type: "clock", at: 1 })];
    expect(
      offsetAfter(
        octets.flatMap((packet) => decode(packet).packets),
        99,
      ),
    ).toBe(11);
  });
});

describe("coming back", () => {
  const resumed = { log: "log", offset: 12 };
  function readerAt12(): RoomReader {
    const reader = new RoomReader();
    reader.enter(welcome({ offset: 10 }), undefined);
    read(reader, say("a"), say("b"));
    reader.agrees(12);
    expect(reader.place).toEqual(resumed);
    return reader;
  }

  it("[S5] goes on from where it was", () => {
    const reader = readerAt12();
    expect(reader.enter(welcome({ offset: 12 }), resumed)).toBe(false);
    expect(read(reader, say("c"))).toEqual(["13@1000 c"]);
  });

  it("[L5] starts over where the log is another one", () => {
    const reader = readerAt12();
    expect(reader.enter(welcome({ log: "other", offset: 3 }), resumed)).toBe(true);
    expect(read(reader, say("c"))).toEqual(["4@1000 c"]);
    expect(reader.known).toBe(4);
    // 3 is what welcome said; that "c" was the fourth is only counted.
    expect(reader.place).toEqual({ log: "other", offset: 3 });
  });

  it("[S11] starts over where the server did not take the offset", () => {
    const reader = readerAt12();
    expect(reader.enter(welcome({ offset: 2 }), resumed)).toBe(true);
    expect(read(reader, say("c"))).toEqual(["3@1000 c"]);
  });

  it("starts over where something lies between what was known and what comes now", () => {
    expect(readerAt12().enter(welcome({ offset: 13 }), undefined)).toBe(true);
  });

  it("hands over nothing twice where two transports overlap", () => {
    const reader = new RoomReader();
    reader.enter(welcome({ offset: 10 }), undefined);
    const known: Said[] = [say("a"), { type: "clock", at: 2_000 }];
    read(reader, ...known);
    // This hello was said before 11 and 12 came over the other transport.
    expect(reader.enter(welcome({ offset: 10, at: 900 }), { log: "log", offset: 10 })).toBe(false);
    expect(read(reader, ...known, say("c"))).toEqual(["13@2000 c"]);
    // And this one before anything was known.
    expect(reader.enter(welcome({ offset: 9 }), undefined)).toBe(false);
    expect(read(reader, say("."), ...known, say("c"), say("d"))).toEqual(["14@2000 d"]);
    expect(reader.skip({ from: 15, to: 16, at: 0 })).toEqual({ from: 15, to: 16, at: 0 });
    // What was read over the one may be trimmed for the other.
    reader.enter(welcome({ offset: 9 }), undefined);
    expect(reader.skip({ from: 10, to: 16, at: 0 })).toBeUndefined();
    expect(reader.skip({ from: 12, to: 18, at: 0 })).toEqual({ from: 17, to: 18, at: 0 });
  });

  it("[H5] reads what it asked for from where it asked", () => {
    const reader = readerAt12();
    reader.enter(welcome({ offset: 10 }), { log: "log", offset: 10 });
    reader.goTo(12);
    expect(reader.reached).toBe(12);
    expect(read(reader, say("c"))).toEqual(["13@1000 c"]);
  });

  it("starts over where what was known became less after it was asked for", () => {
    const reader = readerAt12();
    read(reader, say("c"), say("e"));
    const late = { log: "log", offset: 14 };
    reader.agrees(15); // "d" was lost
    expect(reader.enter(welcome({ offset: 12 }), resumed)).toBe(true);
    // Said before that, answered after it: 13 and 14 would be missing.
    expect(reader.enter(welcome({ offset: 14 }), late)).toBe(true);
    expect(read(reader, say("e"))).toEqual(["15@1000 e"]);
  });
});

describe("[S33] what no ping has confirmed", () => {
  /** Somebody who came in at 10 and heard these words after that; `lost` never arrived. */
  function listener(words: string, lost = ""): RoomReader {
    const reader = new RoomReader();
    reader.enter(welcome({ offset: 10 }), undefined);
    read(reader, ...[...words].filter((letter) => !lost.includes(letter)).map(say));
    return reader;
  }

  /** Comes back as it asks to, to a room that says `words` from 11 on: what is handed over then. */
  function comesBack(reader: RoomReader, words: string): string[] {
    const asked = reader.place;
    const offset = asked?.offset ?? 0;
    const fresh = reader.enter(welcome({ offset }), asked);
    return [...(fresh ? ["fresh"] : []), ...read(reader, ...[...words.slice(offset - 10)].map(say))];
  }

  it("is asked for again, 32 packets of it at the most", () => {
    const reader = listener("a".repeat(32));
    expect(reader.known).toBe(42);
    expect(reader.place).toEqual({ log: "log", offset: 10 });
    read(reader, say("b"));
    expect(reader.place).toEqual({ log: "log", offset: 11 });
    reader.agrees(43);
    expect(reader.place).toEqual({ log: "log", offset: 43 });
    read(reader, say("c"), say("d"));
    expect(reader.place).toEqual({ log: "log", offset: 43 });
  });

  it("is asked for until an answer that is checked as a whole has brought it", () => {
    const reader = listener("abc");
    expect(comesBack(reader, "abcd")).toEqual(["14@1000 d"]);
    expect(reader.place?.offset).toBe(10);
    reader.confirm();
    expect(reader.place?.offset).toBe(14);
  });

  it("is not confirmed by coming again: the same may have been lost again", () => {
    const reader = listener("abc", "b");
    reader.enter(welcome({ offset: 10 }), reader.place);
    read(reader, say("a"), say("c"));
    expect(reader.outOfStep).toBe(false);
    expect(comesBack(reader, "abc")).toEqual([]);
    expect(comesBack(reader, "abc")).toEqual(["fresh", "11@1000 a", "12@1000 b", "13@1000 c"]);
  });

  it("starts over from what is confirmed where something was lost, and loses nothing", () => {
    const reader = listener("abcdef", "c");
    expect(reader.known).toBe(15);
    expect(comesBack(reader, "abcdefg")).toEqual([]);
    expect(reader.outOfStep).toBe(true);
    expect(reader.place).toEqual({ log: "log", offset: 10 });
    const all = ["11@1000 a", "12@1000 b", "13@1000 c", "14@1000 d", "15@1000 e", "16@1000 f", "17@1000 g"];
    expect(comesBack(reader, "abcdefg")).toEqual(["fresh", ...all]);
    expect(reader.outOfStep).toBe(false);
  });

  it("does so too where the first one was lost, long before what is compared", () => {
    const words = String.fromCodePoint(...Array.from({ length: 200 }, (_, index) => 0x4e00 + index));
    const reader = listener(words, words[0]);
    expect(reader.place?.offset).toBe(177);
    expect(comesBack(reader, words)).toEqual([]);
    expect(comesBack(reader, words)).toHaveLength(201);
  });

  it("brings what was lost last, and nothing twice", () => {
    expect(comesBack(listener("abcdef", "ef"), "abcdef")).toEqual(["15@1000 e", "16@1000 f"]);
  });

  it("[L3] is found out where everybody says the same, by the clock between", () => {
    const reader = new RoomReader();
    reader.enter(welcome({ offset: 10 }), undefined);
    const same = Array.from({ length: 20 }, () => say("a"));
    const room = [say("first"), ...same, { type: "clock", at: 2_000 } as const, ...same];
    read(reader, ...room.slice(1)); // "first" was lost
    const asked = reader.place;
    expect(asked?.offset).toBe(19);
    reader.enter(welcome({ offset: 19 }), asked);
    read(reader, ...room.slice(9));
    expect(reader.outOfStep).toBe(true);
  });

  it("goes on being compared where the replay was cut within it", () => {
    const reader = listener("abcdef", "c");
    const asked = reader.place;
    reader.enter(welcome({ offset: 10 }), asked);
    read(reader, say("a"));
    expect(reader.place).toEqual(asked);
    comesBack(reader, "abcdef");
    expect(reader.outOfStep).toBe(true);
    // Cut again, before it is answered.
    expect(reader.place?.offset).toBe(10);
    const sound = listener("abcdef");
    sound.enter(welcome({ offset: 10 }), sound.place);
    read(sound, say("a"), say("b"));
    expect(sound.reached).toBe(12);
    expect(comesBack(sound, "abcdefg")).toEqual(["17@1000 g"]);
  });

  it("[L5] is nobody's business where the log is another one", () => {
    const reader = listener("abc");
    expect(reader.enter(welcome({ log: "other", offset: 11 }), reader.place)).toBe(true);
    expect(read(reader, say("x"), say("y"))).toEqual(["12@1000 x", "13@1000 y"]);
    expect(reader.place).toEqual({ log: "other", offset: 11 });
  });

  it("[L6] cannot be compared where it is no longer kept; what is kept of it is", () => {
    const reader = listener("abcdef", "c");
    reader.enter(welcome({ offset: 10 }), reader.place);
    expect(reader.skip({ from: 11, to: 13, at: 1_000 })).toBeUndefined();
    read(reader, say("d"), say("e"));
    expect(reader.outOfStep).toBe(true);
    const other = listener("abcdef", "c");
    other.enter(welcome({ offset: 10 }), other.place);
    expect(other.skip({ from: 11, to: 20, at: 1_000 })).toEqual({ from: 16, to: 20, at: 1_000 });
    expect(other.place).toEqual({ log: "log", offset: 20 });
  });

  it("[L6] is wrong where a gap begins later than it should", () => {
    const reader = listener("ab");
    expect(reader.skip({ from: 14, to: 20, at: 1_000 })).toBeUndefined(); // 13 was lost
    expect(reader.outOfStep).toBe(true);
    expect(reader.place?.offset).toBe(10);
    reader.enter(welcome({ offset: 10 }), reader.place);
    expect(reader.skip({ from: 11, to: 20, at: 1_000 })).toEqual({ from: 11, to: 20, at: 1_000 });
  });

  it("outlives a reload", () => {
    const before = listener("abcdef", "c");
    const { unconfirmed } = before;
    read(before, say("g"));
    const after = new RoomReader();
    after.restore({ log: "log", offset: 15 }, 1_000, JSON.parse(JSON.stringify(unconfirmed)));
    expect(after.place).toEqual({ log: "log", offset: 10 });
    comesBack(after, "abcdefg");
    expect(after.outOfStep).toBe(true);
    // What an earlier version kept says nothing of it.
    const old = new RoomReader();
    old.restore({ log: "log", offset: 15 }, 1_000);
    expect(old.place?.offset).toBe(15);
  });
});

describe("[S33] a ping that counts differently", () => {
  it("is agreed with where nothing was lost", () => {
    const reader = new RoomReader();
    reader.enter(welcome({ offset: 10 }), undefined);
    read(reader, say("a"));
    expect(reader.agrees(11)).toBe(true);
    expect(reader.place?.offset).toBe(11);
  });

  it("takes it back to where both agreed, and starts over from there, as any packet since may have been the lost one", () => {
    const reader = new RoomReader();
    reader.enter(welcome({ offset: 10 }), undefined);
    read(reader, say("a"));
    reader.agrees(11);
    read(reader, say("b"), say("d")); // "c" was lost
    expect(reader.agrees(14)).toBe(false);
    expect(reader.place?.offset).toBe(11);
    expect(read(reader, say("e"))).toEqual([]);
    expect(reader.enter(welcome({ offset: 11 }), { log: "log", offset: 11 })).toBe(true);
    expect(read(reader, say("b"), say("c"))).toEqual(["12@1000 b", "13@1000 c"]);
  });

  it("simply goes on where nothing had come since", () => {
    const reader = new RoomReader();
    reader.enter(welcome({ offset: 10 }), undefined);
    expect(reader.agrees(11)).toBe(false);
    expect(reader.enter(welcome({ offset: 10 }), { log: "log", offset: 10 })).toBe(false);
    expect(read(reader, say("a"))).toEqual(["11@1000 a"]);
  });
});

it("[S5, S11] over any number of transports that come back from where they were or overlap, everything once and in order", () => {
  const leg = fc.record({ back: fc.integer({ min: 0, max: 5 }), count: fc.integer({ min: 0, max: 10 }) });
  fc.assert(
    fc.property(fc.array(leg, { minLength: 1, maxLength: 10 }), (legs) => {
      const reader = new RoomReader();
      const heard: string[] = [];
      for (const [index, { back, count }] of legs.entries()) {
        const from = index === 0 ? 0 : Math.max(0, reader.known - back);
        expect(reader.enter(welcome({ offset: from }), index === 0 ? undefined : { log: "log", offset: from })).toBe(index === 0);
        for (let offset = from + 1; offset <= from + count; offset++) heard.push(...read(reader, say(`words ${offset}`)));
      }
      expect(heard).toEqual(Array.from({ length: reader.known }, (_, index) => `${index + 1}@1000 words ${index + 1}`));
    }),
  );
});

/** A room, and what one listener is sent of it over a line that may lose any of it. */
class LossyRoom {
  readonly log: Said[] = [];
  reader = new RoomReader();
  /** What the listener shows since its timeline began. */
  shown: string[] = [];
  begin = 0;
  #cursor = 0;

  speak(count: number): void {
    for (let word = 0; word < count; word++) {
      const offset = this.log.length + 1;
      this.log.push(offset % 7 === 0 ? { type: "clock", at: offset * 1_000 } : say(`words ${offset}`));
    }
  }

  /** What is still to be sent, up to `most` of it; `drops` says of each whether it gets lost. */
  send(most: number, drops: (offset: number) => boolean): void {
    for (let sent = 0; sent < most; sent++) {
      const said = this.log[this.#cursor];
      if (said === undefined) return;
      if (!drops(++this.#cursor)) this.shown.push(...read(this.reader, said));
      if (this.reader.outOfStep) this.resume(this.reader.place);
    }
  }

  ping(): void {
    if (!this.reader.agrees(this.#cursor)) this.resume(this.reader.place);
  }

  /** The answer to a hello that said `asked`. */
  resume(asked: Place | undefined): void {
    this.#cursor = asked?.offset ?? 0;
    if (this.reader.enter(welcome({ offset: this.#cursor, at: this.#at(this.#cursor) }), asked)) {
      this.shown = [];
      this.begin = this.#cursor;
    }
  }

  reload(): void {
    const { known, at, unconfirmed } = this.reader;
    this.reader = new RoomReader();
    this.reader.restore({ log: "log", offset: known }, at, JSON.parse(JSON.stringify(unconfirmed)));
  }

  /** What would have to be shown. */
  get expected(): string[] {
    const reader = new RoomReader();
    reader.enter(welcome({ offset: this.begin, at: this.#at(this.begin) }), undefined);
    return read(reader, ...this.log.slice(this.begin));
  }

  get sent(): number {
    return this.#cursor;
  }

  #at(offset: number): number {
    const clock = this.log.slice(0, offset).findLast((said) => "type" in said && said.type === "clock");
    return clock === undefined ? 1_000 : (clock as { at: number }).at;
  }
}

it("[S5, S33] whatever got lost on the way, and however often it came back or was reloaded: in a calm hour all is shown once, at its place", () => {
  const lost = fc.array(fc.boolean(), { maxLength: 12 });
  const deed = fc.oneof(
    fc.record({ kind: fc.constant("talk" as const), count: fc.integer({ min: 1, max: 45 }), lost }),
    fc.record({ kind: fc.constantFrom("cut" as const, "reload" as const, "ping" as const), lost }),
    // A hello whose answer is late: meanwhile the other transport goes on.
    fc.record({ kind: fc.constant("move" as const), count: fc.integer({ min: 0, max: 10 }), lost }),
  );
  fc.assert(
    fc.property(fc.array(deed, { minLength: 1, maxLength: 12 }), (deeds) => {
      const room = new LossyRoom();
      room.resume(undefined);
      for (const { kind, ...how } of deeds) {
        const asked = room.reader.place;
        if ("count" in how) {
          const from = room.log.length;
          room.speak(how.count);
          room.send(100, (offset) => how.lost[offset - from - 1] ?? false);
        }
        if (kind === "ping") room.ping();
        else if (kind === "reload") room.reload();
        if (kind === "cut" || kind === "reload") room.resume(room.reader.place);
        if (kind === "move") room.resume(asked);
        // A replay may be cut anywhere, and lose something too.
        const from = room.sent;
        if (kind !== "talk") room.send(deeds.length * 3, (offset) => how.lost[offset - from - 1] ?? false);
      }
      room.resume(room.reader.place);
      room.speak(3);
      room.send(Number.POSITIVE_INFINITY, () => false);
      room.ping();
      room.send(Number.POSITIVE_INFINITY, () => false);
      expect(room.shown).toEqual(room.expected);
      expect(room.reader.place).toEqual({ log: "log", offset: room.log.length });
    }),
    { numRuns: 2_000 },
  );
});
