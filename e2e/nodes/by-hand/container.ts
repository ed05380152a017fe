import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Service } from "./compose-file.ts";
import type { Place } from "./place.ts";

/** Docker looks at once and then at each interval; whoever waits here is not kept waiting for so long. */
const LOOK_EVERY_MS = 300;
const RESTART_AFTER_MS = 1000;

type Parts = {
  readonly name: string;
  readonly service: Service;
  readonly place: Place;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
};

/** A service's process, which does what a container of it would do. */
export class Container {
  readonly name: string;
  readonly #parts: Parts;
  #process: ChildProcess | undefined;
  #isWanted = false;
  #health: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  start(): void {
    const { place, command, environment, say } = this.#parts;
    this.#isWanted = true;
    // Nothing is left of it where this process is killed.
    const bound = process.platform === "linux" ? ["setpriv", "--pdeathsig", "KILL", ...command] : command;
    const [program = "", ...args] = place.inside(this.name, bound);
    const child = spawn(program, args, { env: environment, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.#process = child;
    say(`${this.name}: process ${child.pid}`);
    for (const output of [child.stdout, child.stderr]) createInterface(output).on("line", (line) => say(`${this.name} | ${line}`));
    child.once("error", (error) => say(`${this.name}: ${error.message}`));
    child.once("exit", (code, signal) => {
      if (this.#process !== child || !this.#isWanted) return;
      say(`${this.name} ended (${signal ?? code}); it is started again`);
      setTimeout(() => this.#isWanted && this.start(), RESTART_AFTER_MS).unref();
    });
    this.#health = undefined;
  }

  /** Resolves when its health check passes; rejects when it does not for so long that Docker would call it unhealthy. */
  healthy(): Promise<void> {
    this.#health ??= this.#becomesHealthy();
    return this.#health;
  }

  /** In good order, as long as that takes no longer than its grace period. Gives its exit status. */
  async stop(): Promise<number | null> {
    const child = this.#process;
    this.#isWanted = false;
    if (child === undefined || hasEnded(child)) return child?.exitCode ?? null;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => {
      this.#parts.say(`${this.name} takes longer than its stop_grace_period, and is killed`);
      child.kill("SIGKILL");
    }, this.#parts.service.stop_grace_period);
    await ended;
    clearTimeout(late);
    return child.exitCode;
  }

  kill(): void {
    this.#isWanted = false;
    this.#process?.kill("SIGKILL");
  }

  async #becomesHealthy(): Promise<void> {
    const { interval, retries, start_period } = this.#parts.service.healthcheck;
    const untilMs = performance.now() + start_period + interval * retries;
    while (!(await this.#passes())) {
      if (!this.#isWanted) throw new Error(`${this.name} was stopped before it was healthy`);
      if (performance.now() > untilMs) throw new Error(`${this.name} is unhealthy`);
      await sleep(LOOK_EVERY_MS);
    }
    this.#parts.say(`${this.name} is healthy`);
  }

  async #passes(): Promise<boolean> {
    const { place, environment, service } = this.#parts;
    const [, ...test] = service.healthcheck.test.map((word) => place.asReadBy(this.name, word));
    const [program = "", ...args] = place.inside(this.name, test);
    const child = spawn(program, args, { env: environment, stdio: "ignore", timeout: service.healthcheck.timeout });
    return new Promise((resolve) => {
      child.once("error", () => resolve(false));
      child.once("exit", (code) => resolve(code === 0));
    });
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
