import { keepHistory } from "./kept-history.ts";
import { type ChaosOptions, DEFAULTS, newSeed } from "./options.ts";
import { type Outcome, runChaos } from "./run.ts";
import { summary } from "./summary.ts";

/** A run in which nothing may be found. Says what it did; throws where something was, and says where it can be read. */
export async function judgedRun(options: Partial<ChaosOptions>): Promise<Outcome> {
  const outcome = await runChaos({ ...DEFAULTS, seed: newSeed(), ...options });
  const broken = outcome.violations.length + outcome.failures.length > 0;
  const lines = [...summary(outcome), ...(broken ? [`the history is in ${keepHistory(outcome)}`] : [])].join("\n");
  console.log(lines);
  if (broken) throw new Error(lines);
  return outcome;
}
