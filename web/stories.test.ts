import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const page = readFileSync("docs/page.md", "utf8");
const stories = readdirSync("e2e", { recursive: true, encoding: "utf8" })
  // Those of several nodes tell nothing new of the page.
  .filter((path) => path.endsWith(".spec.ts") && !path.startsWith("nodes"))
  .map((path) => path.replaceAll("\\", "/").replace(/\.spec\.ts$/, ""));

it("docs/page.md names every story there is, and none that there is not", () => {
  const named = [...page.matchAll(/^\| E\d+ \|.*\|(.*)\|$/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([a-z/-]+)`/g)].map(([, name]) => name),
  );
  expect(new Set(named.filter((name) => name !== "engines/" && name !== "long-poll"))).toEqual(new Set(stories));
});

it("docs/page.md numbers each rule once, in order", () => {
  const numbers = [...page.matchAll(/^\| E(\d+) \|/gm)].map(([, number]) => Number(number));
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(numbers.length).toBeGreaterThan(25);
});

it.each(stories)("the rules that %s quotes name it in docs/page.md", (story) => {
  const quoted = [...readFileSync(`e2e/${story}.spec.ts`, "utf8").matchAll(/^\/\/ docs\/page\.md: (.*)$/gm)];
  for (const [number] of quoted.flatMap(([, text = ""]) => [...text.matchAll(/E\d+/g)])) {
    expect(page.split("\n").find((line) => line.startsWith(`| ${number} |`))).toContain(`\`${story}\``);
  }
});
