import { type Browser, type BrowserContext, test as base, expect } from "playwright/test";
import { Composed } from "./nodes/composed.ts";
import { Nodes } from "./nodes/nodes.ts";
import { SharedRedis } from "./nodes/shared-redis.ts";
import { Person } from "./pages/person.ts";
import { Relay } from "./relay.ts";
import { type AnyServer, Server, type ServerSettings } from "./server.ts";
import { Talker } from "./talker.ts";

type Fixtures = {
  /** What this test's server is set to. */
  settings: ServerSettings;
  server: AnyServer;
  /** A network in front of the server, for the test to break. Who opens a path of `relay.url` goes through it. */
  relay: Relay;
  /** A person at the chat's door, in a browser context of their own. `path`: of the server, or a whole address. */
  newPerson: (path?: string) => Promise<Person>;
  /** Somebody in the room who has no page. */
  newTalker: (nick: string, room?: string) => Promise<Talker>;
};

type WorkerFixtures = {
  /** What the nodes share; undefined in projects in which there is one server. */
  redis: SharedRedis | undefined;
};

/** The stories' own test: each has a server to itself, and people whose browsers have the transport of the project. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  settings: [{}, { option: true }],
  redis: [
    // biome-ignore lint/correctness/noEmptyPattern: playwright reads the names of the fixtures from here
    async ({}, use, { project }) => {
      const redis = project.metadata.nodes === true ? await SharedRedis.start() : undefined;
      await use(redis);
      await redis?.dispose();
    },
    { scope: "worker" },
  ],
  server: async ({ settings, redis }, use, { project }) => {
    const server = await startServer(settings, redis, project.metadata.composed === true);
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
      const context = await newContext(browser, project.metadata.transport === "long polling");
      contexts.push(context);
      const page = await context.newPage();
      await page.goto(new URL(path, server.url).href);
      return new Person(page, project.metadata.transport as string);
    });
    await Promise.all(contexts.map((context) => context.close()));
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

/** What the project calls the server. */
async function startServer(settings: ServerSettings, redis: SharedRedis | undefined, composed: boolean): Promise<AnyServer> {
  if (composed) return Composed.start(settings);
  if (redis === undefined) return Server.start(settings);
  await redis.empty();
  return Nodes.start(redis.url, settings);
}

/** A browser; `old`: one that has never heard of WebSocket. */
async function newContext(browser: Browser, old: boolean): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: "en-GB" });
  if (old) await context.addInitScript(() => Reflect.deleteProperty(globalThis, "WebSocket"));
  return context;
}
