import { MAX_MESSAGE_OCTETS } from "./limits.ts";
import { octetLength } from "./octets.ts";

export type MessageFault = "empty" | "too-long";
export type CheckedMessage = { ok: true; message: string } | { ok: false; fault: MessageFault };

const LINE_END = /\r\n?/g;
// Tab (09) and line feed (0A) stay.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const CONTROL = /[\x00-\x08\x0B-\x1F\x7F-\x9F]/g;

/** A message as it is kept: line ends as LF, no other control characters, no blank space around it. Source: P12. */
export function normaliseMessage(text: string): string {
  return text.replace(LINE_END, "\n").replace(CONTROL, "").trim();
}

/** Normalises, then measures. Source: P12. */
export function checkMessage(text: string): CheckedMessage {
  const message = normaliseMessage(text);
  if (message === "") return { ok: false, fault: "empty" };
  if (octetLength(message) > MAX_MESSAGE_OCTETS) return { ok: false, fault: "too-long" };
  return { ok: true, message };
}

/**
 * Cuts a text into messages of at most 999 octets each, between graphemes and at white space where there is some.
 * Gives no message for a blank text. A grapheme that alone is too long (marks piled up) is cut between code points.
 * Source: P13.
 */
export function splitMessage(text: string): string[] {
  const messages: string[] = [];
  let left = normaliseMessage(text);
  // A text of more units is longer in octets too: not measuring it keeps a large paste linear.
  while (left.length > MAX_MESSAGE_OCTETS || octetLength(left) > MAX_MESSAGE_OCTETS) {
    const cut = cutAt(left);
    const message = left.slice(0, cut).trim();
    if (message !== "") messages.push(message);
    left = left.slice(cut).trim();
  }
  if (left !== "") messages.push(left);
  return messages;
}

/** Where the first message of `text` (which is too long) ends, in UTF-16 units: after white space, else after a grapheme, else after a code point. */
function cutAt(text: string): number {
  // No cut lies beyond 999 units, as each is an octet or more; a little more is looked at, to see whole the grapheme that stands there.
  const head = text.slice(0, MAX_MESSAGE_OCTETS + 64);
  let octets = 0;
  let afterGrapheme = 0;
  let afterSpace = 0;
  for (const { segment, index } of graphemes.segment(head)) {
    octets += octetLength(segment);
    // White space at a cut is trimmed: it need not fit.
    if (segment.trim() === "") afterSpace = index + segment.length;
    if (octets > MAX_MESSAGE_OCTETS) break;
    afterGrapheme = index + segment.length;
  }
  return afterSpace || afterGrapheme || afterCodePoints(head);
}

function afterCodePoints(text: string): number {
  let octets = 0;
  let units = 0;
  for (const character of text) {
    octets += octetLength(character);
    if (octets > MAX_MESSAGE_OCTETS) break;
    units += character.length;
  }
  return units;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
