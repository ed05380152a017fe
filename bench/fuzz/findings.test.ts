// What fuzzing found in the server and in the client, each kept as small as it gets.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { ask, within } from "../../server/testing/ask.ts";
import { error, service, welcome } from "../../server/testing/stub-server.ts";
import { Alarm, LONGEST_TIMER_MS } from "../../shared/connection/alarm.ts";
import { ClientSession, type Reading } from "../../shared/connection/client-session.ts";
import { Outbox } from "../../shared/connection/outbox.ts";
import { Pace } from "../../shared/connection/pace.ts";
import { checkNickname } from "../../shared/nickname.ts";
import { decode, encodeService, type Packet } from "../../shared/packet.ts";
import type { RoomName } from "../../shared/room-name.ts";
import type { SessionSecret } from "../../shared/session-secret.ts";
import { Suspect } from "./suspect.ts";
import { until } from "./witnesses.ts";

const GET = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n";
const SECRET = "s".repeat(22);

async function suspect(): Promise<Suspect> {
  const started = await Suspect.start({ LOG_LEVEL: "warn" });
  onTestFinished(() => started.kill());
  return started;
}

async function line(port: number): Promise<{ socket: Socket; heard: () => string }> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  await once(socket, "connect");
  return { socket, heard: () => heard };
}

/** A poll that is parked: its answer is owed for as long as nothing happens in the room. */
async function parked(server: Suspect): Promise<string> {
  const body = encodeService({ type: "hello", session: SECRET, nick: "ana" });
  const { headers } = await ask(server, "POST", "/poll", { body });
  return `GET /poll?after=${headers["palabre-offset"]}&turn=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${SECRET}\r\n\r\n`;
}

describe("what was found in the server", () => {
  it.each([
    ["for another protocol", "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"],
    [
      "for WebSocket",
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    ],
  ])("a wish %s behind a request that is not answered ends the connection, and not the server", async (_what, wish) => {
    const server = await suspect();
    const poll = await parked(server);
    const { socket } = await line(server.port);
    const closed = once(socket, "close");
    socket.write(`${poll}GET /ws HTTP/1.1\r\nHost: x\r\n${wish}${GET}${GET}`);
    await within(closed, "the end of the connection");
    expect((await ask(server, "GET", "/readyz")).status).toBe(200);
    expect(await server.stop()).toBe(0);
    expect(server.complaints).toEqual([]);
  });

  it.each([
    ["417, which Node gives by itself", "GET /readyz HTTP/1.1\r\nHost: x\r\nExpect: the-impossible\r\n\r\n"],
    ["400 for want of a Host", "GET /readyz HTTP/1.1\r\n\r\n"],
  ])("so it is behind %s: the connection is not kept for ever, and the server can be stopped", async (_what, before) => {
    const server = await suspect();
    for (const wish of ["websocket", "h2c"]) {
      const { socket } = await line(server.port);
      const closed = once(socket, "close");
      const head = "Host: x\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nConnection: Upgrade\r\n";
      socket.write(`${before}GET /ws HTTP/1.1\r\n${head}Upgrade: ${wish}\r\n\r\n${GET}`);
      socket.end();
      await within(closed, "the end of the connection");
    }
    expect(await server.stop()).toBe(0);
    expect(server.complaints).toEqual([]);
  });

  it("behind answers that were given, a wish for another protocol is still only ignored", async () => {
    const server = await suspect();
    const { socket, heard } = await line(server.port);
    const answers = () => heard().match(/HTTP\/1\.1 200/g)?.length ?? 0;
    for (let round = 1; round <= 6; round += 2) {
      socket.write(GET);
      expect(await until(() => answers() === round, 6000)).toBe(true);
      socket.write("GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
      expect(await until(() => answers() === round + 1, 6000)).toBe(true);
    }
  });

  it("100 Continue never stands between the head and the body of another answer", async () => {
    const server = await suspect();
    const poll = await parked(server);
    const { socket, heard } = await line(server.port);
    socket.write(`${poll}POST /poll HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nxxxxx`);
    // Answers the poll, and with it what waits behind it.
    const body = encodeService({ type: "hello", session: SECRET, nick: "ana" });
    await ask(server, "POST", "/poll", { body });
    expect(await until(() => heard().includes('"malformed"'), 6000)).toBe(true);
    expect(heard()).not.toContain("100 Continue");
  });

  it("100 Continue is still said where a client waits for it", async () => {
    const server = await suspect();
    const { socket, heard } = await line(server.port);
    socket.write("POST /poll HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    expect(await until(() => heard() === "HTTP/1.1 100 Continue\r\n\r\n", 6000)).toBe(true);
    socket.write("xxxxx");
    expect(await until(() => heard().includes('"malformed"'), 6000)).toBe(true);
  });

  it("whoever hangs up before the page has come leaves no failure in the log", async () => {
    const server = await suspect();
    for (let round = 0; round < 60; round++) {
      const { socket } = await line(server.port);
      socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(8));
      if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
      socket.resetAndDestroy();
    }
    expect(await server.stop()).toBe(0);
    expect(server.complaints).toEqual([]);
  });
});

describe("what was found in the client", () => {
  const session = () =>
    new ClientSession({ secret: SECRET as SessionSecret, room: "lobby" as RoomName, nick: "ana", history: 0, outbox: new Outbox() });
  const read = (client: ClientSession, welcomed: boolean, ...packets: Uint8Array[]): Reading =>
    client.read(
      packets.flatMap((packet): Packet[] => decode(packet).packets),
      { kind: "websocket", asked: undefined, welcomed, after: undefined, nowMs: 0 },
    );

  it.each([
    ["a nickname that no packet can hold", { nick: "x".repeat(100) }],
    ["a nickname that JSON spells six times as long", { nick: "\u0001".repeat(99) }],
    ["a log that JSON spells six times as long", { log: "\u0001".repeat(100) }],
  ])("[P4] a welcome with %s is malformed: hello could not say it again", (_what, fields) => {
    const client = session();
    expect(read(client, false, welcome(fields)).malformed).toBe(true);
    expect(() => client.hello(0)).not.toThrow();
  });

  it("[P4] you with a nickname that no packet can hold is malformed, and nothing is said under it", () => {
    const client = session();
    expect(read(client, false, welcome()).malformed).toBe(false);
    expect(read(client, true, service("you", { nick: "x".repeat(100) })).malformed).toBe(true);
    expect(client.nick).toBe("ana");
  });

  it("[P9] every nickname that the server may give is good to say again", () => {
    const longest = ['"'.repeat(15), "\\".repeat(15), "\u{1f333}".repeat(15)];
    for (const nick of longest) {
      expect(checkNickname(nick).ok).toBe(true);
      const client = session();
      expect(read(client, false, welcome({ nick, log: "x".repeat(12) })).malformed).toBe(false);
      expect(client.nick).toBe(nick);
      expect(() => client.hello(0)).not.toThrow();
    }
  });

  it("[S31, S45] no timer is asked for more than timers take", () => {
    const delays: number[] = [];
    const after = (delayMs: number) => {
      delays.push(delayMs);
      return () => {};
    };
    const clock = { now: () => 0, wall: () => 0, after };
    new Alarm(clock).set(Number.MAX_SAFE_INTEGER, () => {});
    expect(delays).toEqual([LONGEST_TIMER_MS]);
  });

  it("[S22] one refusal silences for a minute at the most", () => {
    const pace = new Pace();
    pace.limit({ burst: 20, perSecond: 5 }, 0);
    pace.block(Number.MAX_SAFE_INTEGER, 0);
    expect(pace.waitMs(0)).toBe(60_000);
    expect(pace.allowance(60_000)).toBe(1);
  });

  it("[S44] a refusal is still read before the welcome", () => {
    expect(read(session(), false, error("nick-taken")).refusal?.code).toBe("nick-taken");
  });
});
