import { describe, expect, it } from "vitest";
import { count, rosterOf, sorted, withOnline, withoutPeople, withPeople, withRenamed } from "./roster.ts";

const compare = (a: string, b: string) => a.localeCompare(b, "en");

describe("the roster", () => {
  it("is a set by key, each as last spelt", () => {
    const roster = withPeople(rosterOf(["Ana", "Bo"], 2), ["ANA", "Cy"]);
    expect(sorted(roster, "Bo", compare)).toEqual(["Bo", "ANA", "Cy"]);
    expect(count(withoutPeople(roster, ["ana", "nobody"]))).toBe(2);
  });

  it("puts oneself first, under whatever spelling, and also before the server has named anybody", () => {
    expect(sorted(rosterOf(["Zoe", "ana", "Bo"], 3), "Zoe", compare)).toEqual(["Zoe", "ana", "Bo"]);
    expect(sorted(rosterOf([], 0), "Zoe", compare)).toEqual(["Zoe"]);
  });

  it("counts those whom the server does not name", () => {
    const roster = rosterOf(["Ana", "Bo"], 1500);
    expect(count(roster)).toBe(1500);
    expect(count(withPeople(roster, ["Cy"]))).toBe(1501);
    expect(count(withoutPeople(roster, ["somebody unlisted"]))).toBe(1499);
    expect(count(withOnline(roster, 1200))).toBe(1200);
    expect(count(withRenamed(roster, "somebody unlisted", "Di"))).toBe(1500);
  });

  it("renames, whichever of roster and notice came first", () => {
    const roster = rosterOf(["Ana", "Bo"], 2);
    const renamed = withRenamed(roster, "Bo", "Rob");
    expect(sorted(renamed, "Ana", compare)).toEqual(["Ana", "Rob"]);
    expect(sorted(withRenamed(renamed, "Bo", "Rob"), "Ana", compare)).toEqual(["Ana", "Rob"]);
  });
});
