import { type Browser, type BrowserContext, test as base, expect } from "playwright/test";
import { Person } from "./pages/person.ts";
import { Server, type ServerSettings } from "./server.ts";

type Fixtures = {
  /** What this test's server is set to. */
  settings: ServerSettings;
  server: Server;
  /** A person at the chat's door, in a browser context of their own. */
  newPerson: (path?: string) => Promise<Person>;
};

/** The stories' own test: each has a server to itself, and people whose browsers have the transport of the project. */
export const test = base.extend<Fixtures>({
  settings: [{}, { option: true }],
  server: async ({ settings }, use) => {
    const server = await Server.start(settings);
    await use(server);
    await server.remove();
  },
  newPerson: async ({ browser, server }, use, { project }) => {
    const contexts: BrowserContext[] = [];
    await use(async (path = "/") => {
      const context = await newContext(browser, project.name === "long-poll");
      contexts.push(context);
      const page = await context.newPage();
      await page.goto(server.url + path);
      return new Person(page, project.metadata.transport as string);
    });
    for (const context of contexts) await context.close();
  },
});

export { expect };

/** A browser; `old`: one that has never heard of WebSocket. */
async function newContext(browser: Browser, old: boolean): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: "en-GB" });
  if (old) await context.addInitScript(() => Reflect.deleteProperty(globalThis, "WebSocket"));
  return context;
}
