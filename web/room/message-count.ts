import { MAX_MESSAGE_OCTETS } from "../../shared/limits.ts";
import { splitMessage } from "../../shared/message.ts";
import { octetLength } from "../../shared/octets.ts";

// Above this, cutting the text at every keystroke would be felt.
const EXACT_UNITS = 20_000;

/** Into how many messages a text will be split. Of a very long one: at least into so many. */
export function countMessages(text: string): number {
  // No unit is more than three octets.
  if (text.length * 3 <= MAX_MESSAGE_OCTETS) return text.trim() === "" ? 0 : 1;
  // The space at a cut belongs to no message.
  return text.length <= EXACT_UNITS ? splitMessage(text).length : Math.ceil((octetLength(text) + 1) / (MAX_MESSAGE_OCTETS + 1));
}
