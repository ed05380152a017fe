import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { runCommand, runServer } from "../testing/command.ts";
import { EngineNode } from "../testing/engine-node.ts";
import { RedisServer } from "../testing/redis-server.ts";
import { EngineError } from "./engine.ts";
import { HOUSE } from "./redis/keys.ts";

const KEPT = ["--appendonly", "yes", "--appendfsync", "always"];
const servers: { dispose(): Promise<void> }[] = [];
const rejections: unknown[] = [];
process.on("unhandledRejection", (error) => rejections.push(error));

async function redisWith(...settings: string[]): Promise<RedisServer> {
  const redis = await RedisServer.start(...settings);
  servers.push(redis);
  return redis;
}
afterEach(async () => {
  for (const server of servers.splice(0)) await server.dispose();
  expect(rejections).toEqual([]);
});

describe("Redis cannot be used as it is:", () => {
  /** A server that says the same to everybody, whatever it is asked. */
  async function listener(server: Server): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push({ dispose: () => new Promise((resolve) => server.close(() => resolve())) });
    return (server.address() as AddressInfo).port;
  }
  /** As much of an old Redis as is asked before its version. */
  const oldRedis = () =>
    createServer((socket) => {
      socket.on("error", () => {});
      const info = "# Server\r\nredis_version:6.2.14\r\n";
      socket.on("data", (octets) => {
        for (const word of octets.toString().split("\r\n")) {
          if (word === "HELLO") socket.write("%1\r\n$5\r\nproto\r\n:3\r\n");
          if (word === "CLIENT") socket.write("+OK\r\n");
          if (word === "INFO") socket.write(`$${info.length}\r\n${info}\r\n`);
        }
      });
    });
  const cases: readonly (readonly [what: string, url: () => Promise<string>, says: RegExp])[] = [
    ["nothing listens", async () => "redis://:p4ss@127.0.0.1:1", /^Redis cannot be reached \(.*ECONNREFUSED/],
    ["no such host", async () => "redis://:p4ss@no-such-host.invalid", /^Redis cannot be reached \(.*no-such-host/],
    [
      "an HTTP server",
      async () => `redis://:p4ss@127.0.0.1:${await listener(createHttpServer())}`,
      /^(What answers there is no Redis|Redis cannot be reached)/,
    ],
    [
      "somebody who never says anything",
      async () => `redis://:p4ss@127.0.0.1:${await listener(createServer((socket) => socket.on("error", () => {}).resume()))}`,
      /^Redis does not answer/,
    ],
    [
      "TLS to a Redis without",
      async () => `rediss://:p4ss@127.0.0.1:${(await redisWith()).port}`,
      /^Redis could not be talked to over TLS/,
    ],
    ["a password is missing", async () => (await redisWith("--requirepass", "p4ss")).url, /^Redis asks for a password/],
    [
      "a password is wrong",
      async () => `redis://:p4ss@127.0.0.1:${(await redisWith("--requirepass", "other")).port}`,
      /^Redis asks for a password/,
    ],
    [
      "a user without rights",
      async () => {
        const redis = await redisWith();
        await redis.command("ACL", "SETUSER", "chat", "on", ">p4ss", "~other:*", "+@all");
        return `redis://chat:p4ss@127.0.0.1:${redis.port}`;
      },
      /^Redis does not let this user/,
    ],
    [
      "a user without channels",
      async () => {
        const redis = await redisWith();
        await redis.command("ACL", "SETUSER", "chat", "on", ">p4ss", "~palabre:*", "resetchannels", "+@all");
        return `redis://chat:p4ss@127.0.0.1:${redis.port}`;
      },
      /^Redis does not let this user/,
    ],
    ["a version that is too old", async () => `redis://127.0.0.1:${await listener(oldRedis())}`, /^Redis is of version 6\.2\.14/],
    ["a replica", async () => (await redisWith("--replicaof", `127.0.0.1 ${(await redisWith()).port}`)).url, /^Redis is a replica there/],
    [
      "a policy that drops keys",
      async () => (await redisWith("--maxmemory-policy", "allkeys-lru", "--maxmemory", "100mb")).url,
      /^Redis drops keys/,
    ],
    [
      "another layout",
      async () => {
        const redis = await redisWith();
        await redis.command("SET", HOUSE.format, "99");
        return redis.url;
      },
      /^What Redis holds is another version of Palabre's \(layout 99/,
    ],
    [
      "a layout that is none",
      async () => {
        const redis = await redisWith();
        await redis.command("LPUSH", HOUSE.format, "1");
        return redis.url;
      },
      /^A key of Palabre's holds something else/,
    ],
    ["no memory left", async () => (await redisWith("--maxmemory", "1mb")).url, /^Redis is out of memory/],
    ["a database that is not there", async () => `${(await redisWith()).url}/99`, /^Redis would not do what it was asked to/],
  ];

  it.each(cases)("%s: one sentence", { timeout: 30_000 }, async (_, urlOf, says) => {
    const url = await urlOf();
    const failure = await EngineNode.open(url).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineError);
    const { message } = failure as EngineError;
    expect(message).toMatch(says);
    expect(message).not.toMatch(/p4ss|\n|user_script/);
    expect(message.trimEnd()).toMatch(/[.)?]$/);
  });

  it("the command ends with it, in one line", { timeout: 30_000 }, async () => {
    const url = "redis://:p4ss@127.0.0.1:1";
    const { status, stdout, stderr } = await runCommand(["start"], { PORT: "0", REDIS_URL: url });
    expect(status).toBe(1);
    const lines = `${stdout}${stderr}`.trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/Redis cannot be reached/);
    expect(lines[0]).not.toMatch(/p4ss/);
  });

  it("a Redis that keeps nothing on disk is used, and that is said", async () => {
    const node = await EngineNode.open((await redisWith()).url);
    expect(node.lines).toEqual([expect.stringMatching(/^warn: Redis keeps nothing on disk/)]);
    const safe = await EngineNode.open((await redisWith(...KEPT)).url);
    expect(safe.lines).toEqual([]);
  });

  it("TLS is spoken with one whose certificate is known, and with nobody else", { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "palabre-tls-"));
    servers.push({ dispose: () => rm(folder, { recursive: true, force: true }) });
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    await promisify(execFile)("openssl", [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      key,
      "-out",
      certificate,
      ...subject,
    ]);
    const redis = await redisWith(
      "--tls-cert-file",
      certificate,
      "--tls-key-file",
      key,
      "--tls-auth-clients",
      "no",
      "--tls-ca-cert-file",
      certificate,
    );
    const probe = createServer();
    const port = await listener(probe);
    await new Promise((resolve) => probe.close(resolve));
    await redis.command("CONFIG", "SET", "tls-port", `${port}`);
    const failure = await EngineNode.open(`rediss://localhost:${port}`).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineError);
    expect((failure as Error).message).toMatch(/^Redis could not be talked to over TLS.*self.signed certificate/);
    const server = await runServer({ REDIS_URL: `rediss://localhost:${port}`, NODE_EXTRA_CA_CERTS: certificate });
    servers.push({
      async dispose() {
        server.kill("SIGTERM");
        await server.ended;
      },
    });
    expect((await fetch(new URL("/readyz", server.url))).status).toBe(200);
    const plain = await EngineNode.open(`redis://127.0.0.1:${port}`).catch((error: unknown) => error);
    expect(plain).toBeInstanceOf(EngineError);
  });
});
