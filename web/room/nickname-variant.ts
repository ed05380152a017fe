import { MAX_NICK_CODE_POINTS } from "../../shared/limits.ts";
import { nicknameKey } from "../../shared/nickname.ts";

/** A nickname like `nick` that is none of `taken`: with a number after it, and short enough. `alice` → `alice2`, `r2d2` → `r2d3`. */
export function nicknameVariant(nick: string, taken: readonly string[]): string {
  const keys = new Set(taken.map(nicknameKey));
  const [, stem = "", digits = ""] = /^(.*?)(\d{0,4})$/su.exec(nick) ?? [];
  for (let number = digits === "" ? 2 : Number(digits) + 1; ; number++) {
    const variant = shortened(stem, MAX_NICK_CODE_POINTS - String(number).length) + number;
    if (!keys.has(nicknameKey(variant))) return variant;
  }
}

function shortened(text: string, codePoints: number): string {
  // Marks at the cut go with their letter.
  return [...text]
    .slice(0, codePoints)
    .join("")
    .replace(/[\u200D\uFE0F]+$/u, "");
}
