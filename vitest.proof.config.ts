import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** They wait more than they work, and judge what became of messages, not how fast: two of them at a time. */
const TOGETHER = ["bench/{chaos/chaos,fuzz/fuzz,power/*}.test.ts", "server/{clock,disk}.test.ts"];
/** They measure times, memory or a load, or want to be back before the next kill: one after the other, as each wants the machine for itself. */
const ALONE = ["bench/{chaos/{kills,nodes},load/*}.test.ts", "server/conformance.test.ts", "e2e/nodes/conformance.story.ts"];

/** Whole runs against real servers, the short forms of docs/reliability.md. */
export const PROOFS = [...TOGETHER, ...ALONE];

/** The longest, beside which the others fit, if they begin first. */
const LONGEST = /\/(chaos|disk)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLongest = ({ moduleId }: TestSpecification) => LONGEST.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}

const testTimeout = 60_000;

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: "together", include: TOGETHER, maxWorkers: 2, sequence: { groupOrder: 0 }, testTimeout } },
      { test: { name: "alone", include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 }, testTimeout } },
    ],
  },
});
