import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type { ComposeFile } from "./compose-file.ts";
import type { Place } from "./place.ts";

const NAME = /^palabre-(\d+)-/;

/** Whether this machine lets us have namespaces. */
export function mayHaveNamespaces(): boolean {
  const probe = `palabre-${process.pid}-probe`;
  try {
    ip("netns", "add", probe);
    ip("netns", "delete", probe);
    return true;
  } catch {
    return false;
  }
}

/**
 * A network namespace for each service, and one that stands for the machine under the containers: it has a bridge for each network, and each service a
 * cable to the bridges of its networks. So two of these may run beside each other, and nothing of it is in the machine's own network.
 * Names are resolved as compose has them: a service finds those with which it shares a network.
 */
export class Namespaces implements Place {
  readonly about = "each service in a network namespace of its own";
  readonly #services: readonly string[];
  /** By network, then by service. */
  readonly #addresses = new Map<string, Map<string, string>>();

  constructor({ services, networks }: ComposeFile) {
    sweep();
    this.#services = Object.keys(services);
    for (const name of ["gate", ...this.#services]) this.#add(name);
    for (const [index, [network, settings]] of Object.entries(networks).entries()) {
      const subnet = (settings?.ipam?.config[0].subnet ?? `172.31.${200 + index}.0/24`).replace(/\.0\/24$/, "");
      const bridge = `bridge${index}`;
      at("gate", "link", "add", bridge, "type", "bridge");
      at("gate", "address", "add", `${subnet}.1/24`, "dev", bridge);
      at("gate", "link", "set", bridge, "up");
      const addresses = new Map<string, string>();
      this.#addresses.set(network, addresses);
      for (const [position, service] of this.#services.entries()) {
        const there = services[service]?.networks[network];
        if (there === undefined) continue;
        const address = there.ipv4_address ?? `${subnet}.${129 + position}`;
        addresses.set(service, address);
        const [ours, theirs] = [`to${index}-${position}`, `eth${index}`];
        at("gate", "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", named(service));
        at("gate", "link", "set", ours, "master", bridge, "up");
        at(service, "address", "add", `${address}/24`, "dev", theirs);
        at(service, "link", "set", theirs, "up");
      }
    }
    for (const service of this.#services) this.#nameOthers(service);
  }

  inside(service: string, command: readonly string[]): string[] {
    return ["ip", "netns", "exec", named(service), ...command];
  }

  asReadBy(_service: string, text: string): string {
    return text;
  }

  addressOf(service: string): string {
    for (const addresses of this.#addresses.values()) {
      const address = addresses.get(service);
      if (address !== undefined) return address;
    }
    throw new Error(`${service} is in no network`);
  }

  atTheGate(command: readonly string[]): string[] {
    return this.inside("gate", command);
  }

  remove(): void {
    removeAllOf(process.pid);
  }

  #add(name: string): void {
    ip("netns", "add", named(name));
    at(name, "link", "set", "lo", "up");
  }

  /** `ip netns exec` puts these in place of the machine's own. */
  #nameOthers(service: string): void {
    const folder = `/etc/netns/${named(service)}`;
    const known = [...this.#addresses.values()].filter((addresses) => addresses.has(service)).flatMap((addresses) => [...addresses]);
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/hosts`, ["127.0.0.1 localhost", ...known.map(([name, address]) => `${address} ${name}`), ""].join("\n"));
    writeFileSync(`${folder}/resolv.conf`, "");
  }
}

function named(service: string): string {
  return `palabre-${process.pid}-${service}`;
}

function at(name: string, ...args: string[]): void {
  ip("-netns", named(name), ...args);
}

function ip(...args: string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** What those left behind that were killed. */
function sweep(): void {
  const owners = new Set(
    ip("netns", "list")
      .split("\n")
      .map((line) => NAME.exec(line)?.[1]),
  );
  for (const owner of owners) if (owner !== undefined && !existsSync(`/proc/${owner}`)) removeAllOf(Number(owner));
}

function removeAllOf(owner: number): void {
  const isTheirs = (name: string) => NAME.exec(name)?.[1] === String(owner);
  for (const line of ip("netns", "list").split("\n")) if (isTheirs(line)) ip("netns", "delete", line.split(" ")[0] ?? "");
  if (!existsSync("/etc/netns")) return;
  for (const name of readdirSync("/etc/netns")) if (isTheirs(name)) rmSync(`/etc/netns/${name}`, { recursive: true });
}
