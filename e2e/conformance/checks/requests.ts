import { request } from "node:http";
import { request as requestSecurely } from "node:https";
import { connect } from "node:net";
import { tell, urlOf, within } from "../../../server/testing/ask.ts";
import { chat, newSecret, raw, service } from "../../../server/testing/member.ts";
import { type Check, check } from "../check.ts";
import { events, toldOf } from "../heard.ts";
import { fits, holds, same } from "../mismatch.ts";
import { get, pair, post, refusal } from "./polling.ts";

const over = ["long-poll"] as const;

const ASKED = [
  ["POST", "/poll?seq=1", chat("alice", "hello")],
  ["POST", "/poll", service({ type: "rename", nick: "alice" })],
  ["GET", "/poll?after=0", undefined],
  ["GET", "/history?before=1&limit=1", undefined],
] as const;

export const REQUESTS: readonly Check[] = [
  check(over, "[H11, S8] answers what is of an earlier turn with replaced, and takes nothing of it", async (stage) => {
    const { alice, bob } = await pair(stage);
    const old = alice.turn;
    await alice.returns();
    const next = alice.seq + 1;
    for (const [what, answer] of [
      ["a poll", await get(stage, alice, `after=${alice.offset}&turn=${old}`)],
      ["a chat packet", await post(stage, alice, `?seq=${next}&turn=${old}`, chat("alice", "stale"))],
      ["a rename", await post(stage, alice, `?turn=${old}`, service({ type: "rename", nick: "stale" }))],
      ["leave", await post(stage, alice, `?turn=${old}`, service({ type: "leave" }))],
    ] as const)
      same(refusal(answer), [409, "error", "replaced"], `${what} of an earlier turn`);
    const fresh = await post(stage, alice, `?seq=${next}&turn=${alice.turn}`, chat("alice", "fresh"));
    fits(fresh.told[0], { type: "ack", seq: next }, "a chat packet of this turn");
    fits(
      (await post(stage, alice, `?seq=${next + 1}`, chat("alice", "without"))).told[0],
      { type: "ack", seq: next + 1 },
      "one without a turn",
    );
    await bob.hears("without");
    same(
      events(bob).map(({ type, message }) => message ?? type),
      ["fresh", "without"],
      "what bob heard",
    );
  }),

  check(over, "[H13, S44] answers a missing or wrong after with malformed", async (stage) => {
    const { alice } = await pair(stage);
    for (const query of ["after=-1", "after=", "after=1.5", "after=0x1", "turn=1", "after=9999999999999999999"])
      same(refusal(await get(stage, alice, query)), [400, "error", "malformed"], `GET /poll?${query}`);
    for (const query of ["before=x&limit=5", "before=-1&limit=5", "before=5&limit=x"])
      same(refusal(await stage.ask(alice, "GET", `/history?${query}`)), [400, "error", "malformed"], `GET /history?${query}`);
  }),

  check(over, "[H13, H8] answers chat packets with a missing or wrong seq with malformed, and takes nothing", async (stage) => {
    const { alice, bob } = await pair(stage);
    for (const query of ["", "?seq=", "?seq=0", "?seq=-1", "?seq=one", "?seq=1.0"])
      same(refusal(await post(stage, alice, query, chat("alice", "unsaid"))), [400, "error", "malformed"], `POST /poll${query}`);
    const next = alice.seq + 1;
    fits((await post(stage, alice, `?seq=${next}`, chat("alice", "said"))).told[0], { type: "ack", seq: next }, "the next number");
    await bob.hears("said");
    same(bob.heard(), ["said"], "what bob heard");
  }),

  check(over, "[H10] answers the beacon of a closing page with 204 always, and ends the session", async (stage) => {
    const { alice, bob } = await pair(stage);
    const beacon = (session: string) => stage.ask(undefined, "POST", "/poll", { body: service({ type: "leave", session }) });
    same((await beacon(newSecret())).status, 204, "a session that nobody knows");
    for (const time of ["first", "second"]) {
      const { status, octets } = await beacon(alice.session);
      same([status, octets.length], [204, 0], `the ${time} time`);
    }
    same(await bob.until(() => toldOf(bob, "left").at(-1), "left"), { type: "left", nicks: ["alice"], why: "left" }, "what bob hears");
  }),

  check(
    over,
    "[H10, S27] takes linger in a beacon",
    async (stage) => {
      const { alice, bob } = await pair(stage);
      const linger = Math.min(3000, stage.server.graceMs / 2);
      const begunMs = performance.now();
      same(
        (await stage.ask(undefined, "POST", "/poll", { body: service({ type: "leave", session: alice.session, linger }) })).status,
        204,
        "the status",
      );
      same(await bob.until(() => toldOf(bob, "left").at(-1), "left"), { type: "left", nicks: ["alice"], why: "left" }, "what bob hears");
      holds(performance.now() - begunMs >= linger - 100, `not before ${linger} ms`, Math.round(performance.now() - begunMs), "when");
    },
    { waitsMs: () => 4000 },
  ),

  check(over, "[H6, H9] answers rename with you and leave with an empty 200, without seq", async (stage) => {
    const { alice, bob } = await pair(stage);
    same((await post(stage, alice, "", service({ type: "rename", nick: "alicia" }))).told, [{ type: "you", nick: "alicia" }], "rename");
    const left = await post(stage, alice, `?turn=${alice.turn}`, service({ type: "leave" }));
    same([left.status, left.octets.length], [200, 0], "leave");
    await bob.until(() => toldOf(bob, "left").find(({ nicks }) => nicks?.includes("alicia")), "left of alicia");
    for (const answer of [
      await get(stage, alice, `after=${alice.offset}`),
      await post(stage, alice, `?seq=${alice.seq + 1}`, chat("alicia", "x")),
    ])
      same(refusal(answer), [410, "error", "unknown-session"], "what comes after leave");
  }),

  check(over, "[H17] answers other methods with 405 and what is allowed", async (stage) => {
    for (const method of ["PUT", "DELETE", "PATCH"]) {
      for (const [path, allowed] of [
        ["/poll", ["GET", "POST"]],
        ["/history", ["GET"]],
      ] as const) {
        const { status, headers } = await stage.ask(undefined, method, path);
        same(status, 405, `${method} ${path}`);
        for (const one of allowed) holds(String(headers.allow).includes(one), one, headers.allow, "Allow");
      }
    }
  }),

  check(
    over,
    "[H14, H8, S44] answers a body over 64 KiB with too-large and takes nothing of it, and takes one of 64 KiB",
    async (stage) => {
      const { alice, bob } = await pair(stage);
      const filler = (octets: number) => service({ type: "x", x: "y".repeat(octets - 5 - '{"type":"x","x":""}'.length) });
      const first = chat("alice", "first");
      const full = [first, ...Array.from({ length: 65 }, () => filler(1004)), filler(65_536 - 65 * 1004 - first.length)];
      const next = alice.seq + 1;
      const large = await stage.ask(undefined, "POST", `/poll?seq=${next}`, {
        session: alice.session,
        body: [...full, chat("alice", "x")],
      });
      same(refusal(large), [413, "error", "too-large"], "65,536 octets and some");
      const fitting = await stage.ask(undefined, "POST", `/poll?seq=${next}`, { session: alice.session, body: full });
      same(fitting.status, 200, "65,536 octets");
      holds(
        ["ack", "refused"].includes(fitting.told[0]?.type ?? "") && fitting.told[0]?.seq === next,
        "the answer to the number",
        fitting.told,
        "65,536 octets",
      );
      stage.hurries(alice);
      same(
        bob.heard().filter((text) => text !== "first"),
        [],
        "what bob heard beside it",
      );
    },
  ),

  check(over, "[P5, H4, S44] takes no body that is empty, no packets, or two hellos", async (stage) => {
    const two = ["b", "c"].map((nick) => service({ type: "hello", session: newSecret(), nick, room: stage.newRoom() }));
    for (const [what, body] of [
      ["empty", raw("")],
      ["no packets", raw("hello there")],
      ["two hellos", Buffer.concat(two)],
    ] as const)
      same(refusal(await stage.ask(undefined, "POST", "/poll", { body })), [400, "error", "malformed"], `a body that is ${what}`);
  }),

  check(over, "[P8, H6] reads a body that comes octet by octet, without its length", async (stage) => {
    const { alice, bob } = await pair(stage);
    const url = urlOf(stage.server.url, `/poll?seq=${alice.seq + 1}`);
    const answer = new Promise<Buffer>((resolve, reject) => {
      const asked = (url.protocol === "https:" ? requestSecurely : request)(url, {
        method: "POST",
        agent: false,
        headers: { authorization: `Bearer ${alice.session}`, "content-type": "text/plain; charset=utf-8", "transfer-encoding": "chunked" },
      });
      asked.once("error", reject);
      asked.once("response", (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.once("end", () => resolve(Buffer.concat(pieces)));
      });
      for (const octet of Buffer.concat([chat("alice", "one"), chat("alice", "two")])) asked.write(Buffer.from([octet]));
      asked.end();
    });
    const told = tell(await within(answer, "the answer"))?.map(([packet]) => [packet.type, packet.seq]);
    same(
      told,
      [
        ["ack", alice.seq + 1],
        ["ack", alice.seq + 2],
      ],
      "the answers",
    );
    await bob.hears("two");
  }),

  check(over, "[S2, S44, H2] takes nothing without Authorization", async (stage) => {
    for (const [method, path, body] of ASKED) {
      const answer = await stage.ask(undefined, method, path, body === undefined ? {} : { body });
      same(refusal(answer), [401, "error", "hello-first"], `${method} ${path}`);
    }
  }),

  check(over, "[S44, H2, H17] takes nothing of a session that is unknown", async (stage) => {
    for (const [method, path, body] of ASKED) {
      const answer = await stage.ask(undefined, method, path, { session: newSecret(), ...(body === undefined ? {} : { body }) });
      same(refusal(answer), [410, "error", "unknown-session"], `${method} ${path}`);
    }
  }),

  check(over, "[S42, S39, P3] says every error in plain words, of at most 800 octets", async (stage) => {
    const guest = stage.somebody("bad nick ".repeat(80));
    const error = await stage.enters(guest);
    fits(error, { type: "error", code: "nick-invalid" }, "the answer");
    holds(/\w/.test(error.message ?? "") && Buffer.byteLength(error.message ?? "") <= 800, "a sentence", error.message, "its message");
  }),

  check(
    over,
    "[S44, X5] gives up a body that does not come, with timeout",
    async (stage) => {
      const { url } = stage.server;
      const path = urlOf(url, "/poll").pathname;
      const socket = connect(Number(url.port || 80), url.hostname.replace(/^\[|\]$/g, ""));
      try {
        socket.write(`POST ${path} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n00`);
        const answer = new Promise<string>((resolve, reject) => {
          let text = "";
          socket.on("data", (octets) => {
            text += octets;
          });
          socket.once("close", () => resolve(text));
          socket.once("error", reject);
        });
        const text = await within(answer, "the end of a request whose body does not come", 60_000);
        holds(/^HTTP\/1\.1 408 /.test(text) && text.includes('"code":"timeout"'), "408, and error/timeout", text, "the answer");
      } finally {
        socket.destroy();
      }
    },
    { waitsMs: () => 15_000, unless: ({ url }) => (url.protocol === "https:" ? "a slow body is sent over plain HTTP only" : undefined) },
  ),
];
