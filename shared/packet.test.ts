import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_PACKET_OCTETS } from "./limits.ts";
import { checkMessage } from "./message.ts";
import { checkNickname } from "./nickname.ts";
import { concatOctets, encodeUtf8, octetLength } from "./octets.ts";
import { decode, encodeChat, encodeService, type Packet, PacketDecoder, packetLength } from "./packet.ts";
import { parseClientService } from "./service.ts";
import vectors from "./vectors/packets.json" with { type: "json" };

const octetsOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

/** A text of at most `limit` octets, of any code points. */
const textUpTo = (limit: number) =>
  fc.oneof(fc.string({ unit: "binary", maxLength: limit }), fc.string({ unit: "grapheme", maxLength: limit })).map((text) => {
    let kept = "";
    let octets = 0;
    for (const character of text) {
      octets += octetLength(character);
      if (octets > limit) break;
      kept += character;
    }
    return kept;
  });
const nick = textUpTo(99).filter((text) => text !== "");
const message = fc.oneof(textUpTo(30), textUpTo(999));
const chat = fc.record({ nick, message }).map(({ nick, message }) => encodeChat(nick, message));
const service = fc
  .record({ type: fc.string({ unit: "binary", maxLength: 20 }), value: fc.jsonValue() })
  .filter((fields) => octetLength(JSON.stringify(fields)) <= 999)
  .map(encodeService);
const packet = fc.oneof(chat, service);

/** `octets` in pieces, cut at the given places. */
function cutUp(octets: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [0, ...places.map((place) => place % (octets.length + 1)).sort((one, other) => one - other), octets.length];
  return cuts.slice(1).map((cut, index) => octets.slice(cuts[index], cut));
}

function decodeOne(octets: Uint8Array): Packet {
  const decoded = decode(octets);
  if (!decoded.ok) throw new Error(decoded.fault);
  expect(decoded.rest).toHaveLength(0);
  expect(decoded.packets).toHaveLength(1);
  return decoded.packets[0] as Packet;
}

describe("a packet", () => {
  it.each(vectors.chat)("[P1] is written and read: $why", ({ nick, message, hex }) => {
    const octets = octetsOf(hex);
    expect(encodeChat(nick, message)).toEqual(octets);
    expect(decodeOne(octets)).toEqual({ kind: "chat", nick, message, octets });
  });

  it.each(vectors.malformed)("[P4] may not be $why", ({ hex }) => {
    const decoded = decode(octetsOf(hex));
    const fits = decoded.ok && decoded.packets.every((packet) => packet.kind === "chat" || parseClientService(packet).kind !== "malformed");
    expect(fits).toBe(false);
  });

  it.each([
    ["bad-header", "0a005aliceHello"],
    ["empty-packet", "00000"],
    ["nick-not-utf8", "01002\x80hi"],
    ["message-not-utf8", "01004a\xe9lan"],
    ["message-not-utf8", "00004\xe9lan"],
    ["not-json", "00005hello"],
    ["not-json", '00015\xef\xbb\xbf{"type":"a"}'],
    ["not-an-object", "00003[1]"],
    ["not-an-object", "00004null"],
    ["not-an-object", '00003"a"'],
    ["no-type", "00002{}"],
    ["no-type", '00010{"type":1}'],
  ])("[P4] is told apart: %s, of %j", (fault, latin1) => {
    const good = encodeChat("alice", "Hello");
    const decoded = decode(concatOctets([good, new Uint8Array(Buffer.from(latin1, "latin1"))]));
    expect(decoded).toEqual({ ok: false, packets: [{ kind: "chat", nick: "alice", message: "Hello", octets: good }], fault });
  });

  it.each(vectors.refused)("[P1] is well framed though it is refused: $why", ({ hex, why }) => {
    const packet = decodeOne(octetsOf(hex));
    if (packet.kind !== "chat") throw new Error(packet.type);
    const code = checkNickname(packet.nick).ok ? "message-invalid" : "nick-invalid";
    expect(why).toContain(code);
    expect(checkNickname(packet.nick).ok && checkMessage(packet.message).ok).toBe(false);
  });

  it("[P1] comes out as it went in", () => {
    fc.assert(
      fc.property(nick, message, (nick, message) => {
        const octets = encodeChat(nick, message);
        expect(decodeOne(octets)).toEqual({ kind: "chat", nick, message, octets });
      }),
      { numRuns: 300 },
    );
  });

  it("[P3] comes out as it went in, when it is a service packet", () => {
    fc.assert(
      fc.property(service, (octets) => {
        const packet = decodeOne(octets);
        if (packet.kind !== "service") throw new Error(packet.kind);
        expect(packet.octets).toEqual(octets);
        expect(encodeService(packet.fields as { type: string })).toEqual(octets);
        expect(packet.fields.type).toBe(packet.type);
      }),
    );
  });

  it("[P1] is at most 1103 octets", () => {
    const longest = encodeChat("n".repeat(99), "m".repeat(999));
    expect(longest).toHaveLength(1103);
    expect(longest).toHaveLength(MAX_PACKET_OCTETS);
    expect(decodeOne(longest)).toMatchObject({ nick: "n".repeat(99), message: "m".repeat(999) });
  });

  it("[P1] is not written where it would not fit", () => {
    expect(() => encodeChat("", "hi")).toThrow(RangeError);
    expect(() => encodeChat("é".repeat(50), "hi")).toThrow(RangeError);
    expect(() => encodeChat("a", "é".repeat(500))).toThrow(RangeError);
    expect(() => encodeService({ type: "x".repeat(989) })).toThrow(RangeError);
    expect(encodeService({ type: "x".repeat(988) })).toHaveLength(5 + 999);
  });

  it("[P7] that begins with 11111 is a chat packet like any other", () => {
    const octets = encodeUtf8(`11111${"n".repeat(11)}${"m".repeat(111)}`);
    expect(decodeOne(octets)).toMatchObject({ kind: "chat", nick: "n".repeat(11), message: "m".repeat(111) });
  });

  it("[P1] is walked over by its length", () => {
    const octets = encodeUtf8('05005aliceHello00015{"type":"pong"}');
    expect(packetLength(octets, 0)).toBe(15);
    expect(packetLength(octets, 15)).toBe(20);
    expect(packetLength(octets, 35)).toBe(0);
    expect(packetLength(octets.subarray(0, 4), 0)).toBe(0);
    expect(packetLength(octets, 5)).toBeUndefined();
  });

  it("[P1] is what the example in docs/protocol.md shows", () => {
    const text = readFileSync(new URL("../docs/protocol.md", import.meta.url), "utf8");
    const lines = text.split("\n").filter((line) => /^[→←] /.test(line));
    const types = lines.map((line) => {
      const packet = decodeOne(encodeUtf8(line.slice(2)));
      return packet.kind === "chat" ? "chat" : packet.type;
    });
    expect(types).toEqual(["hello", "welcome", "roster", "clock", "joined", "chat", "ack", "chat"]);
    const hex = text.split("\n").find((line) => /^([0-9a-f]{2} )+[0-9a-f]{2}$/.test(line)) ?? "";
    expect(decodeOne(octetsOf(hex.replaceAll(" ", "")))).toMatchObject({ nick: "alice", message: "Hello" });
  });
});

describe("a stream of packets", () => {
  it.each(vectors.stream)("[P8] $why", ({ hex, packets, rest }) => {
    const octets = octetsOf(hex);
    const decoded = decode(octets);
    expect(decoded).toMatchObject({ ok: true, rest: octets.slice(octets.length - rest) });
    expect(decoded.packets).toHaveLength(packets);
  });

  it("[P8] waits for the rest of a packet: no part of one is ever read as another", () => {
    fc.assert(
      fc.property(packet, (octets) => {
        for (let length = 0; length < octets.length; length++) {
          const part = octets.subarray(0, length);
          const decoded = decode(part);
          if (!decoded.ok || decoded.packets.length > 0 || decoded.rest.length !== length)
            expect(decoded).toEqual({ ok: true, packets: [], rest: part });
        }
      }),
    );
  });

  it("[P8] gives the same packets however it is cut", () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 40 }), (packets, places) => {
        const decoder = new PacketDecoder();
        const heard: Uint8Array[] = [];
        for (const chunk of cutUp(concatOctets(packets), places)) {
          const decoded = decoder.push(chunk);
          expect(decoded.ok).toBe(true);
          heard.push(...decoded.packets.map(({ octets }) => octets));
          chunk.fill(0x21, chunk.length - (decoded.ok ? decoded.rest.length : 0)); // the decoder keeps nothing of a chunk but copies
        }
        expect(heard).toEqual(packets);
      }),
    );
  });

  it("[P8] gives the same packets octet by octet", () => {
    fc.assert(
      fc.property(fc.array(packet, { minLength: 1, maxLength: 3 }), (packets) => {
        const decoder = new PacketDecoder();
        const heard: Packet[] = [];
        for (const octet of concatOctets(packets)) heard.push(...decoder.push(Uint8Array.of(octet)).packets);
        expect(heard).toEqual(packets.map(decodeOne));
      }),
      { numRuns: 30 },
    );
  });

  const digits = fc.array(fc.constantFrom(..."0000112349", "{", '"', "é"), { maxLength: 60 }).map((pieces) => encodeUtf8(pieces.join("")));
  const hostile = fc
    .tuple(
      fc.array(fc.oneof({ weight: 3, arbitrary: packet }, digits, fc.uint8Array({ maxLength: 40 })), { maxLength: 5 }),
      fc.nat(),
      fc.nat(255),
    )
    .map(([pieces, place, octet]) => {
      const octets = concatOctets(pieces);
      if (octets.length > 0 && place % 2 === 0) octets[place % octets.length] = octet;
      return octets;
    });

  it("[P4] may be anything at all: nothing throws, and what was read is the front of it", () => {
    fc.assert(
      fc.property(hostile, (octets) => {
        const decoded = decode(octets);
        const read = concatOctets(decoded.packets.map((packet) => packet.octets));
        expect(read).toEqual(octets.slice(0, read.length));
        if (!decoded.ok) return;
        expect(decoded.rest).toEqual(octets.slice(read.length));
        expect(decoded.rest.length).toBeLessThan(MAX_PACKET_OCTETS);
      }),
      { numRuns: 1000 },
    );
  });

  it("[P5] is not read on after something malformed, however it is cut; what was said before was said", () => {
    fc.assert(
      fc.property(hostile, fc.array(fc.nat(), { maxLength: 10 }), (octets, places) => {
        const whole = decode(octets);
        const decoder = new PacketDecoder();
        const answers = cutUp(octets, places).map((chunk) => decoder.push(chunk));
        expect(answers.flatMap(({ packets }) => packets)).toEqual(whole.packets);
        expect(answers.at(-1)).toMatchObject(whole.ok ? { ok: true } : { ok: false, fault: whole.fault });
        const after = decoder.push(encodeChat("a", "b"));
        if (!whole.ok) expect(after).toEqual({ ok: false, packets: [], fault: whole.fault });
      }),
      { numRuns: 500 },
    );
  });
});

describe("the test vectors", () => {
  const { about: _about, ...sections } = vectors;

  it("[P1] are all run: every section, and every list in one, is named by a test", () => {
    const names = Object.entries(sections).flatMap(([name, value]) =>
      Array.isArray(value) ? [`vectors.${name}`] : Object.keys(value).map((list) => `vectors.${name}.${list}`),
    );
    const folder = new URL(".", import.meta.url);
    const tests = readdirSync(folder)
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => readFileSync(new URL(file, folder), "utf8"))
      .join("\n");
    const runs = [...tests.matchAll(/\.each\((vectors\.[a-z.]+)\)|(vectors\.[a-z.]+)\.map\(/g)].map(([, each, mapped]) =>
      (each ?? mapped)?.replace(/\.map$/, ""),
    );
    expect(new Set(runs)).toEqual(new Set(names));
    expect(runs).toHaveLength(names.length);
  });

  it("[P1] hold nothing that the tests do not read", () => {
    const fields = (entries: readonly object[]) => [...new Set(entries.flatMap((entry) => Object.keys(entry)))].sort();
    expect(fields(vectors.chat)).toEqual(["hex", "message", "nick", "why"]);
    expect(fields(vectors.stream)).toEqual(["hex", "packets", "rest", "why"]);
    for (const section of [vectors.malformed, vectors.refused]) expect(fields(section)).toEqual(["hex", "why"]);
    for (const section of [vectors.service, vectors.ignored]) expect(fields(section)).toEqual(["hex", "json", "why"]);
    expect(fields(vectors.nick.invalid)).toEqual(["nick", "why"]);
    expect(fields(vectors.message.normalised)).toEqual(["in", "out", "why"]);
    expect(fields(vectors.message.invalid)).toEqual(["in", "why"]);
  });
});
