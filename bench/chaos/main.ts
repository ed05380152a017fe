/**
 * npm run chaos -- [--nodes N] [--rolls N] [--redis-kills N] [--redis-frozen S] [--seed N] [--seconds S] [--clients C] [--rate R] [--kills K] [--changes N] [--steady] [--keep N] [--durability disk|process] [--verbose]
 *
 * A real server in a process of its own, and many clients at once behind a network that cuts, holds back, repeats and loses. They talk, take other
 * names, leave and come back, reload, and change their transport; with `--kills` the server is killed (SIGKILL) and comes back meanwhile; with
 * `--changes` a few more clients change their transport in mid-stream, so many times each. At the end all come to rest, somebody who just came reads
 * the whole log, and what every client sent, was told and heard is held against it. `--steady`: nobody comes or goes, so there must be no notice.
 * With `--nodes` several servers share a Redis, and clients are sent to them in turn; `--rolls` restarts all of them one after the other, and Redis
 * itself may be killed or frozen. The same seed gives the same plan. Status 0 where every promise was kept, else 1, and the history in a file.
 */
import { keepHistory } from "./kept-history.ts";
import { readOptions } from "./options.ts";
import { runChaos } from "./run.ts";
import { summary } from "./summary.ts";

const options = readOptions(process.argv.slice(2));
console.log(`seed ${options.seed}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const outcome = await runChaos(options, (line) => console.log(line));
for (const line of summary(outcome)) console.log(line);
if (outcome.violations.length > 0 || outcome.failures.length > 0) {
  console.log(`the history is in ${keepHistory(outcome)}`);
  process.exitCode = 1;
}
// Requests that were given up may still wait for their time-outs.
process.exit();
