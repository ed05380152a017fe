import { readdirSync } from "node:fs";
import { get } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type House, openHouse } from "./testing/house.ts";

const BUILT = fileURLToPath(new URL("../dist/web", import.meta.url));
const asset = readdirSync(`${BUILT}/assets`).find((name) => name.endsWith(".js")) ?? "";

let house: House;
beforeAll(async () => {
  house = await openHouse({}, { page: BUILT });
});
afterAll(() => house.stop());

const ask = (path: string, init: RequestInit = {}) => fetch(house.url + path, init);

describe("the page", () => {
  it.each(["/", "/r/garden", "/r/No%20Such"])("is at %s, asked for anew each time, and under a strict policy", async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-cache");
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/unsafe|data:|\*|http/);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    const html = await answer.text();
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=| on[a-z]+=/i);
  });

  it("is not sent again where it has not changed", async () => {
    const first = await ask("/", { headers: { "Accept-Encoding": "identity" } });
    // By hand: `fetch` would ask for a fresh copy.
    const headers = { "If-None-Match": first.headers.get("etag") ?? "" };
    const again = await new Promise<number | undefined>((resolve) =>
      get(house.url, { headers }, (answer) => resolve(answer.resume().statusCode)),
    );
    expect(again).toBe(304);
  });

  it("answers HEAD with what GET would have, and no body", async () => {
    for (const path of ["/", "/r/garden", `/assets/${asset}`, "/healthz", "/readyz"]) {
      const [got, head] = await Promise.all([
        ask(path, { headers: { "Accept-Encoding": "identity" } }),
        ask(path, { method: "HEAD", headers: { "Accept-Encoding": "identity" } }),
      ]);
      expect([path, head.status]).toEqual([path, 200]);
      expect(head.headers.get("content-type")).toBe(got.headers.get("content-type"));
      expect(head.headers.get("content-length")).toBe(String((await got.arrayBuffer()).byteLength));
      expect(await head.text()).toBe("");
    }
  });
});

describe("assets", () => {
  it("have the hash of their content in their name, and are kept for ever", async () => {
    expect(asset).toMatch(/-[\w-]{8}\.js$/);
    const answer = await ask(`/assets/${asset}`);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(answer.headers.get("etag")).toBeTruthy();
    expect(answer.headers.get("content-type")).toMatch(/javascript/);
  });

  it("come compressed to whoever takes that", async () => {
    const [plain, zipped, brotli] = await Promise.all(
      ["identity", "gzip", "br"].map((encoding) => ask(`/assets/${asset}`, { method: "HEAD", headers: { "Accept-Encoding": encoding } })),
    );
    expect([plain, zipped, brotli].map((answer) => answer?.headers.get("content-encoding"))).toEqual([null, "gzip", "br"]);
    const octets = [plain, zipped, brotli].map((answer) => Number(answer?.headers.get("content-length")));
    expect(octets[1]).toBeLessThan((octets[0] as number) / 2);
    expect(octets[2]).toBeLessThan(octets[1] as number);
  });

  it("are all that there is: no way out of the folder", async () => {
    for (const path of [
      "/assets/../../package.json",
      "/assets/%2e%2e/%2e%2e/package.json",
      "/..%2fpackage.json",
      "/index.html.br.exe",
      "/assets/none.js",
    ]) {
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    }
  });
});

describe("other methods, and addresses that there are not", () => {
  it.each([
    ["POST", "/", 405, "GET, HEAD"],
    ["DELETE", "/r/garden", 405, "GET, HEAD"],
    ["PUT", "/healthz", 405, "GET, HEAD"],
    ["POST", "/ws", 405, "GET"],
    ["GET", "/nothing", 404, null],
    ["POST", "/nothing", 404, null],
  ])("%s %s is answered %s", async (method, path, status, allow) => {
    const answer = await ask(path, { method });
    expect([answer.status, answer.headers.get("allow")]).toEqual([status, allow]);
  });
});

describe("health", () => {
  it("says that it lives, and that people may be sent here; while it stops, not any more", async () => {
    const other = await openHouse();
    expect(await (await fetch(`${other.url}/healthz`)).text()).toBe("ok\n");
    expect((await fetch(`${other.url}/readyz`)).status).toBe(200);
    const stopped = other.stop();
    const answer = await fetch(`${other.url}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([503, "stopping\n"]);
    expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
    await stopped;
  });
});
