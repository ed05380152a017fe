import { once } from "node:events";
import { createServer, get, type IncomingMessage, type RequestListener, request } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test as base, expect } from "playwright/test";
import { RoundRobin } from "./round-robin.ts";

// What the other stories here rely on: that this proxy alternates, and keeps nothing back.

const test = base.extend<{ proxyOf: (...nodes: RequestListener[]) => Promise<RoundRobin> }>({
  // biome-ignore lint/correctness/noEmptyPattern: playwright reads the names of the fixtures from here
  proxyOf: async ({}, use) => {
    const closing: (() => unknown)[] = [];
    await use(async (...nodes) => {
      const urls: string[] = [];
      for (const node of nodes) {
        const server = createServer(node).listen(0, "127.0.0.1");
        await once(server, "listening");
        urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
        closing.push(() => {
          server.closeAllConnections();
          server.close();
        });
      }
      // Nobody listens there any more.
      const gone = createServer().listen(0, "127.0.0.1");
      await once(gone, "listening");
      urls.push(`http://127.0.0.1:${(gone.address() as AddressInfo).port}`);
      gone.close();
      const proxy = await RoundRobin.before(...urls);
      closing.push(() => proxy.close());
      return proxy;
    });
    for (const close of closing.reverse()) await close();
  },
});

test("each request goes to the next node, and a node that is not there is passed by", async ({ proxyOf }) => {
  const named =
    (name: string): RequestListener =>
    (asked, answer) =>
      void answer.end(`${name} ${asked.headers["x-forwarded-for"]}`);
  const proxy = await proxyOf(named("one"), named("two"));
  const answers: string[] = [];
  for (let times = 0; times < 4; times++) answers.push(await (await fetch(proxy.url)).text());
  expect(answers).toEqual(["one 127.0.0.1", "two 127.0.0.1", "one 127.0.0.1", "two 127.0.0.1"]);
  expect(proxy.given).toEqual([2, 2, 0]);
});

test("where no node is there, it hangs up", async ({ proxyOf }) => {
  const proxy = await proxyOf();
  await expect(fetch(proxy.url)).rejects.toThrow();
});

test("the beginning of an answer is there before its end, and that of a request too; who hangs up is told on", async ({ proxyOf }) => {
  let heard: IncomingMessage | undefined;
  let isLeft = false;
  const proxy = await proxyOf((asked, answer) => {
    asked.once("data", () => answer.write("I hear you"));
    answer.once("close", () => {
      isLeft = true;
    });
  });
  const asking = request(proxy.url, { method: "POST" }, (answer) => {
    heard = answer;
  });
  asking.on("error", () => {});
  asking.write("can you");
  await expect.poll(() => heard?.statusCode).toBe(200);
  const [beginning] = (await once(heard as IncomingMessage, "data")) as [Buffer];
  expect(beginning.toString()).toBe("I hear you");
  expect(isLeft).toBe(false);
  asking.destroy();
  await expect.poll(() => isLeft).toBe(true);
});

test("an answer that a node breaks off is broken off", async ({ proxyOf }) => {
  const proxy = await proxyOf((_asked, answer) => {
    answer.writeHead(200, { "Content-Length": "100" }).write("half");
    setTimeout(() => answer.destroy(), 50);
  });
  const [answer] = (await once(get(proxy.url), "response")) as [IncomingMessage];
  await expect(text(answer)).rejects.toThrow();
});
