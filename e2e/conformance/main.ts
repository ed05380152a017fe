import { CHECKS } from "./checks.ts";
import { HINTS, readOptions } from "./options.ts";
import { jsonOf, sumUp, tableOf } from "./report.ts";
import { readRules } from "./rules.ts";
import { type Outcome, runChecks } from "./run.ts";
import { meet, type Server } from "./server.ts";
import { UNSEEN } from "./unseen.ts";

/** Does what the server at a URL says and does agree with docs/protocol.md? Exit status: 0 yes, 1 no, 2 it could not be looked at. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === "string") {
    console.error(options);
    return 2;
  }
  let server: Server;
  try {
    server = await meet(options);
  } catch (cause) {
    console.error(`${options.url.href} cannot be looked at: ${(cause as Error).message}`);
    return 2;
  }
  const rules = readRules();
  const quoted = [...CHECKS.flatMap((check) => check.rules), ...Object.keys(UNSEEN), ...(server.rule === undefined ? [] : [server.rule])];
  const unknown = new Set(quoted.filter((number) => !rules.some((rule) => rule.number === number)));
  if (unknown.size > 0) {
    console.error(`docs/protocol.md has no rule ${[...unknown].join(", ")}.`);
    return 2;
  }
  if (!server.json) {
    const { burst, perSecond } = server.rate;
    const rate = burst === 0 || perSecond === 0 ? "no limit to the rate" : `${burst} at once and ${perSecond} a second`;
    console.log(`${server.url.href}: ${rate}, a heartbeat of ${server.heartbeatMs} ms, a grace of ${server.graceMs} ms.`);
    for (const line of HINTS) console.log(line);
    console.log("");
  }
  const outcomes = await runChecks(server, CHECKS, progress(server));
  const reports = sumUp(rules, outcomes, UNSEEN);
  console.log(server.json ? jsonOf(reports, outcomes, server) : tableOf(reports, outcomes, server));
  return outcomes.some(({ result }) => result === "failed") ? 1 : 0;
}

/** At a terminal: how far it is. */
function progress({ json }: Server): (outcome: Outcome) => void {
  let done = 0;
  let failed = 0;
  return ({ result, check }) => {
    done++;
    if (result === "failed") failed++;
    if (json || !process.stderr.isTTY) return;
    process.stderr.write(`\r\u001b[K${done} checks, ${failed} failed  ${check.name.slice(0, 80)}`);
    if (result === "failed") process.stderr.write("\n");
  };
}

// Sockets that a peer never closes must not keep it.
process.exitCode = await main();
setTimeout(() => process.exit(), 1000).unref();
process.stdout.write("", () => process.exit());
