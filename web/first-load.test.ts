import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

const BUILT = fileURLToPath(new URL("../dist/web/", import.meta.url));
/** Octets, compressed as the server sends them: what anybody who opens the page has to wait for. */
const MOST = 60_000;
/** What the files were when somebody last looked, to see which of them grew. Nothing is held against these. */
const LAST_SEEN: Readonly<Record<string, number>> = { "index.js": 50_400 };

type Files = { readonly read: (path: string) => string; readonly octets: (path: string) => number };

/** Every script that the page loads before it is there: its own, those preloaded, and what they import. Not what they ask for later by `import()`. */
function firstLoad(html: string, files: Files): Map<string, number> {
  const scripts = new Map<string, number>();
  const tags = [...html.matchAll(/<(?:script|link)\b[^>]*>/g)].map(([tag]) => tag);
  const waiting = tags
    // What is for browsers without modules those with them do not load.
    .filter((tag) => (tag.startsWith("<script") && !/\snomodule\b/.test(tag)) || /\brel="?modulepreload\b/.test(tag))
    .flatMap((tag) => /\b(?:src|href)="?([^"\s>]+)/.exec(tag)?.[1] ?? [])
    .map((path) => path.replace(/^\.?\//, ""));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (scripts.has(path)) continue;
    scripts.set(path, files.octets(path));
    const folder = dirname(path);
    for (const [, imported = ""] of files.read(path).matchAll(/\b(?:import|from)\s*["']([^"']+)["']/g)) {
      waiting.push(imported.startsWith("/") ? imported.slice(1) : join(folder, imported));
    }
  }
  return scripts;
}

function sum(scripts: ReadonlyMap<string, number>): number {
  return [...scripts.values()].reduce((total, octets) => total + octets, 0);
}

/** One line a file, the largest first, with what it was when it was last looked at. */
function report(scripts: ReadonlyMap<string, number>): string {
  const lines = [...scripts]
    .sort(([, a], [, b]) => b - a)
    .map(([path, octets]) => {
      const name = basename(path).replace(/-[\w-]{8}\.js$/, ".js");
      const was = LAST_SEEN[name];
      const grown = was === undefined ? "new" : `${octets >= was ? "+" : ""}${octets - was} since last looked at`;
      return `${String(octets).padStart(8)}  ${path}  (${grown})`;
    });
  return [`the first load's JavaScript, gzip: ${sum(scripts)} octets of at most ${MOST}`, ...lines].join("\n");
}

const built: Files = {
  read: (path) => readFileSync(join(BUILT, path), "utf8"),
  octets: (path) =>
    existsSync(join(BUILT, `${path}.gz`)) ? statSync(join(BUILT, `${path}.gz`)).size : readFileSync(join(BUILT, path)).length,
};

describe("the first load", () => {
  it("has at most 60 KB of JavaScript, compressed", () => {
    expect(existsSync(join(BUILT, "index.html")), "the page has to be built: npm run build").toBe(true);
    const scripts = firstLoad(built.read("index.html"), built);
    expect(scripts.size).toBeGreaterThan(0);
    expect(sum(scripts), report(scripts)).toBeLessThanOrEqual(MOST);
  });

  it("is all that is imported before the page stands, each file once, and nothing of what comes later", () => {
    const sources: Readonly<Record<string, string>> = {
      "assets/main-12345678.js": `import{a as b}from"./shared-12345678.js";import"./side.js";const later=()=>import("./later.js");`,
      "assets/shared-12345678.js": `import * as x from './deep/deep.js';export{y}from"./side.js";`,
      "assets/side.js": "",
      "assets/deep/deep.js": `import"../side.js"`,
      "assets/early.js": "",
    };
    const files: Files = { read: (path) => sources[path] ?? expect.fail(path), octets: (path) => gzipSync(sources[path] ?? "").length };
    const html = `<link rel="stylesheet" href="/assets/x.css"><link rel="modulepreload" crossorigin href="/assets/early.js">
      <script type="module" crossorigin src="/assets/main-12345678.js"></script><script nomodule src="./old.js"></script>`;
    expect([...firstLoad(html, files).keys()].sort()).toEqual(Object.keys(sources).sort());
  });

  it("is told file by file, with what grew", () => {
    const text = report(
      new Map([
        ["assets/index-abcd_234.js", (LAST_SEEN["index.js"] ?? 0) + 7000],
        ["assets/another-abcdefgh.js", 12],
      ]),
    );
    expect(text).toContain("assets/index-abcd_234.js  (+7000 since last looked at)");
    expect(text).toContain("12  assets/another-abcdefgh.js  (new)");
  });
});
