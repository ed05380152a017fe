import { expect, type Locator, type Page } from "playwright/test";

/** Somebody in front of the page: what they do, and what they see. By roles and words, as a screen reader would. */
export class Person {
  readonly page: Page;
  readonly #transport: string;
  readonly nickname: Locator;
  readonly messages: Locator;
  readonly people: Locator;
  readonly composer: Locator;

  constructor(page: Page, transport: string) {
    this.page = page;
    this.#transport = transport;
    this.nickname = page.getByRole("textbox", { name: "Nickname" });
    this.messages = page.getByRole("log", { name: "Messages" });
    this.people = page.getByRole("list", { name: "People" });
    this.composer = page.getByRole("textbox", { name: "Message", exact: true });
  }

  /** Asks to come in, and does not wait for an answer. */
  async asksIn(nickname: string): Promise<void> {
    await this.nickname.fill(nickname);
    await this.page.getByRole("button", { name: "Join", exact: true }).click();
  }

  /** Comes in, over the transport that this browser has. */
  async joins(nickname: string): Promise<this> {
    await this.asksIn(nickname);
    await this.isIn();
    return this;
  }

  async isIn(transport = this.#transport): Promise<void> {
    await expect(this.composer).toBeVisible();
    // Who comes back waits up to 20 s for the next attempt.
    await expect(this.page.getByText(`Connected over ${transport}`)).toBeVisible({ timeout: 30_000 });
  }

  /** What the connection is said to be: in time, for an attempt comes after 20 s at the latest. */
  async isTold(news: string | RegExp): Promise<void> {
    await expect(this.page.getByRole("banner").getByRole("status").getByText(news)).toBeVisible({ timeout: 30_000 });
  }

  /** Another tab of the same browser. */
  async opensTab(path = "/"): Promise<Person> {
    const page = await this.page.context().newPage();
    await page.goto(new URL(path, this.page.url()).href);
    return new Person(page, this.#transport);
  }

  async says(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** The message is in the timeline, once, and no longer on its way. */
  async sees(text: string): Promise<void> {
    await expect(this.messages.getByText(text, { exact: true })).toHaveCount(1);
    await expect(this.messages.getByRole("img", { name: "Sending" })).toHaveCount(0);
  }

  /** The message is in the timeline, once, and on its way. */
  async seesPending(text: string): Promise<void> {
    await expect(this.messages.getByText(text, { exact: true })).toHaveCount(1);
    const whole = new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`);
    const line = this.messages.locator("*", { hasText: whole, has: this.page.getByRole("img", { name: "Sending" }) });
    await expect(line.last()).toBeVisible();
  }

  /** The messages that `pattern` matches are these, in this order, once each, and none is on its way. */
  async seesInOrder(pattern: RegExp, texts: readonly string[]): Promise<void> {
    await expect(this.messages.getByText(pattern)).toHaveText([...texts]);
    await expect(this.messages.getByRole("img", { name: "Sending" })).toHaveCount(0);
  }

  async seesNotice(text: string | RegExp): Promise<void> {
    await expect(this.messages.getByText(text)).toBeVisible();
  }

  /** Puts a text from the clipboard where the composer's caret is. */
  async pastes(text: string): Promise<void> {
    await this.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await this.page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
    await this.composer.focus();
    await this.page.keyboard.press("ControlOrMeta+v");
  }

  /** Turns the wheel over the timeline, and sees it move. */
  async scrollsBy(pixels: number): Promise<void> {
    const position = () => this.messages.evaluate((element) => element.scrollTop);
    const before = await position();
    await this.messages.hover();
    await this.page.mouse.wheel(0, pixels);
    await expect.poll(position).not.toBe(before);
  }

  /** Has another tab, or nothing, in front. No browser without a screen hides a page: it is told so, as one with a screen would tell it. */
  async looksAway(): Promise<void> {
    await this.#turns("hidden");
  }

  async looksBack(): Promise<void> {
    await this.#turns("visible");
  }

  async opensSettings(): Promise<void> {
    const summary = this.page.getByText("Settings", { exact: true });
    if (!(await summary.evaluate((element) => (element.parentElement as HTMLDetailsElement).open))) await summary.click();
  }

  async leaves(): Promise<void> {
    await this.page.getByRole("button", { name: "Leave" }).click();
    await expect(this.nickname).toBeVisible();
  }

  async #turns(state: DocumentVisibilityState): Promise<void> {
    await this.page.evaluate((now) => {
      Object.defineProperty(document, "visibilityState", { value: now, configurable: true });
      Object.defineProperty(document, "hidden", { value: now === "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  }
}
