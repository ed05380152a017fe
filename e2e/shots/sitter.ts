import { fileURLToPath } from "node:url";
import type { Page } from "playwright/test";
import { test as base } from "../fixtures.ts";

const FOLDER = fileURLToPath(new URL("../../screenshots/", import.meta.url));

/** A page whose picture is taken, in whatever language: what is pressed is found by where it stands, not by its words. */
export class Sitter {
  readonly page: Page;
  readonly #look: string;

  constructor(page: Page, look: string) {
    this.page = page;
    this.#look = look;
  }

  async asksIn(nickname: string): Promise<void> {
    await this.page.locator("form input").fill(nickname);
    await this.page.locator("form [type=submit]").click();
  }

  async joins(nickname: string): Promise<void> {
    await this.asksIn(nickname);
    await this.page.locator(".connection.good").waitFor({ state: "attached" });
  }

  async writes(text: string): Promise<void> {
    await this.page.locator("textarea").fill(text);
  }

  async says(text: string): Promise<void> {
    await this.writes(text);
    await this.page.locator("textarea").press("Enter");
  }

  /** On a phone the people are behind a button. */
  async opensPeople(): Promise<void> {
    const button = this.page.locator(".people-button");
    if (await button.isVisible()) await button.click();
  }

  async smiles(state: string): Promise<void> {
    await this.page.screenshot({ path: `${FOLDER}${this.#look}/${state}.png`, animations: "disabled" });
  }
}

type Fixtures = {
  sitter: Sitter;
};

export const test = base.extend<Fixtures>({
  sitter: async ({ page, relay }, use, { project }) => {
    const sitter = new Sitter(page, project.name);
    await page.goto(relay.url);
    await page.locator("form input").waitFor();
    await use(sitter);
  },
});
