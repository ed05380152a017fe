import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Advice, CODES, isCode } from "./codes.ts";

const ADVICE: Record<string, Advice> = {
  never: "never",
  "never as it is": "never",
  "ask the person": "ask",
  "say `hello`": "hello",
  "back off": "backoff",
};

type Row = { code: string; advice: string; close: string; status: string };

/** The table of codes in docs/protocol.md, a row for each code. */
function documented(): Row[] {
  const text = readFileSync(new URL("../docs/protocol.md", import.meta.url), "utf8");
  const table = text.split("**S44** ")[1]?.split("\n\n")[1] ?? "";
  return table
    .split("\n")
    .slice(2)
    .flatMap((line) => {
      const [codes = "", , advice = "", close = "", status = ""] = line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim());
      return codes.split(",").map((code) => ({ code: code.trim().replace(/^`(.*)`$/, "$1"), advice, close, status }));
    });
}

describe("the codes", () => {
  const rows = documented();

  it("[S44] are the documented ones, none more, none less", () => {
    expect(rows.map(({ code }) => code).sort()).toEqual(Object.keys(CODES).sort());
    expect(rows.length).toBeGreaterThan(10);
  });

  it.each(rows)("[S44] $code: $advice, $close, $status", ({ code, advice, close, status }) => {
    expect(isCode(code) && CODES[code]).toEqual({ advice: ADVICE[advice], close: Number(close), status: Number(status) });
  });

  it("[S44] are nothing that every object has", () => {
    for (const text of ["", "toString", "constructor", "__proto__", "Malformed"]) expect(isCode(text)).toBe(false);
  });
});
