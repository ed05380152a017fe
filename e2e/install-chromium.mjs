// Installs Debian's Chromium where none is found and it may be: the browser tests need a real one.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const KNOWN = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

if (!KNOWN.some((path) => path !== undefined && path !== "" && existsSync(path))) {
  const run = (...args) =>
    spawnSync("apt-get", args, { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } }).status === 0;
  const installed =
    process.getuid?.() === 0 &&
    run("update", "-qq") &&
    run("install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core");
  if (!installed) {
    console.error(
      "The browser tests need Chromium. Install it (Debian: apt-get install chromium), or say where it is with CHROMIUM=/path/to/it.",
    );
    process.exitCode = 1;
  }
}
