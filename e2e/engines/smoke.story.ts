import { mkdir, writeFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { Server } from "../server.ts";
import { BlockingProxy, WAYS_TO_BLOCK } from "./blocking-proxy.ts";
import type { Browser, Tab } from "./browser.ts";
import { ENGINES } from "./engines.ts";
import { Visitor } from "./visitor.ts";

const PICTURES = "test-results/engines";

describe.each(ENGINES)("$name", (engine) => {
  let browser: Browser;
  let server: Server;
  const tabs: Tab[] = [];
  const proxies: BlockingProxy[] = [];

  beforeAll(async () => {
    if ("missing" in engine) return;
    server = await Server.start();
    browser = await engine.start();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.remove();
  });

  afterEach(async ({ task }) => {
    const failed = task.result?.state === "fail";
    for (const [number, tab] of tabs.splice(0).entries()) {
      if (failed) await keepPicture(tab, `${task.name}-${number + 1}`);
      await tab.close();
    }
    for (const proxy of proxies.splice(0)) await proxy.close();
  });

  /** Somebody who was never here opens the page. */
  async function visitorTo(url: string): Promise<Visitor> {
    const tab = await browser.newTab();
    tabs.push(tab);
    await tab.goTo(url);
    return new Visitor(tab);
  }

  function story(name: string, tell: (context: TestContext) => Promise<void>): void {
    it(name, async (context) => {
      if ("missing" in engine) context.skip(engine.missing);
      await tell(context);
    });
  }

  const faults = () => tabs.flatMap((tab) => tab.faults);

  story("two people talk over WebSocket, see who came, and are back after a reload", async () => {
    const [alice, bob] = await Promise.all([visitorTo(`${server.url}/r/garden`), visitorTo(`${server.url}/r/garden`)]);
    await alice.joins("alice");
    await alice.isIn("WebSocket");
    await bob.joins("bob");
    await bob.isIn("WebSocket");
    await alice.seesNotices("alice and bob came in");
    await alice.seesPeople("alice", "bob");
    await bob.seesPeople("bob", "alice");
    await alice.says("Hello Bob");
    await bob.sees("Hello Bob");
    await bob.says("Hello Alice");
    await alice.sees("Hello Bob", "Hello Alice");
    await bob.begins("half a thought");
    await bob.tab.reload();
    await bob.isIn("WebSocket");
    await bob.hasBegun("half a thought");
    await bob.tab.pressEnter({ role: "textbox", name: "Message" });
    for (const visitor of [alice, bob]) await visitor.sees("Hello Bob", "Hello Alice", "half a thought");
    await alice.seesNotices("alice and bob came in");
    expect(faults()).toEqual([]);
  });

  for (const way of WAYS_TO_BLOCK) {
    story(`behind a proxy that ${way} WebSocket they talk over long polling`, async () => {
      const proxy = await BlockingProxy.start(server.url, way);
      proxies.push(proxy);
      const [alice, bob] = await Promise.all([visitorTo(`${proxy.url}/r/${way}`), visitorTo(`${proxy.url}/r/${way}`)]);
      await alice.joins("alice");
      await alice.isIn("long polling");
      await bob.joins("bob");
      await bob.isIn("long polling");
      await alice.says("Hello Bob");
      await bob.sees("Hello Bob");
      await bob.says("Hello Alice");
      await alice.sees("Hello Bob", "Hello Alice");
      await alice.tab.reload();
      await alice.isIn("long polling");
      await alice.sees("Hello Bob", "Hello Alice");
      expect(proxy.blocked).toBeGreaterThanOrEqual(2);
      expect(faults()).toEqual([]);
    });
  }

  story("an error of a script and a violation of the page's policy would have been heard", async ({ annotate }) => {
    const { tab } = await visitorTo(server.url);
    await tab.run(`setTimeout(() => { throw new Error("made on purpose"); });`);
    await tab.run(`void Promise.reject(new Error("caught by nobody"));`);
    await tab.run(`document.head.append(Object.assign(document.createElement("script"), { textContent: "1" }));`);
    await expect.poll(() => tab.faults.length, { timeout: 10_000 }).toBe(3);
    expect(tab.faults).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/made on purpose/),
        expect.stringMatching(/caught by nobody/),
        expect.stringMatching(/script-src/),
      ]),
    );
    await annotate(`all of these in ${browser.version}`);
  });
});

async function keepPicture(tab: Tab, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  await writeFile(`${PICTURES}/${name.replace(/\W+/g, "-")}.png`, await tab.picture());
}
