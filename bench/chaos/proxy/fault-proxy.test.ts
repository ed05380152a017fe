import { randomBytes } from "node:crypto";
import { afterEach, expect, it, vi } from "vitest";
import { EchoServer } from "./echo-server.ts";
import { FaultProxy, type FaultProxyOptions, type Happened } from "./fault-proxy.ts";
import type { Profile } from "./profile.ts";
import { RawEnd, RawServer } from "./raw-end.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((part) => part.close()));
});

function kept<Part extends { close(): Promise<void> }>(part: Part): Part {
  open.push(part);
  return part;
}

/** A proxy before a server that only listens. */
async function stage(options: Partial<FaultProxyOptions> = {}) {
  const server = kept(await RawServer.open());
  const proxy = kept(new FaultProxy({ seed: 1, targets: [server], ...options }));
  return { server, proxy };
}

/** A connection through `profile`, both its ends. */
async function connected(profile: Profile, options: Partial<FaultProxyOptions> = {}) {
  const { server, proxy } = await stage(options);
  const entrance = await proxy.open("here", profile);
  const client = await RawEnd.connect(entrance.port);
  const [peer] = await soon(() => expect(server.ends).toHaveLength(1)).then(() => server.ends);
  if (peer === undefined) throw new Error("nobody came");
  return { server, proxy, entrance, client, peer };
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });
const octets = (length: number) => Buffer.from(Array.from({ length }, (_, index) => (index % 200) + 32));

it("passes everything as it is, both ways, large and small, and each FIN by itself", async () => {
  const { client, peer, proxy } = await connected({});
  const up = randomBytes(3_000_000);
  const down = randomBytes(2_000_000);
  client.socket.end(up);
  peer.socket.write(down.subarray(0, 1));
  peer.socket.write(down.subarray(1));
  await soon(() => expect(peer.ended).toBe("fin"));
  expect(peer.received.equals(up)).toBe(true);
  expect(client.ended).toBeUndefined();
  peer.socket.end();
  await soon(() => expect(client.ended).toBe("fin"));
  expect(client.received.equals(down)).toBe(true);
  await soon(() => expect(proxy.connections).toBe(0));
  expect(Object.values(proxy.counts).every((count) => count === 0)).toBe(true);
});

it("tells each side when the other one breaks off", async () => {
  const first = await connected({});
  first.client.socket.resetAndDestroy();
  await soon(() => expect(first.peer.ended).toBe("rst"));
  const second = await connected({});
  second.peer.socket.resetAndDestroy();
  await soon(() => expect(second.client.ended).toBe("rst"));
});

it("tells it behind what is still on its way", async () => {
  const { client, peer } = await connected({ delay: { chance: 1, ms: [200, 200] } });
  await peer.write("last words");
  await client.write("heard by nobody");
  peer.socket.resetAndDestroy();
  await soon(() => expect(client.ended).toBe("rst"));
  expect(client.text).toBe("last words");
});

it("goes to its targets in turn, and to others as soon as it is told", async () => {
  const { server, proxy } = await stage();
  const [other, later] = [kept(await RawServer.open()), kept(await RawServer.open())];
  proxy.targets = [server, other];
  const { port } = await proxy.open("here");
  for (let count = 0; count < 4; count++) await RawEnd.connect(port);
  await soon(() => expect([server.ends.length, other.ends.length]).toEqual([2, 2]));
  proxy.targets = [later];
  await RawEnd.connect(port);
  await soon(() => expect(later.ends).toHaveLength(1));
  expect([server.ends.length, other.ends.length]).toEqual([2, 2]);
  expect(server.ends[0]?.ended).toBeUndefined();
});

it("cuts the client where no server listens, and where there is no target", async () => {
  const server = await RawServer.open();
  const proxy = kept(new FaultProxy({ seed: 1, targets: [{ port: server.port }] }));
  const { port } = await proxy.open("here");
  await server.close();
  const unlucky = await RawEnd.connect(port);
  await soon(() => expect(unlucky.ended).toBe("rst"));
  proxy.targets = [];
  const lost = await RawEnd.connect(port);
  await soon(() => expect(lost.ended).toBe("rst"));
});

it.each([
  ["up", "rst"],
  ["up", "fin"],
  ["down", "rst"],
  ["down", "fin"],
] as const)("cuts after just so many octets %s, by %s, and both ends see it", async (direction, by) => {
  const { client, peer, proxy } = await connected({ cut: { chance: 1, after: { octets: [37, 37], direction }, by } });
  const [from, to] = direction === "up" ? [client, peer] : [peer, client];
  // The other way there is no limit.
  await to.write(octets(500));
  await soon(() => expect(from.received.length).toBe(500));
  await from.write(octets(30));
  await soon(() => expect(to.received.length).toBe(30));
  expect(to.ended).toBeUndefined();
  await from.write(octets(30));
  await soon(() => expect([from.ended, to.ended]).toEqual([by, by]));
  expect(to.received.length).toBe(37);
  expect(proxy.counts[by === "rst" ? "cut-by-rst" : "cut-by-fin"]).toBe(1);
  await soon(() => expect(proxy.connections).toBe(0));
});

it("cuts within a request's head, and within the handshake of a WebSocket", async () => {
  const request = "GET /ws HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  const up = await connected({ cut: { chance: 1, after: { octets: [24, 24], direction: "up" }, by: "rst" } });
  await up.client.write(request);
  await soon(() => expect(up.peer.ended).toBe("rst"));
  expect(up.peer.text).toBe(request.slice(0, 24));
  const down = await connected({ cut: { chance: 1, after: { octets: [15, 15], direction: "down" }, by: "rst" } });
  await down.client.write(request);
  await soon(() => expect(down.peer.text).toBe(request));
  await down.peer.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
  await soon(() => expect(down.client.ended).toBe("rst"));
  expect(down.client.text).toBe("HTTP/1.1 101 Sw");
});

it("cuts within the header of a WebSocket frame", async () => {
  const answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
  const after = { octets: [answer.length + 2, answer.length + 2], direction: "down" } as const;
  const { client, peer } = await connected({ cut: { chance: 1, after, by: "fin" } });
  await client.write("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  await soon(() => expect(peer.text).not.toBe(""));
  await peer.write(answer);
  await peer.write(Buffer.concat([Buffer.from([0x82, 126, 1, 44]), octets(300)]));
  await soon(() => expect(client.ended).toBe("fin"));
  expect(client.received.subarray(answer.length)).toEqual(Buffer.from([0x82, 126]));
});

it("cuts after a time, also where nothing is said", async () => {
  const { client, peer } = await connected({ cut: { chance: 1, after: { ms: [50, 80] }, by: "rst" } });
  await soon(() => expect([client.ended, peer.ended]).toEqual(["rst", "rst"]));
});

it.each(["client", "server", "network"] as const)(
  "leaves a connection half open: %s gone, nothing told to who remains, then cut",
  async (gone) => {
    const halfOpen = { chance: 1, after: { octets: [5, 5], direction: "up" }, gone, forMs: [700, 700] } as const;
    const { client, peer, proxy } = await connected({ halfOpen });
    await client.write("before and after");
    const beganMs = performance.now();
    await soon(() => expect(proxy.counts[`half-open-${gone}-gone`]).toBe(1));
    const untold = gone === "client" ? [peer] : gone === "server" ? [client] : [client, peer];
    const told = [client, peer].filter((end) => !untold.includes(end));
    await soon(() => expect(told.every(({ ended }) => ended === "rst")).toBe(true));
    // Much more than any buffer holds is swallowed.
    for (const end of untold) await end.write(Buffer.alloc(8_000_000));
    expect(untold.map(({ ended }) => ended)).toEqual(untold.map(() => undefined));
    await soon(() => expect(untold.every(({ ended }) => ended === "rst")).toBe(true));
    expect(performance.now() - beganMs).toBeGreaterThan(600);
    expect(peer.text).toBe("befor");
    expect(client.text).toBe("");
    await soon(() => expect(proxy.connections).toBe(0));
  },
);

it("holds octets back for a time, in order", async () => {
  const { client, peer, proxy } = await connected({ delay: { chance: 1, ms: [100, 300], direction: "up" } });
  const beganMs = performance.now();
  let said = "";
  for (let number = 0; number < 30; number++) {
    await client.write(`${number},`);
    said += `${number},`;
  }
  await soon(() => expect(peer.text).toBe(said));
  expect(peer.pieces[0]?.atMs).toBeGreaterThan(beganMs + 95);
  expect(proxy.counts.delay).toBe(1);
  // Not the other way.
  await peer.write("back");
  await soon(() => expect(client.text).toBe("back"));
});

it("throttles one way to so many octets a second", async () => {
  const { client, peer, proxy } = await connected({ throttle: { chance: 1, octetsPerSecond: [10_000, 10_000], direction: "down" } });
  const beganMs = performance.now();
  await peer.write(octets(5_000));
  await soon(() => expect(client.received.length).toBe(5_000));
  expect(performance.now() - beganMs).toBeGreaterThan(400); // 0.5 s, the first step at once
  expect(client.received.equals(octets(5_000))).toBe(true);
  expect(client.pieces.length).toBeGreaterThan(5);
  expect(proxy.counts.throttle).toBe(1);
  await client.write(octets(5_000));
  await soon(() => expect(peer.received.length).toBe(5_000));
});

it("sends octets on one at a time, up to a bound, and nothing is lost or changed", async () => {
  const { client, peer, proxy } = await connected({ rechunk: { chance: 1, octets: [1, 1], direction: "up" } });
  await client.write(octets(300));
  await soon(() => expect(peer.received.length).toBe(300));
  expect(peer.received.equals(octets(300))).toBe(true);
  expect(peer.pieces.length).toBeGreaterThan(30); // the kernel may join some
  expect(proxy.counts.rechunk).toBe(1);
  const more = randomBytes(500_000);
  await client.write(more);
  await soon(() => expect(peer.received.length).toBe(500_300));
  expect(peer.received.subarray(300).equals(more)).toBe(true);
});

it("joins what comes within a time into one write", async () => {
  const { client, peer, proxy } = await connected({ join: { chance: 1, ms: [300, 300], direction: "down" } });
  for (let number = 0; number < 10; number++) {
    await peer.write(`${number}`);
    await new Promise((resolve) => setTimeout(resolve, 2)); // else the kernel joins them
  }
  await soon(() => expect(client.text).toBe("0123456789"));
  expect(client.pieces.length).toBeLessThan(4);
  expect(proxy.counts.join).toBe(1);
});

it("keeps no more than a bound of what a receiver does not take", async () => {
  const { client, peer } = await connected({ throttle: { chance: 1, octetsPerSecond: [1_000, 1_000], direction: "up" } });
  let written = 0;
  const piece = Buffer.alloc(1_000_000);
  const write = () => void client.write(piece).then(() => (written += piece.length));
  for (let count = 0; count < 40; count++) write();
  await soon(() => expect(peer.received.length).toBeGreaterThan(50));
  const before = process.memoryUsage().arrayBuffers;
  await soon(() => expect(peer.received.length).toBeGreaterThan(500));
  // What left the client is what the kernel's buffers hold, and little more.
  expect(written).toBeLessThan(20_000_000);
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(before + 20_000_000);
});

it("gets calm: what waits goes on, what is half open is cut, nothing more happens, and new connections are plain", async () => {
  const { server, proxy } = await stage();
  const slow = await proxy.open("slow", { delay: { chance: 1, ms: [60_000, 60_000] } });
  const thin = await proxy.open("thin", { throttle: { chance: 1, octetsPerSecond: [1, 1] } });
  const deaf = await proxy.open("deaf", {
    halfOpen: { chance: 1, after: { octets: [0, 0], direction: "up" }, gone: "network", forMs: [60_000, 60_000] },
  });
  const short = await proxy.open("short", { cut: { chance: 1, after: { octets: [20, 20], direction: "up" } } });
  const ends: RawEnd[] = [];
  for (const entrance of [slow, thin, deaf, short]) {
    const end = await RawEnd.connect(entrance.port);
    await soon(() => expect(server.ends).toHaveLength(ends.length + 1));
    ends.push(end);
    await end.write("0123456789");
    await server.ends[ends.length - 1]?.write("0123456789");
  }
  await soon(() => expect(proxy.counts["half-open-network-gone"]).toBe(1));
  proxy.calm();
  await soon(() => expect(ends.map(({ text }) => text)).toEqual(["0123456789", "0123456789", "", "0123456789"]));
  await soon(() => expect(server.ends.map(({ text }) => text)).toEqual(["0123456789", "0123456789", "", "0123456789"]));
  await soon(() => expect(ends.map(({ ended }) => ended)).toEqual([undefined, undefined, "rst", undefined]));
  await ends[3]?.write(octets(100));
  await soon(() => expect(server.ends[3]?.received.length).toBe(110));
  const late = await RawEnd.connect(short.port);
  await late.write(octets(100));
  await soon(() => expect(server.ends[4]?.received.length).toBe(100));
  expect(proxy.counts["cut-by-rst"] + proxy.counts["cut-by-fin"]).toBe(0);
  proxy.storm();
  const unlucky = await RawEnd.connect(short.port);
  await unlucky.write(octets(100));
  await soon(() => expect(unlucky.ended).toBeDefined());
});

it("cuts all that is there on demand, or those of one entrance", async () => {
  const { server, proxy } = await stage();
  const [one, two] = [await proxy.open("one"), await proxy.open("two")];
  const ends = [await RawEnd.connect(one.port), await RawEnd.connect(two.port), await RawEnd.connect(two.port)];
  await soon(() => expect(server.ends).toHaveLength(3));
  expect(two.cut("fin")).toBe(2);
  await soon(() => expect(ends.map(({ ended }) => ended)).toEqual([undefined, "fin", "fin"]));
  expect(proxy.cut()).toBe(1);
  await soon(() => expect(ends[0]?.ended).toBe("rst"));
  expect([proxy.counts["cut-by-rst"], proxy.counts["cut-by-fin"]]).toEqual([1, 2]);
});

it("closes with everything in full swing, and an entrance's name is taken once", async () => {
  const { client, peer, proxy } = await connected({ delay: { chance: 1, ms: [60_000, 60_000] } });
  await expect(proxy.open("here")).rejects.toThrow();
  await client.write("never");
  await proxy.close();
  await soon(() => expect([client.ended, peer.ended]).toEqual(["rst", "rst"]));
  expect(peer.text).toBe("");
  await expect(proxy.open("late")).rejects.toThrow();
});

it("does the same again for the same seed, and something else for another", async () => {
  const echo = kept(await EchoServer.open());
  const profile: Profile = {
    cut: { chance: 0.4, after: { octets: [0, 300] } },
    answerLost: { chance: 0.2 },
    repeated: { chance: 0.2 },
    held: { chance: 0.2, forMs: [0, 5], client: "cut" },
  };
  const run = async (seed: number): Promise<Happened[]> => {
    const happened: Happened[] = [];
    const proxy = kept(new FaultProxy({ seed, targets: [echo], onFault: (what) => happened.push(what) }));
    const { port } = await proxy.open("here", profile);
    for (let number = 0; number < 40; number++) {
      const client = await RawEnd.connect(port);
      await client.write("POST /poll HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
      await soon(() => expect(client.ended).toBeDefined());
      client.socket.destroy();
      await soon(() => expect(proxy.connections + proxy.requests).toBe(0));
    }
    await proxy.close();
    return happened.sort((one, other) => one.connection - other.connection);
  };
  const first = await run(5);
  expect(await run(5)).toEqual(first);
  expect(await run(6)).not.toEqual(first);
  expect(new Set(first.map(({ fault }) => fault)).size).toBeGreaterThan(3);
});
