import { fileURLToPath } from "node:url";
import { MAX_SERVICE_TEXT_OCTETS } from "../../shared/limits.ts";
import { normaliseMessage } from "../../shared/message.ts";
import { checkNickname } from "../../shared/nickname.ts";
import { octetLength } from "../../shared/octets.ts";
import { decode, type Packet } from "../../shared/packet.ts";
import { isRoomPacket, parseServerService } from "../../shared/service.ts";
import { ROOT } from "./root.ts";
import type { Known } from "./script.ts";

const FOLDER = fileURLToPath(ROOT);
/** A stack trace, a file of the server's, or the folder in which it lives: nobody's business. */
const INDISCREET = /\n\s+at \S|node:internal|node_modules|file:\/\/\/|\.(?:ts|js):\d+/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

/** What `text`, which the server answered, gives away; undefined where it keeps its own. */
export function indiscretion(text: string): string | undefined {
  const found = INDISCREET.exec(text)?.[0] ?? (text.includes(FOLDER) ? FOLDER : undefined);
  return found === undefined ? undefined : `the answer gives away ${JSON.stringify(found)}`;
}

/** What is wrong with octets that a server sent as whole packets; undefined where nothing is. `known` takes over what they say. */
export function judgePackets(octets: Uint8Array, known: Known): string | undefined {
  const decoded = decode(octets);
  if (!decoded.ok) return `an answer is no packets: ${decoded.fault}`;
  if (decoded.rest.length > 0) return "an answer ends in the middle of a packet";
  for (const packet of decoded.packets) {
    const fault = judge(packet, known);
    if (fault !== undefined) return `${fault}: ${Buffer.from(packet.octets).toString("utf8")}`;
  }
  return undefined;
}

function judge(packet: Packet, known: Known): string | undefined {
  if (isRoomPacket(packet)) known.offset++;
  if (packet.kind === "chat") {
    const { nick, message } = packet;
    const checked = checkNickname(nick);
    if (!checked.ok || checked.nick !== nick) return "somebody speaks under a nickname that is none";
    if (CONTROL.test(nick + message)) return "a control character was let through";
    return message === "" || normaliseMessage(message) !== message ? "a message is not in its normal form" : undefined;
  }
  const parsed = parseServerService(packet);
  if (parsed.kind === "malformed") return parsed.why;
  if (parsed.kind === "ignored") return "a packet of a type that servers do not send";
  const { service } = parsed;
  switch (service.type) {
    case "welcome":
      known.turn = service.turn;
      known.log = service.log;
      known.offset = service.offset;
      known.seq = service.seq;
      return undefined;
    case "ack":
      known.seq = Math.max(known.seq, service.seq);
      return undefined;
    case "gap":
      known.offset = service.to;
      return undefined;
    case "refused":
      known.seq = Math.max(known.seq, service.seq ?? 0);
      return judgeRefusal(service);
    case "error":
      return judgeRefusal(service);
    default:
      return undefined;
  }
}

function judgeRefusal({ code, message }: { code: string; message: string }): string | undefined {
  if (code === "internal") return "something went wrong inside";
  if (octetLength(message) > MAX_SERVICE_TEXT_OCTETS) return "a message is longer than 800 octets";
  return indiscretion(message);
}
