// Installs Debian's Firefox and WebKitGTK where one of them is not found and may be installed. Without one its stories are skipped, and say so.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const places = JSON.parse(readFileSync(new URL("places.json", import.meta.url), "utf8"));
const has = (named, known) => [named, ...known].some((path) => path !== undefined && path !== "" && existsSync(path));
const missing = () => [
  ...(has(process.env.FIREFOX, places.firefox) ? [] : ["firefox-esr"]),
  ...(has(process.env.WEBKIT_DRIVER, places.webKitDriver) ? [] : ["webkit2gtk-driver"]),
  ...(has(process.env.XVFB, places.display) ? [] : ["xvfb"]),
];

const wanted = missing();
if (wanted.length > 0) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const run = (...args) => spawnSync("apt-get", args, { stdio: "inherit", env }).status === 0;
  if (process.getuid?.() === 0 && run("update", "-qq"))
    run("install", "-y", "-qq", "--no-install-recommends", ...wanted, "fonts-dejavu-core");
  for (const name of missing())
    process.stderr.write(`${name} is missing: stories that need it are skipped. Debian: apt-get install ${name}\n`);
}
