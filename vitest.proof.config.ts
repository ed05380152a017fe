import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const LONGEST = "bench/chaos/chaos.test.ts";
/** They wait more than they work, and judge what became of messages, not how fast: two of them at a time. */
const TOGETHER = [LONGEST, "bench/{fuzz/fuzz,power/*}.test.ts", "server/{clock,disk}.test.ts"];
/** They measure times, memory or a load: one after the other, as each wants the machine for itself. */
const ALONE = ["bench/load/*.test.ts", "server/conformance.test.ts"];

/** Whole runs against real servers, the short forms of docs/reliability.md. */
export const PROOFS = [...TOGETHER, ...ALONE];

/** The longest begins first, so that all others fit beside it. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLongest = ({ moduleId }: TestSpecification) => moduleId.endsWith(LONGEST);
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
