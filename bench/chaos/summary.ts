import { describe } from "../history/describe.ts";
import type { Outcome } from "./run.ts";

const MOST_FAILURES = 20;

/** What a run came to, in lines for a person. */
export function summary(outcome: Outcome): string[] {
  const { chronicle, history, violations, failures, faults, kills, changes, options } = outcome;
  const count = (kind: Parameters<typeof chronicle.count>[0]) => chronicle.count(kind);
  const welcomes = history.clients.flatMap(({ entries }) => entries.filter((entry) => entry.kind === "welcomed"));
  const { latency } = chronicle;
  const ms = (share: number) => `${Math.round(latency.percentileMs(share))}`;
  const ok = violations.length === 0 && failures.length === 0;
  return [
    `seed ${options.seed}`,
    `sessions ${history.clients.length}, packets in the log ${history.end.packets.length}, packets heard ${count("heard")}`,
    `messages: sent ${count("sent")}, acknowledged ${chronicle.acknowledged}, refused ${count("refused")}; numbers refused: ${[...chronicle.refusals].map(([code, times]) => `${code} ${times}`).join(", ") || "none"}`,
    `welcomes: ${[...chronicle.welcomes].map(([kind, times]) => `${kind} ${times}`).join(", ")}; resumed ${welcomes.filter(({ resumed }) => resumed).length}, changes of transport ${chronicle.transportChanges}${changes > 0 ? `, in mid-stream ${changes}` : ""}`,
    `faults: ${Object.entries(faults)
      .filter(([, times]) => times > 0)
      .map(([fault, times]) => `${fault} ${times}`)
      .join(", ")}`,
    `kills ${kills}${chronicle.voided > 0 ? `; ${chronicle.voided} packets heard at a place that a ping put right` : ""}${chronicle.takenUp > 0 ? `; ${chronicle.takenUp} pages told that they went on elsewhere, by a stray hello of their own` : ""}${chronicle.startedOver > 0 ? `; ${chronicle.startedOver} timelines started over by a hello that arrived late` : ""}`,
    `delivered within, ms: half ${ms(0.5)}, 90 % ${ms(0.9)}, 99 % ${ms(0.99)}, all ${Math.round(latency.longestMs)} (${latency.count} deliveries)`,
    ...(violations.length === 0 ? [] : describe(violations, history)),
    ...failures.slice(0, MOST_FAILURES),
    ...(failures.length > MOST_FAILURES ? [`… and ${failures.length - MOST_FAILURES} more`] : []),
    ok ? "kept: every promise" : `BROKEN: ${violations.length} violations, ${failures.length} failures; again with --seed ${options.seed}`,
  ];
}
