import { MAX_INPUT_OCTETS } from "../../shared/limits.ts";
import { concatOctets } from "../../shared/octets.ts";
import { encodeChat, encodeService } from "../../shared/packet.ts";
import type { Random } from "../chaos/random.ts";
import { type Request, request, requestOctets } from "./http-request.ts";
import { mutate } from "./mutation.ts";
import { MARKS, type Script, type Step } from "./script.ts";
import { CORPUS, hello, type Identity, pickIdentity, utterance, wellSaid } from "./utterance.ts";

const TEXT = "Content-Type: text/plain; charset=utf-8";
const SEQ = `seq=${MARKS.seqInQuery}`;
const TURN = `turn=${MARKS.turnInQuery}`;
const AFTER = `after=${MARKS.offsetInQuery}`;

/** What a client of good manners asks. One that may be parked is not waited for. */
function wellAsked(random: Random, who: Identity): { request: Request; parked: boolean } {
  const bearer = `Authorization: Bearer ${who.secret}`;
  const roll = random.next();
  if (roll < 0.5) {
    const body = concatOctets(
      Array.from({ length: random.pick([1, 1, 3, 20]) }, () => encodeChat(who.nick, `${random.between(0, 1e9)} by POST`)),
    );
    return { request: request("POST", `/poll?${SEQ}&${TURN}`, [bearer, TEXT], body), parked: false };
  }
  if (roll < 0.65) return { request: request("GET", `/poll?after=0&${TURN}`, [bearer]), parked: true };
  if (roll < 0.7) return { request: request("GET", `/poll?${AFTER}&${TURN}`, [bearer]), parked: true };
  if (roll < 0.82)
    return { request: request("GET", `/history?before=${MARKS.offsetInQuery}&limit=${random.between(1, 20)}`, [bearer]), parked: false };
  if (roll < 0.9) return { request: request("POST", "/poll", [TEXT], hello(who, random.chance(0.6))), parked: false };
  if (roll < 0.96)
    return { request: request("POST", `/poll?${TURN}`, [bearer, TEXT], encodeService({ type: "rename", nick: who.nick })), parked: false };
  return { request: request("POST", `/poll?${TURN}`, [bearer, TEXT], encodeService({ type: "leave", linger: 20 })), parked: false };
}

const ODD_NUMBERS = [
  "0",
  "-1",
  "1",
  "2",
  "1.5",
  "1e3",
  "999999999999999",
  "9999999999999999",
  "NaN",
  "",
  " 1",
  "0x1",
  "%31",
  "1%00",
  "%",
  "%ff",
  "１",
  "1,2",
  "null",
  "[]",
];
const NAMES = ["after", "seq", "turn", "before", "limit", "__proto__", "after[]", "after[0]", "constructor", "", "%zz"];

function oddQuery(random: Random, path: string): string {
  const [address = "", query = ""] = path.split("?");
  const parts = query === "" ? [] : query.split("&");
  for (let left = random.between(1, 3); left > 0; left--) {
    const at = random.between(0, parts.length);
    const part = `${random.pick(NAMES)}=${random.pick(ODD_NUMBERS)}`;
    if (random.chance(0.5)) parts.splice(at, 1, `${(parts[at] ?? part).split("=")[0]}=${random.pick(ODD_NUMBERS)}`);
    else parts.splice(at, random.between(0, 1), part);
  }
  return `${address}?${parts.join(random.pick(["&", "&", "&&", ";"]))}`.replaceAll(" ", "+");
}

function oddAuthorization(random: Random, who: Identity): string {
  const flipped = `${who.secret.slice(0, 20)}${random.pick(["A", "-", "=", "é", "\t"])}${who.secret.slice(21)}`;
  return `Authorization: ${random.pick([
    "",
    "Bearer",
    "Bearer ",
    `bearer   ${who.secret}  `,
    `Bearer ${flipped}`,
    `Bearer ${who.secret} ${who.secret}`,
    `Bearer ${who.secret.slice(0, 21)}`,
    `Bearer ${"x".repeat(65)}`,
    `Bearer ${"x".repeat(4000)}`,
    `Basic ${who.secret}`,
    "Bearer __proto__",
    "Bearer ../../../../etc/passwd",
  ])}`;
}

/** A body that is no packet, several that do not go together, or too many octets. */
function oddBody(random: Random, who: Identity): Uint8Array {
  const roll = random.next();
  if (roll < 0.5) return utterance(random, who, 0.4).octets;
  if (roll < 0.7) return concatOctets(Array.from({ length: random.between(2, 30) }, () => utterance(random, who, 0.02).octets));
  if (roll < 0.75) return concatOctets(Array<Uint8Array>(random.pick([511, 512, 513, 700])).fill(encodeChat(who.nick, "z")));
  if (roll < 0.8) {
    const packet = encodeChat(who.nick, "y".repeat(900));
    return concatOctets(Array<Uint8Array>(80).fill(packet)).subarray(0, MAX_INPUT_OCTETS + random.pick([-1, 0, 1]));
  }
  if (roll < 0.83) return new Uint8Array(0);
  return mutate(random, wellSaid(random, who), CORPUS);
}

const TYPES = [
  "application/json",
  "text/html",
  "multipart/form-data; boundary=x",
  "text/plain; charset=utf-16",
  "x",
  "",
  "application/x-www-form-urlencoded",
  "\u0080",
];

function oddlyAsked(random: Random, who: Identity): Request {
  let { request: odd } = wellAsked(random, who);
  for (let left = random.between(1, 2); left > 0; left--) {
    const roll = random.next();
    if (roll < 0.35) odd = { ...odd, path: oddQuery(random, odd.path) };
    else if (roll < 0.45)
      odd = { ...odd, lines: [...odd.lines.filter((line) => !line.startsWith("Authorization")), oddAuthorization(random, who)] };
    else if (roll < 0.5)
      odd = { ...odd, lines: [...odd.lines.filter((line) => !line.startsWith("Content-Type")), `Content-Type: ${random.pick(TYPES)}`] };
    else if (roll < 0.55)
      odd = {
        ...odd,
        lines: [
          ...odd.lines,
          `Origin: ${random.pick(["null", "https://elsewhere.example", "http://fuzz.test", "http://fuzz.test:80", "x", "http://[::1"])}`,
        ],
      };
    else if (roll < 0.6) odd = { ...odd, method: random.pick(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND"]) };
    else odd = { ...odd, method: "POST", body: oddBody(random, who) };
  }
  return odd;
}

/** A client that polls, over one connection that is kept. */
export function longPollScript(random: Random, seed: string): Script {
  const who = pickIdentity(random, seed);
  const steps: Step[] = [];
  let sound = true;
  const add = (octets: Uint8Array, parked: boolean) => steps.push({ octets, awaits: sound && !parked ? "answer" : "perhaps" });
  if (random.chance(0.8)) add(requestOctets(request("POST", "/poll", [TEXT], hello(who, random.chance(0.6)))), false);
  for (let left = random.between(1, 10); left > 0; left--) {
    const roll = random.next();
    if (roll < 0.35) {
      const { request: asked, parked } = wellAsked(random, who);
      add(requestOctets(asked), parked);
      // Answers come in the order of the requests: one that is parked holds back those behind it.
      if (parked) sound = false;
    } else if (roll < 0.93) {
      sound = false;
      add(requestOctets(oddlyAsked(random, who)), false);
    } else {
      sound = false;
      steps.push({ octets: mutate(random, requestOctets(oddlyAsked(random, who)), CORPUS), awaits: "perhaps" });
    }
  }
  return { door: "long-poll", steps, secret: who.secret, end: random.chance(0.8) ? "half-close" : "cut" };
}
