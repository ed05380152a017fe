/** An element of the page; good until the page changes it. */
export type ElementId = string & { readonly element: unique symbol };

/** Why the driver refused, in the word of the standard: "stale element reference". */
export class WebDriverError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

// The standard's name for a reference to an element. Source: WebDriver §12.
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** As much of WebDriver (https://www.w3.org/TR/webdriver2/) as the stories need: one session of a driver that runs. */
export class WebDriver {
  readonly #url: string;
  /** Name and version of the browser. */
  readonly version: string;

  private constructor(url: string, version: string) {
    this.#url = url;
    this.version = version;
  }

  /** Waits until the driver at `url` takes a session, and opens it: a browser starts. */
  static async open(url: string): Promise<WebDriver> {
    type Session = { sessionId: string; capabilities: { browserName: string; browserVersion: string } };
    const { sessionId, capabilities } = await ask<Session>("POST", `${url}/session`, { capabilities: {} });
    return new WebDriver(`${url}/session/${sessionId}`, `${capabilities.browserName} ${capabilities.browserVersion}`);
  }

  async goTo(url: string): Promise<void> {
    await ask("POST", `${this.#url}/url`, { url });
  }

  async reload(): Promise<void> {
    await ask("POST", `${this.#url}/refresh`, {});
  }

  async find(css: string): Promise<ElementId[]> {
    const found = await ask<Record<string, ElementId>[]>("POST", `${this.#url}/elements`, { using: "css selector", value: css });
    return found.flatMap((element) => element[ELEMENT] ?? []);
  }

  /** The role that the engine has worked out, as it tells it to a screen reader. */
  async roleOf(element: ElementId): Promise<string> {
    return ask("GET", `${this.#url}/element/${element}/computedrole`);
  }

  /** The name that the engine has worked out. */
  async nameOf(element: ElementId): Promise<string> {
    return ask("GET", `${this.#url}/element/${element}/computedlabel`);
  }

  async property(element: ElementId, name: string): Promise<string> {
    return ask("GET", `${this.#url}/element/${element}/property/${name}`);
  }

  async click(element: ElementId): Promise<void> {
    await ask("POST", `${this.#url}/element/${element}/click`, {});
  }

  async type(element: ElementId, text: string): Promise<void> {
    await ask("POST", `${this.#url}/element/${element}/value`, { text });
  }

  async run(script: string): Promise<void> {
    await ask("POST", `${this.#url}/execute/sync`, { script, args: [] });
  }

  async resize(width: number, height: number): Promise<void> {
    await ask("POST", `${this.#url}/window/rect`, { width, height });
  }

  async picture(): Promise<Uint8Array> {
    return Buffer.from(await ask<string>("GET", `${this.#url}/screenshot`), "base64");
  }

  /** Ends the session, and the browser. */
  async close(): Promise<void> {
    await ask("DELETE", this.#url);
  }
}

const DEADLINE_MS = 60_000;

async function ask<Value = null>(method: "GET" | "POST" | "DELETE", url: string, body?: object): Promise<Value> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(url, { method, ...sent, signal: AbortSignal.timeout(DEADLINE_MS) });
  const { value } = (await response.json()) as { value: Value | { error: string; message: string } };
  if (response.ok) return value as Value;
  const { error, message } = value as { error: string; message: string };
  throw new WebDriverError(error, message);
}
