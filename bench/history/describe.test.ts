import { expect, describe as group, it } from "vitest";
import { describe } from "./describe.ts";
import type { HeardPacket, History, Violation } from "./record.ts";

const packets = Array.from({ length: 10 }, (_, index): HeardPacket => ({ kind: "chat", nick: "ann", text: `text ${index}` }));
const history: History = { clients: [], end: { log: "log1", first: 11, packets } };
const violation: Violation = { rule: "twice", client: "B", offset: 14, what: "heard it again" };

group("violations, for people", () => {
  it("says what, who, and what the log has around it", () => {
    expect(describe([violation], history)).toEqual([
      "twice: B: heard it again",
      '    12 ann: "text 1"',
      '    13 ann: "text 2"',
      '  > 14 ann: "text 3"',
      '    15 ann: "text 4"',
      '    16 ann: "text 5"',
    ]);
  });

  it("says where the log begins and ends", () => {
    expect(describe([{ ...violation, offset: 3 }], history)).toEqual(["twice: B: heard it again", "    the log begins at 11"]);
    expect(describe([{ ...violation, offset: 20 }], history).at(-1)).toBe("    the log ends at 20");
    expect(describe([{ ...violation, offset: 99 }], history)).toEqual(["twice: B: heard it again", "    the log ends at 20"]);
  });

  it("knows every kind of packet, and keeps each on one short line", () => {
    const kinds: HeardPacket[] = [
      { kind: "joined", nicks: ["ann", "ben"] },
      { kind: "left", nicks: ["ben"], why: "lost" },
      { kind: "chat", nick: "ann", text: `two\nlines ${"x".repeat(900)}` },
      { kind: "renamed", from: "ann", to: "eve" },
      { kind: "notice", text: "soon" },
    ];
    const lines = describe([{ rule: "roster", offset: 3, what: "at the end ann missing" }], {
      clients: [],
      end: { log: "log1", first: 1, packets: kinds },
    });
    expect(lines).toEqual([
      "roster: at the end ann missing",
      "    1 joined ann, ben",
      "    2 left ben (lost)",
      `  > 3 ann: "two\\nlines ${"x".repeat(50)}…"`,
      "    4 renamed ann to eve",
      '    5 notice "soon"',
    ]);
  });

  it("shows the first twenty, and counts the others", () => {
    const lines = describe(Array<Violation>(25).fill({ rule: "roster", what: "at the end ann missing" }), history);
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe("and 5 more");
    expect(describe([], history)).toEqual(["no violations"]);
  });
});
