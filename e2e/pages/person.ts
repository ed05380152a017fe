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

  async isIn(): Promise<void> {
    await expect(this.composer).toBeVisible();
    await expect(this.page.getByText(`Connected over ${this.#transport}`)).toBeVisible();
  }

  async says(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** The message is in the timeline, once, and no longer on its way. */
  async sees(text: string): Promise<void> {
    await expect(this.messages.getByText(text, { exact: true })).toHaveCount(1);
    await expect(this.messages.getByText("Sending")).toHaveCount(0);
  }

  async seesNotice(text: string | RegExp): Promise<void> {
    await expect(this.messages.getByText(text)).toBeVisible();
  }

  async leaves(): Promise<void> {
    await this.page.getByRole("button", { name: "Leave" }).click();
    await expect(this.nickname).toBeVisible();
  }
}
