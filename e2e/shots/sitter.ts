import { fileURLToPath } from "node:url";
import { test as base, type Page } from "playwright/test";
import { Relay } from "../relay.ts";
import { Server, type ServerSettings } from "../server.ts";
import { Talker } from "../talker.ts";

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
  settings: ServerSettings;
  server: Server;
  relay: Relay;
  talker: (nick: string) => Promise<Talker>;
  sitter: Sitter;
};

export const test = base.extend<Fixtures>({
  settings: [{}, { option: true }],
  server: async ({ settings }, use) => {
    const server = await Server.start({ RATE_BURST: "0", ...settings });
    await use(server);
    await server.remove();
  },
  relay: async ({ server }, use) => {
    const relay = await Relay.to(server.url);
    await use(relay);
    await relay.close();
  },
  talker: async ({ server }, use) => {
    const talkers: Talker[] = [];
    await use(async (nick) => {
      const talker = await Talker.joins(server, nick);
      talkers.push(talker);
      return talker;
    });
    for (const talker of talkers) talker.drops();
  },
  sitter: async ({ page, relay }, use, { project }) => {
    const sitter = new Sitter(page, project.name);
    await page.goto(relay.url);
    await page.locator("form input").waitFor();
    await use(sitter);
  },
});
