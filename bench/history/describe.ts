import type { History, Violation } from "./record.ts";
import { wording } from "./room-log.ts";

/** How many packets of the log are shown on each side of a violation. */
const NEIGHBOURS = 2;

/** Violations for a person at a terminal: what, who, and what the log has around it. The first `most` of them, then how many more. */
export function describe(violations: readonly Violation[], { end }: History, most = 20): string[] {
  if (violations.length === 0) return ["no violations"];
  const lines = violations.slice(0, most).flatMap((violation) => [headline(violation), ...neighbourhood(violation, end)]);
  if (violations.length > most) lines.push(`and ${violations.length - most} more`);
  return lines;
}

function headline({ rule, client, what }: Violation): string {
  return client === undefined ? `${rule}: ${what}` : `${rule}: ${client}: ${what}`;
}

function neighbourhood({ offset }: Violation, { first, packets }: History["end"]): string[] {
  if (offset === undefined) return [];
  const last = first + packets.length - 1;
  if (offset < first) return [`    the log begins at ${first}`];
  const lines: string[] = [];
  for (let at = Math.max(first, offset - NEIGHBOURS); at <= Math.min(last, offset + NEIGHBOURS); at++) {
    const packet = packets[at - first];
    if (packet !== undefined) lines.push(`  ${at === offset ? ">" : " "} ${at} ${wording(packet)}`);
  }
  if (offset + NEIGHBOURS > last) lines.push(`    the log ends at ${last}`);
  return lines;
}
