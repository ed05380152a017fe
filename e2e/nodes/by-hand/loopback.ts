import type { ComposeFile } from "./compose-file.ts";
import type { Place } from "./place.ts";

/**
 * An address of 127.0.0.0/8 for each service, where there are no namespaces. They share one network then, and read the addresses in place of the others'
 * names and of their own 0.0.0.0 and 127.0.0.1.
 */
export class Loopback implements Place {
  readonly about = "each service at a loopback address of its own, as this machine gives no namespaces: names and addresses are replaced";
  readonly #addresses = new Map<string, string>();
  /** The addresses that the compose file gives. */
  readonly #fixed = new Map<string, string>();

  constructor({ services }: ComposeFile) {
    const prefix = `127.${1 + ((process.pid >> 8) % 254)}.${process.pid & 255}`;
    for (const [position, [name, { networks }]] of Object.entries(services).entries()) {
      const address = `${prefix}.${2 + position}`;
      this.#addresses.set(name, address);
      for (const { ipv4_address: given } of Object.values(networks)) if (given !== undefined) this.#fixed.set(given, address);
    }
  }

  inside(_service: string, command: readonly string[]): string[] {
    return [...command];
  }

  asReadBy(service: string, text: string): string {
    let read = text.replace(/\b(0\.0\.0\.0|127\.0\.0\.1)\b/g, this.addressOf(service));
    for (const [given, address] of this.#fixed) read = read.replaceAll(given, address);
    for (const [name, address] of this.#addresses) read = read.replace(new RegExp(`(?<=^|[\\s/@])${name}(?=:\\d)`, "g"), address);
    return read;
  }

  addressOf(service: string): string {
    const address = this.#addresses.get(service);
    if (address === undefined) throw new Error(`there is no ${service}`);
    return address;
  }

  atTheGate(command: readonly string[]): string[] {
    return [...command];
  }

  remove(): void {}
}
