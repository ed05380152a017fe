import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PROBE_SAYS, type Probe } from "./heap-probe.ts";
import { ROOT } from "./root.ts";

const MAIN = fileURLToPath(new URL("dist/server/main.js", ROOT));
const PROBE = new URL("dist/bench/fuzz/heap-probe.js", ROOT).href;
const STARTED_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 30_000;

/** What a server that nothing is wrong with may write: lines of its log below `error`. */
const HARMLESS = /^\{"level":(?:10|20|30|40),/;

/** The server under suspicion: the built one, as a process of its own, in which nothing that goes wrong goes by unseen. */
export class Suspect {
  readonly port: number;
  readonly tcpPort: number | undefined;
  readonly pid: number;
  /** What it wrote that it never should. */
  readonly complaints: string[];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #dataDir: string;
  readonly #probes: ((probe: Probe) => void)[];

  private constructor(child: ChildProcess, ports: { port: number; tcpPort: number | undefined }, heard: Heard, dataDir: string) {
    this.#child = child;
    this.port = ports.port;
    this.tcpPort = ports.tcpPort;
    this.pid = child.pid as number;
    this.complaints = heard.complaints;
    this.#probes = heard.probes;
    this.#ended = heard.ended;
    this.#dataDir = dataDir;
  }

  /** Starts it on a data directory of its own. Rejects where it does not listen. */
  static async start(settings: Readonly<Record<string, string>>): Promise<Suspect> {
    const dataDir = mkdtempSync(join(tmpdir(), "palabre-fuzz-"));
    const flags = ["--unhandled-rejections=strict", "--trace-uncaught", "--expose-gc", "--import", PROBE];
    const child = spawn(process.execPath, [...flags, MAIN, "start"], {
      env: { PATH: process.env.PATH ?? "", PORT: "0", DATA_DIR: dataDir, ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const heard: Heard = { complaints: [], probes: [], ended: once(child, "exit") };
    try {
      const port = await listening(child, heard);
      const tcpPort = settings.TCP_PORT === undefined ? undefined : Number(settings.TCP_PORT);
      return new Suspect(child, { port, tcpPort }, heard, dataDir);
    } catch (cause) {
      child.kill("SIGKILL");
      rmSync(dataDir, { recursive: true, force: true });
      throw cause;
    }
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Its memory once the garbage is collected; undefined where it is gone. */
  async probe(): Promise<Probe | undefined> {
    const told = new Promise<Probe>((resolve) => this.#probes.push(resolve));
    this.#child.kill("SIGUSR2");
    return Promise.race([told, this.#ended.then(() => undefined)]);
  }

  /** How many descriptors it has open; undefined where the system does not tell. */
  get descriptors(): number | undefined {
    try {
      return readdirSync(`/proc/${this.pid}/fd`).length;
    } catch {
      return undefined;
    }
  }

  /** Stops it as an operator does. Gives its exit status: null where it had to be killed. */
  async stop(): Promise<number | null> {
    const overdue = setTimeout(() => this.#child.kill("SIGKILL"), STOPPED_WITHIN_MS);
    this.#child.kill("SIGTERM");
    await this.#ended;
    clearTimeout(overdue);
    rmSync(this.#dataDir, { recursive: true, force: true });
    return this.#child.exitCode;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}

type Heard = { readonly complaints: string[]; readonly probes: ((probe: Probe) => void)[]; readonly ended: Promise<unknown> };

function listening(child: ChildProcess, { complaints, probes, ended }: Heard): Promise<number> {
  return new Promise((resolve, reject) => {
    const overdue = setTimeout(() => reject(new Error("the server does not listen")), STARTED_WITHIN_MS);
    void ended.then(() => reject(new Error(`the server ended: ${complaints.join("\n")}`)));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface(stream).on("line", (line) => {
        const port = /^Palabre is listening on \S+:(\d+)$/.exec(line)?.[1];
        if (port !== undefined) {
          clearTimeout(overdue);
          resolve(Number(port));
        } else if (line.startsWith(PROBE_SAYS)) probes.shift()?.(JSON.parse(line.slice(PROBE_SAYS.length)) as Probe);
        else if (!HARMLESS.test(line)) complaints.push(line);
      });
    }
  });
}
