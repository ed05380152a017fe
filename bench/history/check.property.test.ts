import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import { ModelRoom } from "./model-room.ts";
import { mutations } from "./mutations.ts";
import type { History } from "./record.ts";

const DOINGS = [
  "comes",
  "says",
  "says",
  "says",
  "says and loses",
  "says and is not heard",
  "is refused",
  "hears",
  "hears",
  "hears all",
  "cuts",
  "returns",
  "returns",
  "starts over",
  "goes back",
  "returns twice",
  "is lost",
  "leaves",
  "renames",
  "announces",
  "ticks",
  "trims",
] as const;
type Step = { who: number; what: (typeof DOINGS)[number]; count: number };
const NICKS = ["ann", "ben", "cyd", "dee", "eve", "fay"];
const scripts = fc.array(fc.record<Step>({ who: fc.nat(4), what: fc.constantFrom(...DOINGS), count: fc.nat(12) }), {
  minLength: 10,
  maxLength: 120,
});

function play(script: readonly Step[]): History {
  const room = new ModelRoom();
  const members = [true, false, true, false, true].map((complete, index) => room.member(`m${index}`, { complete }));
  members[0]?.comes("m0");
  let texts = 0;
  for (const { who, what, count } of script) {
    const member = members[who] as (typeof members)[number];
    const nick = NICKS[count % NICKS.length] as string;
    const back = Math.max(room.first - 1, room.last - count);
    const text = `text ${texts++}`;
    if (what === "comes" && member.entries.length === 0 && !room.holders.has(nick)) member.comes(nick, back);
    else if (what === "says") member.says(text);
    else if (what === "says and loses") member.says(text, { answered: false });
    else if (what === "says and is not heard") member.says(text, { arrives: false });
    else if (what === "is refused") member.isRefused(text);
    else if (what === "hears") member.hears(count);
    else if (what === "hears all") member.hears();
    else if (what === "cuts") member.cuts();
    else if (what === "returns") member.returns();
    else if (what === "starts over") member.returns({ from: back, withRoster: true });
    else if (what === "goes back") member.returns({ from: Math.min(back, member.position) });
    else if (what === "returns twice") member.returns({ lost: 1, withRoster: true });
    else if (what === "is lost") member.isLost();
    else if (what === "leaves") member.leaves();
    else if (what === "renames") member.renames(nick);
    else if (what === "announces") room.announce();
    else if (what === "ticks") room.tick();
    else if (what === "trims") room.trim(room.last - count);
  }
  return room.end();
}

describe("what a room that keeps its promises leaves behind", () => {
  it("[L1] [S16] [S36] has no violations, whatever happened to its people", () => {
    fc.assert(
      fc.property(scripts, (script) => {
        expect(check(play(script))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  describe.each(Object.entries(mutations))("with %s", (_, mutate) => {
    it("is always found out", () => {
      let mutated = 0;
      fc.assert(
        fc.property(scripts, fc.nat(1_000_000), (script, seed) => {
          const broken = mutate(play(script), seed);
          if (broken === undefined) return; // there was nothing to break
          mutated++;
          expect(check(broken)).not.toEqual([]);
        }),
        { numRuns: 600 },
      );
      expect(mutated).toBeGreaterThan(10);
    });
  });
});
