// Puts the scripts that Redis runs beside the code that was built from TypeScript.
import { copyFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = "server/engine/redis/";
const from = fileURLToPath(new URL(`../${folder}`, import.meta.url));
const to = fileURLToPath(new URL(`../dist/${folder}`, import.meta.url));
for (const name of readdirSync(from)) if (name.endsWith(".lua")) copyFileSync(from + name, to + name);
