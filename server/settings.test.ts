import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseRedisUrl } from "./engine/redis/redis-url.ts";
import { flagOf, readSettings, SETTINGS } from "./settings.ts";

function faults(environment: Record<string, string>, args: string[] = []): string[] {
  const read = readSettings(args, environment);
  return read.ok ? [] : read.faults;
}

describe("settings", () => {
  it("have defaults for everything", () => {
    const read = readSettings([], {});
    expect(read).toMatchObject({
      ok: true,
      settings: { HOST: "127.0.0.1", PORT: 9814, MAX_CLIENTS: 1000, DATA_DIR: "data", DURABILITY: "disk" },
    });
  });

  it("come from the environment, and a flag wins", () => {
    expect(readSettings(["--max-clients", "50"], { MAX_CLIENTS: "7", PORT: "0" })).toMatchObject({
      ok: true,
      settings: { MAX_CLIENTS: 50, PORT: 0 },
    });
    expect(readSettings(["--max-clients=51"], {})).toMatchObject({ ok: true, settings: { MAX_CLIENTS: 51 } });
  });

  it("count as unset where a variable is empty", () => {
    expect(readSettings([], { PORT: "", ROOMS: "" })).toMatchObject({ ok: true, settings: { PORT: 9814 } });
  });

  it("are all named at once where several are wrong, with what each takes", () => {
    const said = faults({ PORT: "eighty", MAX_CLIENTS: "-1", DURABILITY: "maybe", ROOMS: "lobby,No Room", LOG_LEVEL: "loud" });
    expect(said).toEqual([
      'PORT is "eighty", but takes a whole number from 0 to 65535.',
      'MAX_CLIENTS is "-1", but takes a whole number from 1 to 10000000.',
      'ROOMS is "lobby,No Room", but takes a comma list of room names (a-z, 0-9 and -, 1 to 32 characters).',
      'DURABILITY is "maybe", but takes disk or process.',
      'LOG_LEVEL is "loud", but takes silent, fatal, error, warn, info, debug or trace.',
    ]);
  });

  it.each([
    ["PORT", "65536"],
    ["PORT", "1e3"],
    ["PORT", " 80"],
    ["TCP_PORT", "65536"],
    ["HEARTBEAT_MS", "1"],
    ["HISTORY_PACKETS", "0"],
    ["ALLOWED_ORIGINS", "example.org"],
    ["ALLOWED_ORIGINS", "https://example.org/path"],
    ["TRUST_PROXY", "10.0.0.0/33"],
    ["TRUST_PROXY", "everybody"],
  ])("%s does not take %s", (name, value) => {
    expect(faults({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name} is .* but takes `))]);
  });

  it.each([
    ["ALLOWED_ORIGINS", "https://example.org,http://localhost:3000"],
    ["TRUST_PROXY", "127.0.0.1,10.0.0.0/8,::1,fd00::/8"],
    ["ROOMS", "lobby, garden"],
    ["RATE_BURST", "0"],
    ["TCP_PORT", "0"],
  ])("%s takes %s", (name, value) => {
    expect(faults({ [name]: value })).toEqual([]);
  });

  it.each([
    ["redis://localhost", { kind: "single", tls: false, hosts: [{ host: "localhost", port: 6379 }], database: 0 }],
    ["redis://:p%40ss@[::1]:7000/3", { kind: "single", hosts: [{ host: "::1", port: 7000 }], password: "p@ss", database: 3 }],
    ["rediss://palabre:secret@redis.example.org", { tls: true, username: "palabre", password: "secret" }],
    [
      "redis+sentinel://a,b:5000/main/2",
      {
        kind: "sentinel",
        hosts: [
          { host: "a", port: 26379 },
          { host: "b", port: 5000 },
        ],
        primary: "main",
        database: 2,
      },
    ],
    [
      "rediss+cluster://a:1,b:2",
      {
        kind: "cluster",
        tls: true,
        hosts: [
          { host: "a", port: 1 },
          { host: "b", port: 2 },
        ],
      },
    ],
  ])("REDIS_URL takes %s", (url, place) => {
    expect(faults({ REDIS_URL: url })).toEqual([]);
    expect(parseRedisUrl(url)).toMatchObject(place);
  });

  it.each([
    "localhost:6379",
    "http://localhost",
    "redis://",
    "redis://a,b",
    "redis://a:70000",
    "redis://a/x",
    "redis+sentinel://a",
    "redis+cluster://a/1",
    "redis://%zz:x@a",
  ])("REDIS_URL does not take %s", (url) => {
    expect(faults({ REDIS_URL: url })).toEqual([expect.stringMatching(/^REDIS_URL takes redis:/)]);
  });

  it("never say a secret, even a wrong one", () => {
    expect(faults({ REDIS_URL: "http://:hunter2@host" }).join()).not.toContain("hunter2");
    expect(faults({ ADMIN_TOKEN: "hunter2" }).join()).not.toContain("hunter2");
  });

  it("name a flag that is not there, one without a value, and a stray word", () => {
    expect(faults({}, ["--max-client", "5"]).join()).toContain("--max-clients");
    expect(faults({}, ["--port"])).toEqual(["--port needs a value."]);
    expect(faults({}, ["now"]).join()).toContain('"now"');
  });

  it("have a description each, and a flag that leads back to the name", () => {
    for (const [name, schema] of Object.entries(SETTINGS.shape)) {
      expect(schema.description, name).toMatch(/\.$/);
      expect(flagOf(name).toUpperCase().replaceAll("-", "_")).toBe(name);
    }
  });
});

describe("the README's table of settings", () => {
  const rows = new Map(
    [...readFileSync(new URL("../README.md", import.meta.url), "utf8").matchAll(/^\| `([A-Z_]+)` +\| (.+?) +\| (.+?) +\|$/gm)].map(
      ([, name, fallback, meaning]) => [name ?? "", { fallback, meaning }],
    ),
  );

  it("has every setting that this version has, with its default and its meaning", () => {
    const { settings } = readSettings([], {}) as { settings: Record<string, unknown> };
    const reserved = ["UDP_PORT", "ADMIN_TOKEN"];
    expect([...rows.keys()].sort()).toEqual(
      Object.keys(SETTINGS.shape)
        .filter((name) => !reserved.includes(name))
        .sort(),
    );
    for (const [name, { fallback, meaning }] of rows) {
      expect(meaning, name).toBe(SETTINGS.shape[name as keyof typeof SETTINGS.shape].description);
      if (settings[name] !== undefined) expect(fallback, name).toBe(`\`${settings[name]}\``);
    }
  });
});
