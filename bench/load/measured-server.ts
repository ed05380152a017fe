import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { freePort } from "../free-port.ts";
import { here, type Launch, type Served, startPalabre } from "../process.ts";
import type { Answer, Question } from "./probe.ts";

/** What a process takes, MiB. `rssFile`: pages of files (its log, mapped), which the system takes back when it wants to. */
export type Memory = {
  readonly rss: number;
  readonly rssAnon: number;
  readonly rssFile: number;
  /** What is alive after a collection: the heap, and what it holds outside of it. */
  readonly heap: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly cpuMs: number;
};

const MIB = 1024 * 1024;

/** A built server in a process of its own that can be looked into, killed, and started again on what it kept. */
export class MeasuredServer {
  readonly #settings: Readonly<Record<string, string>>;
  readonly #launch: Launch;
  readonly #dataDir = mkdtempSync(join(tmpdir(), "palabre-load-"));
  /** What it wrote down, at the level `warn` or above. */
  readonly lines: string[] = [];
  /** Where it speaks raw TCP, where it was told to. */
  tcpPort = 0;
  #served: Served | undefined;
  #asked = 0;

  private constructor(settings: Readonly<Record<string, string>>, launch: Launch) {
    this.#settings = settings;
    this.#launch = launch;
  }

  /** `tcp`: with raw TCP as well. */
  static async start(settings: Readonly<Record<string, string>> = {}, launch: Launch = {}, { tcp = false } = {}): Promise<MeasuredServer> {
    const tcpPort = tcp ? await freePort() : 0;
    const server = new MeasuredServer(tcp ? { TCP_PORT: String(tcpPort), ...settings } : settings, launch);
    server.tcpPort = tcpPort;
    try {
      await server.#start("0");
    } catch (error) {
      await server.end();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#running.port;
  }

  get pid(): number {
    return this.#running.pid;
  }

  /** How long the last start took until it listened, ms. */
  get startedInMs(): number {
    return this.#running.startedInMs;
  }

  /** After a forced collection. */
  async memory(): Promise<Memory> {
    const { memory, cpuMs } = await this.#ask({ kind: "memory" });
    const { rssAnon, rssFile, rss } = this.resident();
    return {
      rss,
      rssAnon,
      rssFile,
      cpuMs,
      heap: memory.heapUsed / MIB,
      external: memory.external / MIB,
      arrayBuffers: memory.arrayBuffers / MIB,
    };
  }

  /** As it is, MiB, without asking the process. */
  resident(): { rss: number; rssAnon: number; rssFile: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
    return { rss: mib("VmRSS"), rssAnon: mib("RssAnon"), rssFile: mib("RssFile") };
  }

  /** Processor time of the process so far, ms. */
  async cpuMs(): Promise<number> {
    return (await this.#ask({ kind: "cpu" })).cpuMs;
  }

  async snapshot(path: string): Promise<void> {
    await this.#ask({ kind: "snapshot", path });
  }

  async startProfile(): Promise<void> {
    await this.#ask({ kind: "profile", path: undefined });
  }

  async writeProfile(path: string): Promise<void> {
    await this.#ask({ kind: "profile", path });
  }

  /** Ends the process: at once by `SIGKILL`, in good order by `SIGTERM`. What it kept stays. */
  async stop(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const { child } = this.#running;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  /** Starts it again on the same port and what it kept. */
  async startAgain(): Promise<void> {
    await this.#start(String(this.port));
  }

  /** Ends it and removes what it kept. */
  async end(): Promise<void> {
    const child = this.#served?.child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await this.stop("SIGKILL");
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  async #start(port: string): Promise<void> {
    this.#served = await startPalabre(
      { DATA_DIR: this.#dataDir, PORT: port, ...this.#settings },
      {
        ...this.#launch,
        flags: ["--expose-gc", "--import", pathToFileURL(here("./load/probe.js")).href],
        ipc: true,
        heard: (line) => void this.lines.push(line),
      },
    );
    this.#running.child.setMaxListeners(100);
  }

  get #running(): Served {
    if (this.#served === undefined) throw new Error("the server is not running");
    return this.#served;
  }

  #ask(question: Question): Promise<Answer> {
    const { child } = this.#running;
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      const done = () => {
        child.off("message", heard);
        child.off("exit", ended);
      };
      const heard = (answer: Answer) => {
        if (answer.id !== id) return;
        done();
        resolve(answer);
      };
      const ended = () => {
        done();
        reject(new Error("the server ended while it was asked"));
      };
      (child as ChildProcess).on("message", heard);
      child.once("exit", ended);
      child.send({ id, question }, (error) => error && ended());
    });
  }
}
