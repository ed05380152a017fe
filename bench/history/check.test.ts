import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import { MOST_OF_ONE_RULE } from "./findings.ts";
import { broken, chat, heard, hiding, joined, run, sent, welcomed } from "./samples.ts";

describe("a run that broke everywhere", () => {
  it("is told in part, and counted", () => {
    const log = Array.from({ length: MOST_OF_ONE_RULE + 500 }, (_, index) => chat("ann", `text ${index}`));
    const violations = check(run([joined("ann"), ...log], [])).filter(({ rule }) => rule === "never-sent");
    expect(violations).toHaveLength(MOST_OF_ONE_RULE + 1);
    expect(violations.at(-1)?.what).toContain("500 more");
  });

  it("is judged in time where it is long", () => {
    const texts = Array.from({ length: 20_000 }, (_, index) => `text ${index}`);
    const log = [joined("ann"), ...texts.map((text) => chat("ann", text))];
    const entries = heard(1, ...log);
    const clients = Array.from({ length: 20 }, (_, index) =>
      hiding(`${index}`, welcomed(index === 0 ? "ann" : `n${index}`, 0), index === 0 ? sent(...texts) : [], entries),
    );
    expect(check(run(log, clients))).toEqual([]);
    // Every second packet lost: what is broken is not slower to judge by much.
    const halves = clients.map((one) => ({
      ...one,
      entries: one.entries.filter((entry) => entry.kind !== "heard" || entry.offset % 2 === 1),
    }));
    expect(broken(run(log, halves))).toEqual(["not-contiguous"]);
  });
});
