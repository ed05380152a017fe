import { type Browser, type BrowserContext, test as base, expect } from "playwright/test";
import { Person } from "./pages/person.ts";
import { Relay } from "./relay.ts";
import { Server, type ServerSettings } from "./server.ts";
import { Talker } from "./talker.ts";

type Fixtures = {
  /** What this test's server is set to. */
  settings: ServerSettings;
  server: Server;
  /** A network in front of the server, for the test to break. Who opens a path of `relay.url` goes through it. */
  relay: Relay;
  /** A person at the chat's door, in a browser context of their own. `path`: of the server, or a whole address. */
  newPerson: (path?: string) => Promise<Person>;
  /** Somebody in the room who has no page. */
  newTalker: (nick: string, room?: string) => Promise<Talker>;
};

/** The stories' own test: each has a server to itself, and people whose browsers have the transport of the project. */
export const test = base.extend<Fixtures>({
  settings: [{}, { option: true }],
  server: async ({ settings }, use) => {
    const server = await Server.start(settings);
    await use(server);
    await server.remove();
  },
  relay: async ({ server }, use) => {
    const relay = await Relay.to(server.url);
    await use(relay);
    await relay.close();
  },
  newPerson: async ({ browser, server }, use, { project }) => {
    const contexts: BrowserContext[] = [];
    await use(async (path = "/") => {
      const context = await newContext(browser, project.name === "long-poll");
      contexts.push(context);
      const page = await context.newPage();
      await page.goto(new URL(path, server.url).href);
      return new Person(page, project.metadata.transport as string);
    });
    for (const context of contexts) await context.close();
  },
  newTalker: async ({ server }, use) => {
    const talkers: Talker[] = [];
    await use(async (nick, room) => {
      const talker = await Talker.joins(server, nick, room);
      talkers.push(talker);
      return talker;
    });
    for (const talker of talkers) talker.drops();
  },
});

export { expect };

/** A browser; `old`: one that has never heard of WebSocket. */
async function newContext(browser: Browser, old: boolean): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: "en-GB" });
  if (old) await context.addInitScript(() => Reflect.deleteProperty(globalThis, "WebSocket"));
  return context;
}
