import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encodeChat, encodeService, type Packet, type ServicePacket } from "./packet.ts";
import { CLIENT_SERVICES, isRoomPacket, parseClientService, parseServerService, ROOM_SERVICES, SESSION_SERVICES } from "./service.ts";
import vectors from "./vectors/packets.json" with { type: "json" };

const octetsOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

function read(octets: Uint8Array): ServicePacket {
  const decoded = decode(octets);
  const packet = decoded.packets[0];
  if (!decoded.ok || packet?.kind !== "service") throw new Error("no service packet");
  return packet;
}

type Sample = { type: string; [field: string]: unknown };

const packed = (fields: Sample) => read(encodeService(fields));

const session = "9yE0mYFqk3mWcJ7xUOkT4g";

/** One packet of each type, with every field it can have. */
const full: { client: Sample[]; session: Sample[]; room: Sample[] } = {
  client: [
    { type: "hello", session, nick: "alice", room: "lobby", log: "k3", offset: 0, seq: 0, history: 50 },
    { type: "leave", session, linger: 10_000 },
    { type: "rename", nick: "bob" },
    { type: "pong" },
  ],
  session: [
    {
      type: "welcome",
      version: 1,
      nick: "alice",
      room: "lobby",
      resumed: false,
      turn: 1,
      log: "k3",
      offset: 0,
      at: 0,
      seq: 0,
      heartbeat: 25_000,
      online: 1,
      limits: { nick: 15, message: 999, rate: { burst: 20, perSecond: 0.5 } },
    },
    { type: "you", nick: "alice" },
    { type: "roster", nicks: ["alice"], more: true, online: 1 },
    { type: "ack", seq: 1, offset: 1 },
    { type: "refused", seq: 1, of: "rename", code: "rate-limited", message: "slower", retryAfter: 200 },
    { type: "gap", from: 1, to: 2, at: 1_767_225_600_000 },
    { type: "ping", offset: 0, online: 1 },
    { type: "stopping", reason: "shutdown", reconnectIn: 1000 },
    { type: "error", code: "full", message: "no room", retryAfter: 0 },
  ],
  room: [
    { type: "joined", nicks: ["alice"] },
    { type: "left", nicks: ["alice"], why: "lost" },
    { type: "renamed", from: "alice", to: "bob" },
    { type: "notice", text: "hi" },
    { type: "clock", at: 0 },
  ],
};

type Documented = { type: string; fields: string[] };

/** The table of service packets after rule `rule` in docs/protocol.md: `nick?` is a field that may be absent. */
function documented(rule: string): Documented[] {
  const text = readFileSync(new URL("../docs/protocol.md", import.meta.url), "utf8");
  const table = text.split(`**${rule}** `)[1]?.split("\n\n")[1] ?? "";
  return table
    .split("\n")
    .slice(2)
    .map((line) => {
      const [, type = "", fields = ""] = line.split("|");
      return {
        type: type.trim().replaceAll("`", ""),
        // "`seq` or `of`": one of them, so each may be absent.
        fields: [...fields.matchAll(/`(\w+)`(\??)(?:( or )`(\w+)`)?/g)]
          .flatMap(([, name, absent, or, other]) => (or ? [`${name}?`, `${other}?`] : [`${name}${absent}`]))
          .sort(),
      };
    });
}

describe.each([
  { rule: "S38", table: CLIENT_SERVICES, samples: full.client, parse: parseClientService, other: parseServerService },
  { rule: "S39", table: SESSION_SERVICES, samples: full.session, parse: parseServerService, other: parseClientService },
  { rule: "S40", table: ROOM_SERVICES, samples: full.room, parse: parseServerService, other: parseClientService },
])("the service packets of $rule", ({ rule, table, samples, parse, other }) => {
  const documentedHere = documented(rule);

  it(`[${rule}] are the documented ones`, () => {
    expect(documentedHere.map(({ type }) => type).sort()).toEqual(Object.keys(table).sort());
    expect(samples.map(({ type }) => type).sort()).toEqual(Object.keys(table).sort());
  });

  it.each(documentedHere)(`[${rule}] $type has the documented fields`, ({ type, fields }) => {
    const schema = Object.entries<{ shape: Record<string, unknown> }>(table).find(([name]) => name === type)?.[1];
    const names = Object.keys(schema?.shape ?? {}).filter((name) => name !== "type");
    expect(fields.map((field) => field.replace("?", ""))).toEqual(names.sort());
  });

  it.each(samples)(`[${rule}] $type is read with every field`, (sample) => {
    expect(parse(packed(sample))).toEqual({ kind: "service", service: sample });
  });

  it.each(samples)(`[${rule}] $type may lack just what may be absent, and no field may be of another kind`, (sample) => {
    const fields = documentedHere.find(({ type }) => type === sample.type)?.fields ?? [];
    for (const field of fields) {
      const name = field.replace("?", "");
      const { [name]: right, ...rest } = sample;
      expect(parse(packed({ ...rest, type: sample.type })).kind, `without ${name}`).toBe(field.endsWith("?") ? "service" : "malformed");
      for (const wrong of [null, [[]], { a: 1 }, -1, 1.5, 2 ** 53]) {
        if (typeof wrong === "number" && typeof right !== "number") continue;
        expect(parse(packed({ ...sample, [name]: wrong })), `${name} as ${JSON.stringify(wrong)}`).toMatchObject({
          kind: "malformed",
          why: expect.stringContaining(`${sample.type}.${name}`),
        });
      }
    }
  });

  it.each(samples)("[S43] fields of $type that nobody knows are ignored", (sample) => {
    expect(parse(packed({ ...sample, sparkle: 1, constructor: 2 }))).toEqual({ kind: "service", service: sample });
  });

  it.each(samples)("[P6] $type is ignored by the end that sends it", (sample) => {
    expect(other(packed(sample))).toEqual({ kind: "ignored" });
  });
});

describe("a service packet", () => {
  it.each(vectors.service)("[P3] is written and read: $why", ({ json, hex }) => {
    expect(encodeService(json)).toEqual(octetsOf(hex));
    expect(parseClientService(read(octetsOf(hex)))).toEqual({ kind: "service", service: json });
  });

  it.each(vectors.ignored)("[P6] is ignored: $why", ({ json, hex }) => {
    const packet = read(octetsOf(hex));
    expect(packet.fields).toEqual(json);
    expect(parseClientService(packet)).toEqual({ kind: "ignored" });
    expect(parseServerService(packet)).toEqual({ kind: "ignored" });
    expect(isRoomPacket(packet)).toBe(false);
  });

  it.each(["toString", "constructor", "__proto__", "hasOwnProperty", "", "Hello"])("[P6] of type %j is ignored: no such type", (type) => {
    const packet = packed({ type });
    expect(parseClientService(packet)).toEqual({ kind: "ignored" });
    expect(parseServerService(packet)).toEqual({ kind: "ignored" });
    expect(isRoomPacket(packet)).toBe(false);
  });

  it.each([
    ["a hello without a secret", { type: "hello" }],
    ["a hello with a short secret", { type: "hello", session: session.slice(1) }],
    ["a hello with a long secret", { type: "hello", session: "a".repeat(65) }],
    ["a hello with a padded secret", { type: "hello", session: `${session}==` }],
    ["a hello with an offset in text", { type: "hello", session, offset: "1" }],
    ["a hello with half an offset", { type: "hello", session, offset: 0.5 }],
    ["a leave with a secret that is none", { type: "leave", session: "" }],
    ["a leave that lingers for less than nothing", { type: "leave", linger: -1 }],
    ["a rename without a nickname", { type: "rename" }],
  ])("[P4] is malformed: %s", (_why, fields) => {
    expect(parseClientService(packed(fields)).kind).toBe("malformed");
  });

  it.each([
    ["an ack of nothing", { type: "ack", seq: 0 }],
    ["an ack at no place", { type: "ack", seq: 1, offset: 0 }],
    ["a refusal of nothing", { type: "refused", code: "full", message: "" }],
    ["a left for no known reason", { type: "left", nicks: ["a"], why: "bored" }],
    ["a roster of no names", { type: "roster", nicks: [1], online: 1 }],
    ["a welcome without its limits", { ...full.session[0], type: "welcome", limits: {} }],
  ])("[P4] is malformed: %s", (_why, fields) => {
    expect(parseServerService(packed(fields)).kind).toBe("malformed");
  });

  it("[S39] counts from where its kind begins: a turn from 1, what may be nothing from 0", () => {
    const [welcome] = full.session;
    expect(parseServerService(packed({ ...welcome, type: "welcome", turn: 0 })).kind).toBe("malformed");
    expect(parseServerService(packed({ ...welcome, type: "welcome", online: 0, heartbeat: 1 })).kind).toBe("service");
    expect(parseServerService(packed({ type: "gap", from: 0, to: 1, at: 0 })).kind).toBe("malformed");
    expect(parseClientService(packed({ type: "leave", linger: 0 })).kind).toBe("service");
    expect(parseClientService(packed({ type: "hello", session, history: 0 })).kind).toBe("service");
  });

  it("[S39] refused names a number, or what was refused", () => {
    const refusal = { type: "refused", code: "nick-taken", message: "" };
    expect(parseServerService(packed({ ...refusal, seq: 1 })).kind).toBe("service");
    expect(parseServerService(packed({ ...refusal, of: "rename" })).kind).toBe("service");
  });

  it("[X4] never shows what was in it when it is malformed: a secret could be", () => {
    const parsed = parseClientService(packed({ type: "hello", session: "not-a-good-secret!" }));
    expect(parsed).toEqual({ kind: "malformed", why: "hello.session does not fit" });
  });

  it("[P4] may hold anything: nothing throws", () => {
    const types = [...Object.keys({ ...CLIENT_SERVICES, ...SESSION_SERVICES, ...ROOM_SERVICES }), "sparkle"];
    const names = ["session", "nick", "nicks", "offset", "seq", "limits", "code", "message", "at", "why", "__proto__"];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (type, fields) => {
        const packet: ServicePacket = { kind: "service", type, fields: { ...fields, type }, octets: new Uint8Array(0) };
        for (const parse of [parseClientService, parseServerService])
          expect(["service", "ignored", "malformed"]).toContain(parse(packet).kind);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a room packet", () => {
  const chat: Packet = { kind: "chat", nick: "a", message: "b", octets: encodeChat("a", "b") };

  it("[L2] is a chat packet, joined, left, renamed, clock or notice", () => {
    expect(isRoomPacket(chat)).toBe(true);
    expect(full.room.map(({ type }) => type).sort()).toEqual(["clock", "joined", "left", "notice", "renamed"]);
    for (const sample of full.room) expect(isRoomPacket(packed(sample)), sample.type).toBe(true);
  });

  it("[L2] is no other service packet", () => {
    for (const sample of [...full.client, ...full.session]) expect(isRoomPacket(packed(sample)), sample.type).toBe(false);
  });
});
