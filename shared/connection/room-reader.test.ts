import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encodeChat, encodeService } from "../packet.ts";
import type { Welcome } from "../service.ts";
import { offsetAfter, RoomReader, type Said } from "./room-reader.ts";

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
    expect(reader.place).toEqual({ log: "other", offset: 4 });
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
    const reader = readerAt12();
    // This hello was said before 11 and 12 came over the other transport.
    expect(reader.enter(welcome({ offset: 10, at: 900 }), { log: "log", offset: 10 })).toBe(false);
    expect(read(reader, say("a"), { type: "clock", at: 2_000 }, say("c"))).toEqual(["13@2000 c"]);
    // And this one before anything was known.
    expect(reader.enter(welcome({ offset: 9 }), undefined)).toBe(false);
    expect(read(reader, say("."), say("."), say("."), say("."), say("d"))).toEqual(["14@1000 d"]);
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
    expect(read(reader, say("c"))).toEqual(["13@1000 c"]);
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
