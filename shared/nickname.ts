import { MAX_NICK_CODE_POINTS } from "./limits.ts";

declare const brand: unique symbol;
/** What two spellings of the same nickname share. Never shown. */
export type NicknameKey = string & { readonly [brand]: "NicknameKey" };

export type NicknameFault = "empty" | "too-long" | "white-space" | "invisible";
export type CheckedNickname = { ok: true; nick: string; key: NicknameKey } | { ok: false; fault: NicknameFault };

// An emoji and what may be joined to it. Only inside such a run are joiners and variation selectors let through:
// anywhere else they are invisible, and two nicknames that look the same would be different people.
const EMOJI_RUN =
  /\p{Extended_Pictographic}[\uFE0E\uFE0F]?\p{Emoji_Modifier}?(?:\u200D\p{Extended_Pictographic}[\uFE0E\uFE0F]?\p{Emoji_Modifier}?)*/gu;
const JOINERS = /[\u200D\uFE0E\uFE0F]/g;
const WHITE_SPACE = /\p{White_Space}/u;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Checks a nickname as it was typed and gives it in NFC, with its key. Source: P9, P10. */
export function checkNickname(text: string): CheckedNickname {
  const nick = text.normalize("NFC");
  if (nick === "") return { ok: false, fault: "empty" };
  if (codePoints(nick) > MAX_NICK_CODE_POINTS) return { ok: false, fault: "too-long" };
  if (WHITE_SPACE.test(nick)) return { ok: false, fault: "white-space" };
  const seen = nick.replace(EMOJI_RUN, (run) => run.replace(JOINERS, ""));
  if (INVISIBLE.test(seen)) return { ok: false, fault: "invisible" };
  return { ok: true, nick, key: nicknameKey(nick) };
}

/** Two nicknames are the same when their keys are equal. Source: P10. */
export function nicknameKey(nick: string): NicknameKey {
  return nick.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC") as NicknameKey;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
