import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const RULES = new Set(
  [...readFileSync(join(root, "docs/protocol.md"), "utf8").matchAll(/\*\*([PLSWHTDX]\d+)\*\*/g)].map(([, rule]) => rule),
);

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** Rules as docstrings (`Source: S4, S5 to S7.`) and the names of tests (`[S4]`) quote them. */
function quoted(text: string): string[] {
  const places = [...text.matchAll(/Source: ((?:[PLSWHTDX]\d+(?:, | to )?)+)/g), ...text.matchAll(/\[((?:[PLSWHTDX]\d+(?:, )?)+)\]/g)];
  return places.flatMap(([, list = ""]) => list.match(/[PLSWHTDX]\d+/g) ?? []);
}

it("every rule that code and tests quote is a rule of docs/protocol.md", () => {
  expect(RULES.size).toBeGreaterThan(100);
  const unknown = ["server", "shared", "web", "e2e", "bench"].flatMap((folder) =>
    sources(folder).flatMap((path) =>
      quoted(readFileSync(join(root, path), "utf8"))
        .filter((rule) => !RULES.has(rule))
        .map((rule) => `${path}: ${rule}`),
    ),
  );
  expect(unknown).toEqual([]);
});
