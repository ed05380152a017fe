import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import type { Place } from "./place.ts";

const GATE = fileURLToPath(new URL("gate.js", import.meta.url));

/** A service's port as people reach it from outside: on 127.0.0.1, so that browsers take it for safe. */
export class PublishedPort {
  readonly url: string;
  readonly #gate: ChildProcess;

  private constructor(url: string, gate: ChildProcess) {
    this.url = url;
    this.#gate = gate;
  }

  /** `port` 0 takes any free one. */
  static async open(place: Place, service: string, inner: number, port: number): Promise<PublishedPort> {
    const server = createServer().listen(port, "127.0.0.1", 4096);
    await once(server, "listening");
    const [program = "", ...args] = place.atTheGate([process.execPath, GATE, place.addressOf(service), String(inner)]);
    const gate = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], detached: true });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise<void>((resolve, reject) => gate.send("listen", server, (error) => (error ? reject(error) : resolve())));
    // From here on the gate alone listens.
    server.close();
    return new PublishedPort(url, gate);
  }

  close(): void {
    this.#gate.kill("SIGKILL");
  }
}
