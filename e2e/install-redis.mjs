// Installs Debian's redis-server where none is found and it may be: tests with several nodes start their own. With --caddy also what
// `npm run compose:by-hand` runs beside it. No service of the system's is left running.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";

const FOLDERS = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
const PACKAGES = { "redis-server": "redis-server" };
const BY_HAND = { "redis-cli": "redis-tools", caddy: "caddy", wget: "wget", ip: "iproute2", setpriv: "util-linux" };
/** Where Debian's packages ask whether they may start what they bring. */
const POLICY = "/usr/sbin/policy-rc.d";

const wanted = Object.entries({ ...PACKAGES, ...(process.argv.includes("--caddy") ? BY_HAND : {}) });
const missing = () => wanted.filter(([name]) => !FOLDERS.some((folder) => existsSync(`${folder}/${name}`))).map(([, from]) => from);
const run = (command, ...args) =>
  spawnSync(command, args, { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } }).status === 0;

/** Installs them as on a machine on which no service may start, now or at its next start. */
function install(packages) {
  const policyIsOurs = !existsSync(POLICY);
  if (policyIsOurs) {
    writeFileSync(POLICY, "#!/bin/sh\nexit 101\n");
    chmodSync(POLICY, 0o755);
  }
  try {
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", ...packages);
  } finally {
    if (policyIsOurs) rmSync(POLICY);
  }
  const services = packages.filter((name) => name === "redis-server" || name === "caddy");
  if (services.length > 0 && existsSync("/run/systemd/system")) run("systemctl", "disable", "--now", ...services);
}

const packages = missing();
if (packages.length > 0) {
  if (process.getuid?.() === 0 && run("apt-get", "update", "-qq")) install(packages);
  const left = missing();
  if (left.length > 0) {
    console.error(`Tests with several nodes need ${left.join(", ")}. Debian: apt-get install ${left.join(" ")}`);
    process.exitCode = 1;
  }
}
