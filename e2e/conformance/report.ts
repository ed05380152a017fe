import type { Check, Transport } from "./check.ts";
import type { Rule } from "./rules.ts";
import type { Outcome } from "./run.ts";
import type { Server } from "./server.ts";
import type { Unseen } from "./unseen.ts";

export type Verdict = "passed" | "failed" | "unseen" | "none";
export type RuleReport = {
  readonly rule: string;
  readonly text: string;
  /** `none`: nothing of the rule is particular to this transport. */
  readonly over: Readonly<Record<Transport, Verdict>>;
  /** What of the rule nobody sees from outside, and why. */
  readonly unseen: string;
  readonly checks: number;
};

const TRANSPORTS: readonly Transport[] = ["websocket", "long-poll", "tcp"];

/** What the outcomes say of each rule. A rule has failed over a transport where one of its checks has. */
export function sumUp(rules: readonly Rule[], outcomes: readonly Outcome[], unseen: Unseen): RuleReport[] {
  return rules.map(({ number, text }) => {
    const its = outcomes.filter(({ check }) => check.rules.includes(number));
    const over = Object.fromEntries(
      TRANSPORTS.map((transport) => [transport, verdictOf(its.filter((one) => one.transport === transport))]),
    );
    const here = new Set(its.flatMap((one) => (one.result === "unseen" ? [one.because] : [])));
    const because = unseen[number] ?? [...here].join("; ");
    return { rule: number, text, over: over as Record<Transport, Verdict>, unseen: because, checks: its.length };
  });
}

function verdictOf(outcomes: readonly Outcome[]): Verdict {
  for (const result of ["failed", "passed", "unseen"] as const) if (outcomes.some((one) => one.result === result)) return result;
  return "none";
}

const WORDS: Record<Verdict, string> = { passed: "passed", failed: "FAILED", unseen: "not seen", none: "" };

/** The result for a terminal. */
export function tableOf(reports: readonly RuleReport[], outcomes: readonly Outcome[], server: Server): string {
  const transports = TRANSPORTS.filter((transport) => transport !== "tcp" || server.tcp !== undefined);
  const lines = [`rule  ${transports.map((transport) => transport.padEnd(10)).join("")}`];
  for (const { rule, text, over, unseen } of reports) {
    if (server.rule !== undefined && rule !== server.rule) continue;
    const isSeen = Object.values(over).some((verdict) => verdict === "passed" || verdict === "failed");
    const cells = transports.map((transport) => WORDS[over[transport]].padEnd(10)).join("");
    const line = isSeen
      ? `${cells}${clip(text)}${unseen === "" ? "" : ` Not seen: ${unseen}.`}`
      : `${"not seen from outside".padEnd(cells.length)} ${unseen}`;
    lines.push(`${rule.padEnd(6)}${line}`.trimEnd());
  }
  for (const outcome of outcomes) if (outcome.result === "failed") lines.push("", ...failureLines(outcome));
  lines.push("", countOf(reports, outcomes));
  return lines.join("\n");
}

function failureLines(outcome: Outcome & { result: "failed" }): string[] {
  const { what, expected, came, transcript } = outcome.failure;
  return [
    `FAILED over ${outcome.transport}: ${outcome.check.name}`,
    `  ${what}`,
    `  expected  ${expected}`,
    `  came      ${came.replaceAll("\n", "\n            ")}`,
    ...transcript.map((line) => `  | ${line}`),
  ];
}

function clip(text: string): string {
  return text.length > 70 ? `${text.slice(0, 69)}…` : text;
}

/** How many rules passed, failed and were not seen; how many checks. */
export function countOf(reports: readonly RuleReport[], outcomes: readonly Outcome[]): string {
  const { passed, failed, unseen } = countRules(reports);
  const checks = (result: Outcome["result"]) => outcomes.filter((outcome) => outcome.result === result).length;
  return `${passed} rules passed, ${failed} failed, ${unseen} not seen from outside; ${checks("passed")} checks passed, ${checks("failed")} failed.`;
}

export function countRules(reports: readonly RuleReport[]): { passed: number; failed: number; unseen: number } {
  const has = ({ over }: RuleReport, verdict: Verdict) => Object.values(over).includes(verdict);
  const failed = reports.filter((report) => has(report, "failed")).length;
  const passed = reports.filter((report) => !has(report, "failed") && has(report, "passed")).length;
  return { passed, failed, unseen: reports.length - passed - failed };
}

/** The result for programs. */
export function jsonOf(reports: readonly RuleReport[], outcomes: readonly Outcome[], { url, rate, heartbeatMs }: Server): string {
  const brief = ({ check, transport, ms, ...rest }: Outcome & { check: Check }) => ({
    name: check.name,
    rules: check.rules,
    transport,
    ms,
    ...rest,
  });
  return JSON.stringify(
    { url: url.href, rate, heartbeatMs, count: countRules(reports), rules: reports, checks: outcomes.map(brief) },
    null,
    1,
  );
}
