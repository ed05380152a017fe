import { type NicknameKey, nicknameKey } from "../../shared/nickname.ts";

/** A message cut into what is shown differently. Joined together, the texts are the message. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string }
  /** `@` and the name of the person in front of the screen. */
  | { readonly kind: "mention"; readonly text: string };

const FIND = /https?:\/\/[^\s<>"]+|@\S+/giu;
// What ends a sentence or closes a bracket after an address rather than belongs to it.
const TRAILING = /[.,;:!?'"”’»…)\]}*_~]$/u;

export function messagePieces(message: string, self: NicknameKey): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const { 0: found, index } of message.matchAll(FIND)) {
    const piece = found.startsWith("@") ? mention(found, self, message[index - 1]) : link(found);
    if (!piece) continue;
    if (index > done) pieces.push({ kind: "text", text: message.slice(done, index) });
    pieces.push(piece);
    done = index + piece.text.length;
  }
  if (done < message.length) pieces.push({ kind: "text", text: message.slice(done) });
  return pieces;
}

/** True where `message` calls the person by name. */
export function mentions(message: string, self: NicknameKey): boolean {
  return message.includes("@") && messagePieces(message, self).some((piece) => piece.kind === "mention");
}

function link(found: string): Piece | undefined {
  let text = found;
  for (;;) {
    const last = TRAILING.exec(text)?.[0];
    // A bracket that was opened inside belongs to the address: …/Palaver_(tree)
    if (last === undefined || (last === ")" && closesInside(text))) break;
    text = text.slice(0, -last.length);
  }
  try {
    const { href, host } = new URL(text);
    return host === "" ? undefined : { kind: "link", text, href };
  } catch {
    return undefined;
  }
}

function closesInside(text: string): boolean {
  return text.split("(").length >= text.split(")").length;
}

/** Nicknames may end in almost anything, so `@alice,` is tried whole and then without what trails. */
function mention(found: string, self: NicknameKey, before: string | undefined): Piece | undefined {
  if (before !== undefined && !/[\s\p{P}]/u.test(before)) return undefined; // an e-mail address
  for (let text = found; text.length > 1; ) {
    if (nicknameKey(text.slice(1)) === self) return { kind: "mention", text };
    const last = TRAILING.exec(text)?.[0];
    if (last === undefined) return undefined;
    text = text.slice(0, -last.length);
  }
  return undefined;
}
