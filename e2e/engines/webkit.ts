import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { type Browser, PATIENCE_MS, type Tab } from "./browser.ts";
import { WebDriver } from "./webdriver.ts";
import { WebKitTab } from "./webkit-tab.ts";

export type WebKitPlaces = { driver: string; display: string };

/** WebKitGTK's MiniBrowser, on a screen that nobody sees. A driver has one browser, and that has one profile: so each tab is a browser of its own. */
export class WebKit implements Browser {
  readonly #driver: string;
  readonly #screen: ChildProcess;
  readonly #display: string;
  readonly #drivers = new Set<ChildProcess>();
  #version = "";

  private constructor(driver: string, screen: ChildProcess, display: string) {
    this.#driver = driver;
    this.#screen = screen;
    this.#display = display;
  }

  static async start({ driver, display }: WebKitPlaces): Promise<WebKit> {
    // It looks for a display that is free, and says which.
    const screen = spawn(display, ["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    for await (const line of createInterface(screen.stdout)) return new WebKit(driver, screen, `:${line.trim()}`);
    throw new Error(`${display} ended before it had a display`);
  }

  get version(): string {
    return this.#version;
  }

  async newTab(): Promise<Tab> {
    const port = await freePort();
    // Without a locale the language that the browser tells pages is "C".
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, LANG: "en_GB.UTF-8", DISPLAY: this.#display };
    const child = spawn(this.#driver, ["--host=127.0.0.1", `--port=${port}`], { env, stdio: "ignore" });
    this.#drivers.add(child);
    await untilReady(`http://127.0.0.1:${port}/status`);
    const driver = await WebDriver.open(`http://127.0.0.1:${port}`);
    this.#version = `WebKitGTK ${driver.version}`;
    const tab = new WebKitTab(driver, () => this.#end(child));
    await tab.resize(1000, 800);
    return tab;
  }

  async close(): Promise<void> {
    for (const child of this.#drivers) await this.#end(child);
    // With the screen goes every browser that still has a window there.
    await end(this.#screen);
  }

  async #end(child: ChildProcess): Promise<void> {
    this.#drivers.delete(child);
    await end(child);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill();
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      if ((await fetch(url)).ok) return;
    } catch (cause) {
      if (performance.now() > deadline) throw new Error(`nothing answers at ${url}`, { cause });
    }
    await pause(50);
  }
}
