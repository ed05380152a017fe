// Runs a command only when something that is built is newer than the last build: `node .build/if-stale.mjs npm run build`.
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const SOURCES = ["server", "shared", "web", "e2e/conformance", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.base.json"];

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return /\.test\.tsx?$/.test(path) ? 0 : stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}

function builtAt() {
  try {
    return statSync(`${root}dist/built`).mtimeMs;
  } catch {
    return 0;
  }
}

if (Math.max(...SOURCES.map((path) => newest(root + path))) > builtAt()) {
  const [command, ...args] = process.argv.slice(2);
  process.exitCode = spawnSync(command, args, { cwd: root, stdio: "inherit" }).status ?? 1;
}
