import { readFileSync } from "node:fs";

/** The tree that this was built in: `dist/e2e/conformance` is three folders down. */
const ROOT = new URL("../../../", import.meta.url);

export type Rule = { readonly number: string; readonly text: string };

/** The rules of docs/protocol.md, in its order, each with how it begins. */
export function readRules(): Rule[] {
  const page = readFileSync(new URL("docs/protocol.md", ROOT), "utf8");
  return [...page.matchAll(/^\*\*([PLSWHTDX]\d+)\*\* (.*)$/gm)].map(([, number = "", text = ""]) => ({
    number,
    text: text.replaceAll(/[*`]|\(\[[^\]]*\]\([^)]*\)\)/g, "").trim(),
  }));
}

export type Vectors = {
  readonly chat: readonly { readonly why: string; readonly nick: string; readonly message: string; readonly hex: string }[];
  readonly stream: readonly { readonly why: string; readonly hex: string; readonly packets: number; readonly rest: number }[];
  readonly malformed: readonly { readonly why: string; readonly hex: string }[];
  readonly nick: {
    readonly valid: readonly string[];
    readonly invalid: readonly { readonly nick: string; readonly why: string }[];
    readonly same: readonly (readonly [string, string])[];
    readonly different: readonly (readonly [string, string])[];
  };
  readonly message: {
    readonly normalised: readonly { readonly in: string; readonly out: string }[];
    readonly invalid: readonly { readonly in: string; readonly why: string }[];
  };
  readonly room: { readonly valid: readonly string[]; readonly invalid: readonly string[] };
  readonly service: readonly { readonly why: string; readonly hex: string }[];
  readonly refused: readonly { readonly why: string; readonly hex: string }[];
  readonly ignored: readonly { readonly why: string; readonly hex: string }[];
};

/** The test vectors, for any implementation. */
export const VECTORS = JSON.parse(readFileSync(new URL("shared/vectors/packets.json", ROOT), "utf8")) as Vectors;
