import puppeteer, { type BrowserContext, type ElementHandle, type Page, type Browser as Puppet } from "puppeteer-core";
import { type Browser, linesOf, PATIENCE_MS, type Tab, type Target } from "./browser.ts";

/** Firefox, over WebDriver BiDi, which it speaks by itself. Each tab has a container of its own. */
export class Firefox implements Browser {
  readonly #puppet: Puppet;
  readonly version: string;

  private constructor(puppet: Puppet, version: string) {
    this.#puppet = puppet;
    this.version = version;
  }

  static async start(executablePath: string): Promise<Firefox> {
    const puppet = await puppeteer.launch({
      browser: "firefox",
      executablePath,
      headless: true,
      defaultViewport: { width: 1000, height: 800 },
      extraPrefsFirefox: { "intl.accept_languages": "en-GB, en" },
    });
    return new Firefox(puppet, (await puppet.version()).replace("firefox/", "Firefox "));
  }

  async newTab(): Promise<Tab> {
    const context = await this.#puppet.createBrowserContext();
    return new FirefoxTab(context, await context.newPage());
  }

  async close(): Promise<void> {
    await this.#puppet.close();
  }
}

class FirefoxTab implements Tab {
  readonly #context: BrowserContext;
  readonly #page: Page;
  readonly faults: string[] = [];

  constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.#page = page;
    // What Firefox logs as an error: what no script caught, violations of the policy, and a WebSocket that did not come about, which is no fault of the page.
    page.on("pageerror", (error) => {
      if (!LOST_WEBSOCKET.test(String(error))) this.faults.push(String(error));
    });
  }

  async goTo(url: string): Promise<void> {
    await this.#page.goto(url);
  }

  async reload(): Promise<void> {
    await this.#page.reload();
  }

  async lines(target?: Target): Promise<string[]> {
    const element = await this.#page.$(target === undefined ? "body" : selector(target));
    return element === null ? [] : linesOf(await element.evaluate((node) => (node as HTMLElement).innerText));
  }

  async value(target: Target): Promise<string> {
    return (await this.#find(target)).evaluate((node) => (node as HTMLInputElement).value);
  }

  async click(target: Target): Promise<void> {
    await (await this.#find(target)).click();
  }

  async type(target: Target, text: string): Promise<void> {
    await (await this.#find(target)).type(text);
  }

  async pressEnter(target: Target): Promise<void> {
    await (await this.#find(target)).press("Enter");
  }

  async run(script: string): Promise<void> {
    await this.#page.evaluate(script);
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#page.setViewport({ width, height });
  }

  async picture(): Promise<Uint8Array> {
    return this.#page.screenshot();
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  async #find(target: Target): Promise<ElementHandle> {
    const element = await this.#page.waitForSelector(selector(target), { timeout: PATIENCE_MS });
    if (element === null) throw new Error(`there is no ${target.role} "${target.name}"`);
    return element;
  }
}

const LOST_WEBSOCKET = /^Error: (Firefox can’t establish a connection to the server at|The connection to) ws:/;

function selector({ role, name }: Target): string {
  return `::-p-aria([name="${name}"][role="${role}"])`;
}
