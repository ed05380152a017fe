import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { MAX_MESSAGE_OCTETS, MAX_NICK_OCTETS } from "../../shared/limits.ts";
import { concatOctets, encodeUtf8 } from "../../shared/octets.ts";
import { encodeChat, encodeService } from "../../shared/packet.ts";
import type { Random } from "../chaos/random.ts";
import { HOSTILE_JSON, HOSTILE_OCTETS, HOSTILE_TEXTS } from "./hostile.ts";
import { mutate } from "./mutation.ts";
import { ROOT } from "./root.ts";
import { MARKS } from "./script.ts";

/** Somebody whose session is used again and again, by whichever connection comes next. */
export type Identity = { readonly secret: string; readonly nick: string; readonly room: string };

/** So many sessions there are at the most that were not made by a mutation. */
export const IDENTITIES = 192;
const ROOMS = ["lobby", "lobby", "lobby", "fuzz", "fuzz-2", "fuzz-3"];

/** The identity with this number: what it is follows from the seed alone. */
export function identity(seed: string, number: number): Identity {
  const secret = createHash("sha256").update(`${seed}/${number}`).digest("base64url").slice(0, 32);
  return { secret, nick: `fuzz${number}`, room: ROOMS[number % ROOMS.length] as string };
}

export function pickIdentity(random: Random, seed: string): Identity {
  return identity(seed, random.between(0, IDENTITIES - 1));
}

/** Octets of a packet; `valid` where every server must go on after it. */
export type Utterance = { readonly octets: Uint8Array; readonly valid: boolean };

type Vector = { readonly hex: string };
const vectors = JSON.parse(readFileSync(new URL("shared/vectors/packets.json", ROOT), "utf8")) as Record<string, readonly Vector[]>;
const fromVectors = Object.values(vectors)
  .filter((list) => Array.isArray(list))
  .flat()
  .filter(({ hex }) => hex !== undefined)
  .map(({ hex }) => Uint8Array.from(Buffer.from(hex, "hex")));

/** What is spliced into mutants: the test vectors, and what clients and servers say. */
export const CORPUS: readonly Uint8Array[] = [
  ...fromVectors,
  encodeService({ type: "hello", session: "x".repeat(22), nick: "corpus" }),
  encodeService({ type: "rename", nick: "corpus" }),
  encodeService({ type: "leave", linger: 10 }),
  encodeService({ type: "roster", nicks: ["a", "b"], online: 2 }),
  encodeService({ type: "error", code: "malformed", message: "no" }),
  encodeChat("corpus", "x".repeat(300)),
];

/** A service packet whose JSON is written here. */
export function serviceText(json: string): Uint8Array<ArrayBuffer> {
  const message = encodeUtf8(json).subarray(0, MAX_MESSAGE_OCTETS);
  return concatOctets([encodeUtf8(`00${String(message.length).padStart(3, "0")}`), message]);
}

/** `hello` of `who`. With `resume` from where its session was. */
export function hello(who: Identity, resume: boolean): Uint8Array<ArrayBuffer> {
  const place = resume ? `"log":"${MARKS.log}","offset":${MARKS.offsetInJson},"seq":${MARKS.seqInJson}` : `"history":5`;
  return serviceText(`{"type":"hello","session":"${who.secret}","nick":"${who.nick}","room":"${who.room}",${place}}`);
}

/** Something that a client of good manners says once it is in. */
export function wellSaid(random: Random, who: Identity): Uint8Array<ArrayBuffer> {
  const roll = random.next();
  if (roll < 0.72) return encodeChat(who.nick, `${random.between(0, 1e9)} ${"lorem ipsum ".repeat(random.between(0, 6))}`.trim());
  if (roll < 0.82) return encodeService({ type: "pong" });
  if (roll < 0.88) return encodeService({ type: "sparkle", of: random.between(0, 9) });
  if (roll < 0.94) return hello(who, true);
  return encodeService({ type: "rename", nick: who.nick });
}

/** Odd in what it says, and nothing for which a stream would be closed: what comes after it is heard as well. */
export function mildlySaid(random: Random, who: Identity): Uint8Array<ArrayBuffer> {
  const roll = random.next();
  if (roll < 0.7) return chatOf(random.chance(0.85) ? who.nick : random.pick(HOSTILE_TEXTS) || "x", random.pick(HOSTILE_TEXTS));
  if (roll < 0.9) return encodeService({ type: "rename", nick: random.pick(HOSTILE_TEXTS).slice(0, 200) });
  return encodeService({
    type: random.pick(["sparkle", "__proto__", "toString", "welcome", "ack"]),
    nick: random.pick(HOSTILE_TEXTS).slice(0, 100),
  });
}

/** Well framed and in UTF-8, and odd in what it says: what comes after the framing gets to see it. */
export function oddlySaid(random: Random, who: Identity): Uint8Array<ArrayBuffer> {
  const roll = random.next();
  if (roll < 0.4) return mildlySaid(random, who);
  if (roll < 0.5) return chatOctets(encodeUtf8(who.nick), concatOctets([encodeUtf8("odd "), random.pick(HOSTILE_OCTETS)]));
  return serviceText(oddJson(random, fieldsOf(random, who)));
}

/** Anything: well said, odd, or broken. `harsh`: how much of it is broken, from 0 to 0.7; at 0 a stream survives all of it. */
export function utterance(random: Random, who: Identity, harsh: number): Utterance {
  const roll = random.next();
  if (roll < 0.3) return { octets: wellSaid(random, who), valid: true };
  if (harsh === 0) return { octets: mildlySaid(random, who), valid: false };
  if (roll < 1 - harsh) return { octets: oddlySaid(random, who), valid: false };
  return { octets: mutate(random, random.chance(0.5) ? wellSaid(random, who) : random.pick(CORPUS), CORPUS), valid: false };
}

function chatOf(nick: string, message: string): Uint8Array<ArrayBuffer> {
  return chatOctets(encodeUtf8(nick), encodeUtf8(message));
}

function chatOctets(nick: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const [n, m] = [nick.subarray(0, MAX_NICK_OCTETS), message.subarray(0, MAX_MESSAGE_OCTETS)];
  return concatOctets([encodeUtf8(`${String(n.length).padStart(2, "0")}${String(m.length).padStart(3, "0")}`), n, m]);
}

/** The fields of a service packet, each as it is written in JSON. */
function fieldsOf(random: Random, { secret, nick, room }: Identity): [name: string, json: string][] {
  const own = JSON.stringify(random.chance(0.8) ? secret : `${secret.slice(0, 30)}${random.between(10, 99)}`);
  const at: [string, string][] = random.chance(0.5)
    ? [
        ["log", `"${MARKS.log}"`],
        ["offset", MARKS.offsetInJson],
      ]
    : [["history", String(random.between(0, 600))]];
  return random.pick<[string, string][]>([
    [
      ["type", '"hello"'],
      ["session", own],
      ["nick", JSON.stringify(nick)],
      ["room", JSON.stringify(room)],
      ["seq", MARKS.seqInJson],
      ...at,
    ],
    [["type", '"leave"'], ...(random.chance(0.3) ? ([["session", own]] as [string, string][]) : []), ["linger", "50"]],
    [
      ["type", '"rename"'],
      ["nick", JSON.stringify(nick)],
    ],
    [["type", '"pong"']],
    [
      ["type", '"ack"'],
      ["seq", "1"],
    ],
  ]);
}

const NAMES = ["__proto__", "constructor", "toString", "type", "session", "nick", "room", "log", "offset", "seq", "history", "linger"];

/** JSON of these fields, one to three of them changed. */
export function oddJson(random: Random, fields: [name: string, json: string][]): string {
  const odd = [...fields];
  for (let left = random.between(1, 3); left > 0; left--) {
    const at = random.between(0, odd.length - 1);
    const [name, json] = odd[at] ?? ["type", '"hello"'];
    const kind = random.between(0, 9);
    if (kind < 5) odd[at] = [name, random.chance(0.6) ? random.pick(HOSTILE_JSON) : JSON.stringify(random.pick(HOSTILE_TEXTS))];
    else if (kind === 5) odd.splice(at, 1);
    else if (kind === 6) odd.push([name, random.pick(HOSTILE_JSON)]);
    else if (kind === 7) odd[at] = [random.pick(NAMES), json];
    else if (kind === 8) odd.push([random.pick(NAMES), random.pick(HOSTILE_JSON)]);
    else odd.push(["x".repeat(random.between(1, 300)), json]);
  }
  const space = random.chance(0.1) ? random.pick([" ", "\n", "\t ", "\u00a0"]) : "";
  return `{${odd.map(([name, json]) => `${space}${JSON.stringify(name)}:${space}${json}`).join(",")}}${random.chance(0.03) ? "x" : ""}`;
}
