// The last step of a build: marks when it was done, and makes the command a program.
import { chmodSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
writeFileSync(`${dist}built`, "");
chmodSync(`${dist}server/main.js`, 0o755);
