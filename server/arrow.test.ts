import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Plants a file for each import in a tree that looks like this one, and gives those that the linter has something against. */
function lint(plants: readonly (readonly [path: string, imported: string])[]): Set<string> {
  const tree = realpathSync(mkdtempSync(join(tmpdir(), "palabre-arrow-")));
  try {
    const settings = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
    writeFileSync(join(tree, "biome.json"), JSON.stringify({ ...settings, $schema: undefined, vcs: undefined }));
    for (const [path, imported] of plants) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), `import { planted } from "${imported}";\n\nplanted();\n`);
    }
    const { stdout } = spawnSync(
      join(root, "node_modules/.bin/biome"),
      ["lint", "--only=noRestrictedImports", "--reporter=github", "--max-diagnostics=none"],
      {
        cwd: tree,
        encoding: "utf8",
      },
    );
    return new Set([...stdout.matchAll(/file=([^,]+),/g)].map(([, file = ""]) => relative(tree, file)));
  } finally {
    rmSync(tree, { recursive: true });
  }
}

/** Imports that point left. Each stands where a real file of its folder could. */
const VIOLATIONS: readonly [path: string, imports: string][] = [
  ["shared/planted.ts", "../server/chat/hub.ts"],
  ["shared/planted.ts", "node:fs"],
  ["shared/planted.ts", "fastify"],
  ["shared/connection/planted.ts", "../../web/main.tsx"],
  ["server/engine/planted.ts", "../chat/hub.ts"],
  ["server/chat/planted.ts", "../doors/page.ts"],
  ["server/chat/planted.ts", "../engine/embedded.ts"],
  ["server/chat/planted.ts", "fastify"],
  ["server/doors/planted.ts", "../app.ts"],
  ["server/doors/planted.ts", "../engine/lmdb-store.ts"],
  ["server/planted.ts", "./testing/house.ts"],
  ["web/room/planted.ts", "../ui/join.tsx"],
  ["web/room/planted.ts", "preact"],
  ["web/ui/planted.tsx", "../main.tsx"],
  ["web/ui/planted.tsx", "../../shared/packet.ts"],
  ["e2e/planted.ts", "../server/app.ts"],
];

/** Imports that point right, as the house has them. */
const FINE: readonly [path: string, imports: string][] = [
  ["shared/planted.ts", "./packet.ts"],
  ["shared/connection/planted.ts", "../packet.ts"],
  ["shared/planted.ts", "zod/mini"],
  ["server/engine/planted.ts", "../../shared/packet.ts"],
  ["server/chat/planted.ts", "../engine/engine.ts"],
  ["server/chat/planted.ts", "./hub.ts"],
  ["server/doors/planted.ts", "../chat/hub.ts"],
  ["server/doors/planted.ts", "fastify"],
  ["server/planted.ts", "./engine/embedded.ts"],
  ["web/room/planted.ts", "../../shared/connection/chat-connection.ts"],
  ["web/ui/planted.tsx", "../room/room-store.ts"],
];

/** Numbered, so that each stands in a file of its own. */
function plant(list: readonly (readonly [path: string, imported: string])[]): (readonly [path: string, imported: string])[] {
  return list.map(([path, imported], index) => [path.replace("planted", `planted-${index}`), imported] as const);
}

describe("the arrow: main → app → doors → chat → engine → shared, main → ui → room → shared", () => {
  it("the linter refuses every import that points left", () => {
    const plants = plant(VIOLATIONS);
    const refused = lint(plants);
    expect(plants.filter(([path]) => !refused.has(path))).toEqual([]);
  });

  it("and lets through those that point right", () => {
    expect([...lint(plant(FINE))]).toEqual([]);
  });
});
