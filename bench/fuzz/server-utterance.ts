import { concatOctets, encodeUtf8 } from "../../shared/octets.ts";
import { encodeChat, encodeService } from "../../shared/packet.ts";
import type { Random } from "../chaos/random.ts";
import { HOSTILE_TEXTS } from "./hostile.ts";
import { mutate } from "./mutation.ts";
import { CORPUS, oddJson, serviceText } from "./utterance.ts";

type Fields = [name: string, json: string][];

/** `welcome` as an honest server says it, but for `changes` (in JSON). */
export function welcomeFields(changes: Readonly<Record<string, string>> = {}): Fields {
  const fields: Record<string, string> = {
    type: '"welcome"',
    version: "1",
    nick: '"ana"',
    room: '"lobby"',
    resumed: "false",
    turn: "1",
    log: '"honest"',
    offset: "0",
    at: "1000",
    seq: "0",
    heartbeat: "25000",
    online: "1",
    limits: '{"nick":15,"message":999,"rate":{"burst":0,"perSecond":0}}',
    ...changes,
  };
  return Object.entries(fields);
}

export function packetOf(fields: Fields): Uint8Array<ArrayBuffer> {
  return serviceText(`{${fields.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`);
}

const COUNTS = ["0", "1", "2", "5", "100", "2147483647", "2147483648", "4294967296", "1000000000000", "9007199254740991"];
const CODES = [
  "malformed",
  "nick-taken",
  "replaced",
  "unknown-session",
  "seq-gap",
  "full",
  "rate-limited",
  "stopping",
  "internal",
  "too-large",
  "removed",
  "no-such-code",
];

/** Texts that fit the schema and are more than a client may expect: they grow in JSON, or are longer than what carries them. */
function text(random: Random): string {
  return JSON.stringify(
    random.chance(0.4)
      ? random.pick(HOSTILE_TEXTS).slice(0, 250)
      : random.pick([
          "ana",
          "\u0001".repeat(99),
          "\u0001".repeat(60),
          '"'.repeat(99),
          "é".repeat(50),
          "x".repeat(100),
          "x".repeat(200),
          "\ud800",
          "\u0001".repeat(100),
        ]),
  );
}

function welcome(random: Random): Fields {
  const count = () => random.pick(COUNTS);
  const changes: Record<string, string> = {};
  const values: Readonly<Record<string, () => string>> = {
    nick: () => text(random),
    room: () => text(random),
    log: () => text(random),
    resumed: () => random.pick(["true", "false"]),
    turn: count,
    offset: count,
    at: count,
    seq: count,
    heartbeat: count,
    online: count,
    limits: () =>
      `{"nick":15,"message":999,"rate":{"burst":${count()},"perSecond":${random.pick([...COUNTS, "1e-300", "1e300", "0.001"])}}}`,
  };
  for (let left = random.between(0, 4); left > 0; left--) {
    const name = random.pick(Object.keys(values));
    changes[name] = (values[name] as () => string)();
  }
  return welcomeFields(changes);
}

function service(random: Random): Fields {
  const count = () => random.pick(COUNTS);
  const nicks = () => `[${Array.from({ length: random.between(0, 3) }, () => text(random)).join(",")}]`;
  const code = () => JSON.stringify(random.pick(CODES));
  const retry: Fields = random.chance(0.4) ? [["retryAfter", count()]] : [];
  return random.pick<() => Fields>([
    () => welcome(random),
    () => [
      ["type", '"you"'],
      ["nick", text(random)],
    ],
    () => [["type", '"roster"'], ["nicks", nicks()], ["online", count()], ...(random.chance(0.5) ? ([["more", "true"]] as Fields) : [])],
    () => [["type", '"ack"'], ["seq", count()], ...(random.chance(0.7) ? ([["offset", count()]] as Fields) : [])],
    () => [
      ["type", '"refused"'],
      random.chance(0.6) ? ["seq", count()] : ["of", '"rename"'],
      ["code", code()],
      ["message", text(random)],
      ...retry,
    ],
    () => [
      ["type", '"gap"'],
      ["from", count()],
      ["to", count()],
      ["at", count()],
    ],
    () => [
      ["type", '"ping"'],
      ["offset", count()],
      ["online", count()],
    ],
    () => [
      ["type", '"clock"'],
      ["at", count()],
    ],
    () => [
      ["type", '"joined"'],
      ["nicks", nicks()],
    ],
    () => [
      ["type", '"left"'],
      ["nicks", nicks()],
      ["why", '"lost"'],
    ],
    () => [
      ["type", '"renamed"'],
      ["from", text(random)],
      ["to", text(random)],
    ],
    () => [
      ["type", '"notice"'],
      ["text", text(random)],
    ],
    () => [["type", '"pong"']],
  ])();
}

/** What ends a connection: rarely, or nothing else would be heard. */
function ending(random: Random): Fields {
  return random.chance(0.5)
    ? [
        ["type", '"stopping"'],
        ["reason", text(random)],
        ["reconnectIn", random.pick(COUNTS)],
      ]
    : [
        ["type", '"error"'],
        ["code", JSON.stringify(random.pick(CODES))],
        ["message", text(random)],
        ["retryAfter", random.pick(COUNTS)],
      ];
}

/** Octets such as a server sends in one message or one body: in good order, odd, or broken. */
export function serverPayload(random: Random): Uint8Array {
  const packets = Array.from({ length: random.between(1, 5) }, () => {
    const roll = random.next();
    if (roll < 0.2) return encodeChat("bob", `said ${random.between(0, 1e6)}`);
    if (roll < 0.25) return encodeChat(random.pick(["bob", "\u202e", "x".repeat(99)]), random.pick(HOSTILE_TEXTS).slice(0, 300));
    if (roll < 0.75) return packetOf(service(random));
    if (roll < 0.8) return packetOf(ending(random));
    if (roll < 0.85) return encodeService({ type: "ping", offset: 0, online: 1 });
    return serviceText(oddJson(random, service(random)));
  });
  const first = random.chance(0.5) ? [packetOf(welcome(random))] : [];
  const octets = concatOctets([...first, ...packets]);
  if (random.chance(0.1)) return mutate(random, octets, CORPUS);
  return random.chance(0.02) ? encodeUtf8("<!doctype html><title>Portal</title>") : octets;
}
