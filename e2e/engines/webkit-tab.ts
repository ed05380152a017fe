import { setTimeout as pause } from "node:timers/promises";
import { linesOf, PATIENCE_MS, type Tab, type Target } from "./browser.ts";
import { ListeningProxy } from "./listening-proxy.ts";
import { type ElementId, type WebDriver, WebDriverError } from "./webdriver.ts";

/** What may have a role, before the engine is asked which it has. */
const MAY_BE: Record<Target["role"], string> = {
  button: "button, [role=button]",
  list: "ul, ol, [role=list]",
  log: "[role=log]",
  textbox: "input, textarea, [role=textbox]",
};

const ENTER = "\uE007";

/** A WebKit of somebody, over WebDriver. As it has no log, it comes to the house through a proxy that listens. */
export class WebKitTab implements Tab {
  readonly #driver: WebDriver;
  readonly #ended: () => Promise<void>;
  readonly #proxies = new Map<string, ListeningProxy>();
  readonly faults: string[] = [];
  #closed = false;

  /** `ended` is called when the browser has ended. */
  constructor(driver: WebDriver, ended: () => Promise<void>) {
    this.#driver = driver;
    this.#ended = ended;
  }

  async goTo(url: string): Promise<void> {
    const { origin, pathname } = new URL(url);
    let proxy = this.#proxies.get(origin);
    if (proxy === undefined) {
      proxy = await ListeningProxy.start(origin, (fault) => this.faults.push(fault));
      this.#proxies.set(origin, proxy);
    }
    await this.#driver.goTo(proxy.url + pathname);
  }

  async reload(): Promise<void> {
    await this.#driver.reload();
  }

  async lines(target?: Target): Promise<string[]> {
    const element = target === undefined ? (await this.#driver.find("body"))[0] : await this.#look(target);
    return element === undefined ? [] : linesOf(await this.#driver.property(element, "innerText"));
  }

  async value(target: Target): Promise<string> {
    return this.#driver.property(await this.#find(target), "value");
  }

  async click(target: Target): Promise<void> {
    await this.#driver.click(await this.#find(target));
  }

  async type(target: Target, text: string): Promise<void> {
    await this.#driver.type(await this.#find(target), text);
  }

  async pressEnter(target: Target): Promise<void> {
    await this.#driver.type(await this.#find(target), ENTER);
  }

  async run(script: string): Promise<void> {
    await this.#driver.run(script);
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#driver.resize(width, height);
  }

  async picture(): Promise<Uint8Array> {
    return this.#driver.picture();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#driver.close();
    } finally {
      await this.#ended();
      for (const proxy of this.#proxies.values()) await proxy.close();
    }
  }

  async #find(target: Target): Promise<ElementId> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const element = await this.#look(target);
      if (element !== undefined) return element;
      if (performance.now() > deadline) throw new Error(`there is no ${target.role} "${target.name}"`);
      await pause(50);
    }
  }

  async #look({ role, name }: Target): Promise<ElementId | undefined> {
    try {
      for (const element of await this.#driver.find(MAY_BE[role])) {
        if ((await this.#driver.roleOf(element)) === role && (await this.#driver.nameOf(element)) === name) return element;
      }
    } catch (error) {
      // The page has moved on while it was looked at.
      if (!(error instanceof WebDriverError) || error.code !== "stale element reference") throw error;
    }
    return undefined;
  }
}
