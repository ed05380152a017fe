import { request } from "node:http";
import { request as requestSecurely } from "node:https";
import { tell, urlOf, within } from "../../../server/testing/ask.ts";
import { chat, type Member, raw, service } from "../../../server/testing/member.ts";
import type { WebSocketMember } from "../../../server/testing/websocket-member.ts";
import { type Check, check, STREAMS } from "../check.ts";
import { toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import type { Server } from "../server.ts";
import { pause } from "../stage.ts";

type Upgrade = { status: number; headers: Record<string, unknown>; octets: Buffer };

/** The answer to an upgrade; its body where there was none. */
export function upgrade({ url }: Pick<Server, "url">, headers: Record<string, string> = {}): Promise<Upgrade> {
  const address = urlOf(url, "/ws");
  const answer = new Promise<Upgrade>((resolve, reject) => {
    const handshake = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
    const key = { "sec-websocket-key": Buffer.alloc(16, 7).toString("base64") };
    const ask = address.protocol === "https:" ? requestSecurely : request;
    const asked = ask(address, { agent: false, headers: { ...handshake, ...key, ...headers } });
    asked.once("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, octets: Buffer.alloc(0) });
    });
    asked.once("response", (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, octets: Buffer.concat(pieces) }));
    });
    asked.once("error", reject);
    asked.end();
  });
  return within(answer, "the answer to an upgrade");
}

const over = ["websocket"] as const;
const people = (members: Record<string, Member>) =>
  members as Record<string, WebSocketMember> & { alice: WebSocketMember; bob: WebSocketMember };

export const WEBSOCKET: readonly Check[] = [
  check(over, "[W1] selects palabre.v1 where it is offered, and no other subprotocol", async ({ server }) => {
    for (const [offered, selected] of [
      [undefined, undefined],
      ["palabre.v1", "palabre.v1"],
      ["chat, palabre.v1", "palabre.v1"],
      ["chat, palabre.v2", undefined],
    ] as const) {
      const answer = await upgrade(server, offered === undefined ? {} : { "sec-websocket-protocol": offered });
      same(
        [answer.status, answer.headers["sec-websocket-protocol"]],
        [101, selected],
        `the subprotocol, where ${offered ?? "none"} is offered`,
      );
    }
  }),

  check(over, "[W2] puts whole packets into each message that it sends", async (stage) => {
    const { alice, bob } = people(await stage.pair());
    const messages: Buffer[] = [];
    bob.socket.on("message", (message: Buffer) => messages.push(message));
    await stage.pours(
      alice,
      Array.from({ length: 60 }, (_, number) => chat("alice", `${number} ${"x".repeat(900)}`)),
    );
    await bob.until(() => bob.heard().length === 60 || undefined, "all of them");
    for (const message of messages) holds(tell(message) !== undefined, "whole packets", message.toString("utf8"), "a WebSocket message");
  }),

  check(over, "[W2, P4, P5] answers half a packet at the end of a message with malformed", async (stage) => {
    const { alice } = people(await stage.pair());
    alice.socket.send(raw("05005aliceHel"));
    same(await alice.ends(), { code: "malformed", number: 1008 }, "the end");
  }),

  check(over, "[W3] sends binary, and takes binary and text", async (stage) => {
    const { alice } = people(await stage.pair());
    const binary = new Set<boolean>();
    alice.socket.on("message", (_: Buffer, isBinary: boolean) => binary.add(isBinary));
    alice.socket.send("05005aliceHello", { binary: false });
    await alice.hears("Hello");
    alice.socket.send(raw("05006aliceagain!"), { binary: true });
    await alice.hears("again!");
    same([...binary], [true], "whether messages are binary");
  }),

  check(over, "[P8, W2] reads a message that comes octet by octet", async (stage) => {
    const { alice } = people(await stage.pair());
    const octets = Buffer.concat([chat("alice", "one"), chat("alice", "two")]);
    for (const [index, octet] of octets.entries())
      alice.socket.send(Buffer.from([octet]), { fin: index === octets.length - 1, binary: true });
    await alice.hears("two");
    same(alice.heard(), ["one", "two"], "what alice heard");
  }),

  check(over, "[W4] compresses nothing, also for who offers it", async ({ server }) => {
    const answer = await upgrade(server, { "sec-websocket-extensions": "permessage-deflate; client_max_window_bits" });
    same([answer.status, answer.headers["sec-websocket-extensions"]], [101, undefined], "the extensions");
  }),

  check(
    STREAMS,
    "[W5, S44, S2] gives up who has not said hello within 10 s, and nobody who has",
    async (stage) => {
      const { alice: present } = await stage.pair();
      const silent = stage.somebody("silent") as WebSocketMember;
      const begunMs = performance.now();
      await silent.opens();
      silent.patienceMs = 20_000;
      same(await silent.ends(), stage.endWith("timeout"), "the end");
      const ms = performance.now() - begunMs;
      holds(ms > 9000 && ms < 16_000, "after about 10,000 ms", Math.round(ms), "when it came");
      fits(await present.speaks("still here"), { type: "ack" }, "who said hello");
    },
    { waitsMs: () => 12_000 },
  ),

  check(STREAMS, "[W6, S26, S38] closes with 1000 after leave, without an error", async (stage) => {
    const { alice, bob } = await stage.pair();
    await alice.sends(service({ type: "leave" }));
    same(await alice.ends(), { code: undefined, number: stage.transport === "tcp" ? 0 : 1000 }, "the end");
    await bob.sends(service({ type: "leave", session: bob.session }));
    same(await bob.ends(), { code: undefined, number: stage.transport === "tcp" ? 0 : 1000 }, "the end, with the session named");
  }),

  check(over, "[W6, H10] closes with 1000 when the session leaves by a beacon", async (stage) => {
    const { alice } = await stage.pair();
    const answer = await stage.ask(undefined, "POST", "/poll", { body: service({ type: "leave", session: alice.session }) });
    same(answer.status, 204, "the status");
    same(await alice.ends(), { code: undefined, number: 1000 }, "the end");
  }),

  check(STREAMS, "[S38] ends a session by leave with its secret on a connection that has not said hello", async (stage) => {
    const { alice, bob } = await stage.pair();
    await bob.cuts();
    const other = stage.somebody("bob", bob.room, bob.session) as WebSocketMember;
    await other.opens();
    await other.sends(service({ type: "leave", session: bob.session }));
    const left = await alice.until(() => toldOf(alice, "left").at(-1), "left");
    same(left, { type: "left", nicks: ["bob"], why: "left" }, "left");
  }),

  check(STREAMS, "[S2, S44] takes nothing before hello", async (stage) => {
    const packets = [service({ type: "rename", nick: "alice" }), service({ type: "pong" }), service({ type: "leave" })];
    // On TCP a chat packet makes the connection one of posts: T3.
    if (stage.transport === "websocket") packets.push(chat("alice", "hello"));
    for (const packet of packets) {
      const alice = stage.somebody("alice") as WebSocketMember;
      await alice.opens();
      await alice.sends(packet);
      same(await alice.ends(), stage.endWith("hello-first"), `the end after ${Buffer.from(packet).toString()}`);
    }
  }),

  check(
    over,
    "[S7, H11] answers polls and POSTs of a session that is on a stream with replaced, and takes nothing of them",
    async (stage) => {
      const { alice, bob } = await stage.pair();
      const next = alice.seq + 1;
      for (const [method, path, body] of [
        ["GET", `/poll?after=${alice.offset}`, undefined],
        ["GET", `/poll?after=${alice.offset}&turn=${alice.turn}`, undefined],
        ["POST", `/poll?seq=${next}`, chat("alice", "unsaid")],
        ["POST", `/poll?seq=${next}&turn=${alice.turn}`, chat("alice", "unsaid")],
      ] as const) {
        const answer = await stage.ask(alice, method, path, body ? { body } : {});
        same([answer.status, answer.told[0]?.code], [409, "replaced"], `${method} ${path}`);
      }
      fits(await alice.speaks("said"), { type: "ack", seq: next }, "the number is still free");
      await bob.hears("said");
      same(bob.heard(), ["said"], "what bob heard");
    },
  ),

  check(over, "[W8, S44] answers a message over 64 KiB with too-large, and takes one of 64 KiB", async (stage) => {
    const { alice } = people(await stage.pair());
    // Types that are ignored: a whole message of chat packets is more than most rates allow.
    const filler = (octets: number) => service({ type: "x", x: "y".repeat(octets - 5 - '{"type":"x","x":""}'.length) });
    const fits64 = Buffer.concat([...Array.from({ length: 65 }, () => filler(1004)), filler(65_536 - 65 * 1004)]);
    same(fits64.length, 65_536, "the octets of the message");
    await pause(stage.server.rate.burst === 0 ? 0 : 50);
    alice.socket.send(fits64);
    await alice.answerTo((await sendsAnyway(alice)) as number);
    same(alice.end, undefined, "the end, after 64 KiB");
    alice.socket.send(Buffer.concat([fits64, raw('00015{"type":"pong"}')]));
    same(await alice.ends(), { code: "too-large", number: 1009 }, "the end, after more");
    stage.hurries(alice);
  }),

  check(over, "[W7, X1, S44] refuses a foreign origin before the upgrade, with an error packet", async ({ server }) => {
    for (const origin of ["https://evil.example", "null", `${server.url.protocol}//${server.url.hostname}:1`]) {
      const answer = await upgrade(server, { origin });
      same(answer.status, 403, `the status for ${origin}`);
      fits(answer.headers, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" }, "the headers");
      fits(tell(answer.octets)?.[0]?.[0], { type: "error", code: "forbidden" }, "the body");
    }
    for (const headers of [{ origin: server.url.origin }, {}])
      same((await upgrade(server, headers)).status, 101, "the page's own origin, and none");
  }),

  check(over, "[X5] gives a receiver that is slow all of it, in order, when it reads again", async (stage) => {
    const { alice, bob } = people(await stage.pair());
    bob.socket.pause();
    const texts = Array.from({ length: 40 }, (_, number) => `${number} ${"x".repeat(980)}`);
    await stage.pours(
      alice,
      texts.map((text) => chat("alice", text)),
    );
    await alice.hears(texts.at(-1) ?? "");
    bob.socket.resume();
    await bob.hears(texts.at(-1) ?? "");
    same(bob.heard(), texts, "what bob heard");
  }),
];

/** A chat packet, whatever the rate says to it. */
async function sendsAnyway(member: WebSocketMember): Promise<number> {
  await member.sends(chat(member.nick, "and now"));
  return member.seq;
}
