import { readBody, readQuery, readSecret } from "../../server/doors/poll-request.ts";
import { checkMessage, normaliseMessage, splitMessage } from "../../shared/message.ts";
import { checkNickname } from "../../shared/nickname.ts";
import { concatOctets } from "../../shared/octets.ts";
import { decode, encodeChat, type Packet, PacketDecoder } from "../../shared/packet.ts";
import { parseRoomName } from "../../shared/room-name.ts";
import { parseClientService, parseServerService } from "../../shared/service.ts";
import { Random } from "../chaos/random.ts";
import { mutate } from "./mutation.ts";
import type { Finding } from "./siege.ts";
import { CORPUS, pickIdentity, utterance } from "./utterance.ts";

/** The octets of the case with this number: a few packets behind each other, then perhaps broken. */
export function octetsOf(seed: string, number: number): Uint8Array {
  const random = new Random(`${seed}/decoder/${number}`);
  const who = pickIdentity(random, seed);
  const said = concatOctets(Array.from({ length: random.between(1, 4) }, () => utterance(random, who, 0.3).octets));
  return random.chance(0.3) ? mutate(random, said, CORPUS) : said;
}

/** Everything in this process that reads what strangers sent, without a socket between. Nothing of it may throw. */
export function decodeAll(seed: string, from: number, count: number): Finding[] {
  const findings: Finding[] = [];
  for (let number = from; number < from + count && findings.length < 10; number++) {
    const octets = octetsOf(seed, number);
    let what: string | undefined;
    try {
      what = judgeDecoder(octets, new Random(`${seed}/chunks/${number}`));
    } catch (cause) {
      what = `threw ${(cause as Error).stack}`;
    }
    if (what !== undefined) findings.push({ door: "decoder", number, what: `${what}; ${Buffer.from(octets).toString("hex")}` });
  }
  return findings;
}

/** What is wrong with how `octets` are read; undefined where nothing is. */
export function judgeDecoder(octets: Uint8Array, random: Random): string | undefined {
  const decoded = decode(octets);
  const read = concatOctets(decoded.packets.map((packet) => packet.octets));
  if (Buffer.compare(read, octets.subarray(0, read.length)) !== 0) return "the packets are not the octets that were read";
  if (decoded.ok && decoded.rest.length !== octets.length - read.length) return "octets went missing behind the last packet";
  const decoder = new PacketDecoder();
  const packets: Packet[] = [];
  let fault: string | undefined;
  for (let at = 0; at < octets.length && fault === undefined; ) {
    const chunk = octets.subarray(at, at + (random.chance(0.2) ? 1 : random.between(1, 400)));
    at += chunk.length;
    const pushed = decoder.push(chunk);
    packets.push(...pushed.packets);
    if (!pushed.ok) fault = pushed.fault;
  }
  if (fault !== (decoded.ok ? undefined : decoded.fault)) return "in pieces it has another fault";
  if (Buffer.compare(concatOctets(packets.map((packet) => packet.octets)), read) !== 0) return "in pieces it gives other packets";
  for (const packet of decoded.packets) {
    const wrong = judgePacket(packet);
    if (wrong !== undefined) return wrong;
  }
  readBody(Buffer.from(octets));
  const text = Buffer.from(octets).toString("latin1");
  readSecret(`Bearer ${text}`);
  readQuery({ seq: text, after: [text], turn: text.slice(0, 3) });
  return Object.hasOwn(Object.prototype, "polluted") ? "the prototype of all objects was changed" : undefined;
}

function judgePacket(packet: Packet): string | undefined {
  if (packet.kind === "service") {
    parseClientService(packet);
    parseServerService(packet);
    for (const value of Object.values(packet.fields)) if (typeof value === "string") judgeTexts(value);
    return undefined;
  }
  const { nick, message, octets } = packet;
  if (Buffer.compare(encodeChat(nick, message), octets) !== 0) return "a chat packet is not what it was when it is encoded again";
  return judgeTexts(nick) ?? judgeTexts(message);
}

/** Checking what was checked changes nothing. */
function judgeTexts(text: string): string | undefined {
  parseRoomName(text);
  const nickname = checkNickname(text);
  if (nickname.ok) {
    const again = checkNickname(nickname.nick);
    if (!again.ok || again.nick !== nickname.nick || again.key !== nickname.key)
      return "a nickname that was checked is another one when it is checked again";
  }
  const message = normaliseMessage(text);
  if (normaliseMessage(message) !== message) return "a message that was normalised changes when it is normalised again";
  for (const piece of splitMessage(text)) {
    const checked = checkMessage(piece);
    if (!checked.ok || checked.message !== piece) return "a piece of a message is no message";
  }
  return undefined;
}
