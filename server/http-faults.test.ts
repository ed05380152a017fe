import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { encodeChat, encodeService } from "../shared/packet.ts";
import { standingCompany, webSocket } from "./testing/company.ts";
import { type House, openHouse } from "./testing/house.ts";

const SECRET = "s".repeat(22);

async function house(): Promise<House> {
  const opened = await openHouse({ RATE_BURST: "0" });
  onTestFinished(() => opened.stop());
  return opened;
}

/** Sends octets as they are, and gives all that came when the server hung up, or `enough` of it. */
function raw(port: number, octets: string, enough: (answer: string) => boolean = () => false): Promise<{ answer: string; socket: Socket }> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    onTestFinished(() => void socket.destroy());
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      if (enough(answer)) resolve({ answer, socket });
    });
    socket.on("error", () => resolve({ answer, socket }));
    socket.on("close", () => resolve({ answer, socket }));
    socket.write(octets);
  });
}

describe("what is hardly HTTP", () => {
  it.each([
    ["no HTTP at all", "05005aliceHello\r\n\r\n", 400, "malformed"],
    ["two lengths", "POST /poll HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400, "malformed"],
    ["an address that can't be read", "GET /poll%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, "malformed"],
    ["a head without end", `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`, 413, "too-large"],
  ])("[H17] %s is answered with an error packet and its status, and one line in the log", async (_what, octets, status, code) => {
    const { port, lines } = await house();
    const { answer } = await raw(port, octets);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(`"type":"error","code":"${code}"`);
    expect(answer).not.toMatch(/ at .*\.[jt]s|FST_|statusCode/);
    expect(lines.filter((line) => line.code === code).length).toBeLessThanOrEqual(1);
  });

  it("HTTP/1.0 is served", async () => {
    const { port } = await house();
    const { answer } = await raw(port, "GET /healthz HTTP/1.0\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*\r\n\r\nok\n$/);
  });

  it("a wish for HTTP/2, or for WebSocket where there is none, is ignored: the request is served as it is", async () => {
    const { port } = await house();
    const wish = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
    const hello = Buffer.from(encodeService({ type: "hello", session: SECRET, nick: "java" })).toString("latin1");
    const get = await raw(port, `GET /healthz HTTP/1.1\r\nHost: x\r\n${wish}\r\n`, (answer) => answer.endsWith("ok\n"));
    expect(get.answer).toMatch(/^HTTP\/1\.1 200 OK/);
    const post = await raw(port, `POST /poll HTTP/1.1\r\nHost: x\r\n${wish}Content-Length: ${hello.length}\r\n\r\n${hello}`, (answer) =>
      answer.includes("roster"),
    );
    expect(post.answer).toMatch(/^HTTP\/1\.1 200 OK/);
    const elsewhere =
      "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    expect((await raw(port, elsewhere, (answer) => answer.endsWith("ok\n"))).answer).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});

describe("who asks and never takes the answers", () => {
  it("is cut off when a few are waiting, and nobody else is disturbed", async () => {
    const { port, url } = await house();
    await fetch(`${url}/poll`, { method: "POST", body: encodeService({ type: "hello", session: SECRET, nick: "ana" }) });
    const headers = { Authorization: `Bearer ${SECRET}` };
    for (let seq = 1; seq <= 500; seq += 50) {
      const body = Buffer.concat(Array.from({ length: 50 }, () => encodeChat("ana", "x".repeat(900))));
      expect((await fetch(`${url}/poll?seq=${seq}`, { method: "POST", headers, body })).status).toBe(200);
    }
    const ask = `GET /history?before=500&limit=500 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${SECRET}\r\n\r\n`;
    const { answer } = await raw(port, ask.repeat(400));
    // One page at the most was made for it; the rest was refused or cut off.
    expect(answer.split("HTTP/1.1 200").length - 1).toBeLessThanOrEqual(1);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/history?before=20&limit=5`, { headers })).status).toBe(200);
  });
});

describe("the last word of a page", () => {
  const company = standingCompany(webSocket);

  it("[H10] [H11] ends nothing where it is an earlier turn's: the page was reloaded meanwhile", async () => {
    const ana = await company.joins("ana");
    await ana.cuts();
    await ana.returns();
    const body = encodeService({ type: "leave", session: ana.session, linger: 10_000 });
    const beacon = (turn: string) => fetch(`${company.house.url}/poll?turn=${turn}`, { method: "POST", body }).then(({ status }) => status);
    expect([await beacon("1"), await beacon("nonsense")]).toEqual([204, 204]);
    expect(await ana.speaks("still here")).toMatchObject({ type: "ack" });
  });
});
